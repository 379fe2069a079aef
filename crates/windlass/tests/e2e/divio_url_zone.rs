//! divio-cli against an installation that it knows by the URL of its API: everything but what it can only do with a
//! domain, on one server, in the order in which a user would.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};

use crate::divio_templates;
use crate::support::divio::Divio;
use crate::support::docker;
use crate::support::installation::Installation;
use crate::support::wait;

/// A deployment with a build and a database's first server.
const DEPLOYED: Duration = Duration::from_mins(2);

/// The application in the tests' hands.
struct Shop<'a> {
    on: &'a Installation,
    divio: &'a Divio,
    id: String,
    tree: PathBuf,
}

#[test]
fn every_command_works_with_the_url_of_the_api() {
    let files = tempfile::tempdir().expect("a directory");
    let templates = divio_templates::directory(files.path());
    let templates = templates.to_str().expect("a path of the test");
    let mut on = Installation::with(&["--templates", templates]);
    let divio = Divio::at_url(&on);

    the_account(&divio);
    let (organisation, region, service) = what_there_is(&divio);
    refusals_create_nothing(&on, &divio);
    let id = create(&on, &divio, &organisation, &region);
    {
        let shop = Shop {
            on: &on,
            divio: &divio,
            id,
            tree: on.directory().join("work").join("shop"),
        };
        shop.list();
        shop.attach_and_follow();
        shop.set_up();
        shop.deployments();
        shop.variables();
        shop.instances(&region, &service);
        shop.failures();
        shop.build_modes();
        shop.browsers();
        shop.copies();
    }
    places_in_logs_outlive_the_server(&mut on, &divio);
}

fn the_account(divio: &Divio) {
    let said = divio.run(&["doctor", "-c", "login"]).good();
    assert!(said.contains("Login"), "{said}");
    // These four build a host of the zone, which a URL is not: documented, and why a domain is better.
    for arguments in [&["login", "--check"][..], &["logout", "--non-interactive"]] {
        assert_eq!(divio.run(arguments).code, 1, "{arguments:?}");
    }
    let said = divio.run(&["version", "--skip-check"]).good();
    assert!(said.contains("4.0.5"), "{said}");
}

fn what_there_is(divio: &Divio) -> (String, String, String) {
    let organisations = divio.json(&["organisations", "list", "--json"]);
    let organisation = text(&organisations[0]["uuid"]);
    let regions = divio.json(&["regions", "list", "--json"]);
    let region = text(&regions[0]["uuid"]);
    let said = divio.run(&["regions", "list"]).good();
    assert!(said.contains(&region) && said.contains("local"), "{said}");

    let services = divio.json(&["services", "list", "-r", &region, "--json"]);
    let named = |name: &str| {
        let mut all = services.as_array().expect("a list").iter();
        all.find(|service| service["identifier"] == name).cloned()
    };
    let postgres = named("postgres-15-shared").expect("it is offered");
    assert_eq!(postgres["type"], "DATABASE");
    let said = divio
        .run(&["services", "list", "-r", &region, "--limit", "1"])
        .good();
    assert!(said.contains("limit is currently set at 1"), "{said}");
    let said = divio.run(&["services", "list", "-r", "nowhere"]);
    said.refused(
        1,
        &["Resource not found", "region 'nowhere' does not exist"],
    );
    let said = divio.run(&["app", "list", "--remote-id", "1"]);
    assert_ne!(said.code, 0, "{}", said.all());
    let said = divio.run(&["app", "deploy-log", "--remote-id", "123"]);
    said.refused(
        1,
        &["Unable to retrieve an application UUID for remote id '123'"],
    );
    (organisation, region, text(&postgres["uuid"]))
}

fn refusals_create_nothing(on: &Installation, divio: &Divio) {
    let create = |name: &str, slug: &str, more: &[&str]| {
        let arguments = ["app", "create", "-I", "-n", name, "-s", slug];
        divio.run(&[&arguments[..], more].concat())
    };
    let long = "x".repeat(101);
    create(&long, "shop", &[]).refused(1, &["1 to 100 characters"]);
    // Its client would rewrite the name in URLs.
    create("Shop", "control-room", &[]).refused(1, &["control-room", "not allowed"]);
    create("Shop", "Shop", &[]).refused(1, &["not allowed"]);
    create("Shop", "shop", &[]).refused(1, &["Missing option '-o'"]);
    let me = divio.json(&["organisations", "list", "--json"]);
    let organisation = text(&me[0]["uuid"]);
    create("Shop", "shop", &["-o", "nobody"]).refused(1, &["Invalid organization"]);
    let given = ["-o", &organisation, "-p", "none"];
    create("Shop", "shop", &given).refused(1, &["Invalid plan"]);
    let given = ["-o", &organisation, "-p", "standard", "-r", "nowhere"];
    create("Shop", "shop", &given).refused(1, &["Invalid region"]);
    let regions = divio.json(&["regions", "list", "--json"]);
    let region = text(&regions[0]["uuid"]);
    let given = ["-o", &organisation, "-p", "standard", "-r", &region];
    let of = |url: &'static str| [&given[..], &["-t", url]].concat();
    create("Shop", "shop", &of("shop")).refused(1, &["Invalid template URL"]);
    // An archive that is on the server's own machine, and not the operator's.
    let said = create("Shop", "shop", &of("http://127.0.0.1:9/shop.zip"));
    said.refused(1, &["app_template", "is this machine"]);
    assert_eq!(on.get("/apps/v3/applications/")["count"], 0);
    let left = fs::read_dir(on.state.join("repositories")).expect("a directory");
    let left: Vec<_> = left
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "git"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

fn create(on: &Installation, divio: &Divio, organisation: &str, region: &str) -> String {
    let url = format!("{}/templates/shop.zip", on.url());
    let known = on.list("/apps/v3/app-templates/");
    assert_eq!(known[0]["url"], url.as_str(), "{known:?}");
    let archive = on.call("GET", "/templates/shop.zip", None);
    assert!(archive.body.starts_with(b"PK"), "{}", archive.text());
    let (name, group) = (["-n", "My shop", "-s", "shop"], ["-p", "standard"]);
    let place = ["-o", organisation, "-r", region, "-t", &url];
    let create = ["app", "create", "-I", "--deploy"];
    let said = divio
        .run(&[&create[..], &name, &group, &place].concat())
        .good();
    for words in [
        "Application created!",
        "migrate: python3 /app/release.py",
        "PostgreSQL 15, shared cluster",
        "Deploy (test environment): Yes",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }

    let made = on.list("/apps/v3/applications/?slug=shop");
    let id = text(&made[0]["uuid"]);
    let made = on.get(&format!("/apps/v3/applications/{id}/"));
    assert_eq!(made["name"], "My shop");
    assert_eq!(made["release_commands"][0]["label"], "migrate");
    let test = text(&made["test_status"]["uuid"]);
    let instances = on.list(&format!("/apps/v3/service-instances/?environment={test}"));
    assert_eq!(instances.len(), 1, "{instances:?}");
    assert_eq!(instances[0]["prefix"], "DEFAULT");
    let site = wait::until("the template runs", DEPLOYED, || {
        let deployments = on.list(&format!("/apps/v3/deployments/?environment={test}"));
        assert_eq!(deployments.len(), 1, "{deployments:?}");
        assert_ne!(deployments[0]["success"], false, "{deployments:?}");
        (deployments[0]["success"] == true).then(|| text(&deployments[0]["site_url"]))
    });
    assert!(site.contains("shop-test."), "{site}");
    let instances = on.list(&format!("/apps/v3/service-instances/?environment={test}"));
    assert_eq!(instances[0]["service_status"], "ATTACHED");
    id
}

impl Shop<'_> {
    /// Runs the client for this application, outside of its work tree.
    fn run(&self, arguments: &[&str]) -> crate::support::cli::Ran {
        self.divio
            .run(&[arguments, &["--remote-id", &self.id]].concat())
    }

    fn json(&self, arguments: &[&str]) -> Value {
        self.divio
            .json(&[arguments, &["--remote-id", &self.id]].concat())
    }

    fn environment(&self, slug: &str) -> String {
        let path = format!("/apps/v3/environments/?application={}&slug={slug}", self.id);
        text(&self.on.list(&path)[0]["uuid"])
    }

    fn deployments_of(&self, slug: &str) -> Vec<Value> {
        let environment = self.environment(slug);
        self.on
            .list(&format!("/apps/v3/deployments/?environment={environment}"))
    }

    fn set_variable(&self, slug: &str, name: &str, value: &str, is_sensitive: bool) {
        let body = json!({
            "environment": self.environment(slug), "name": name, "value": value, "is_sensitive": is_sensitive,
        });
        let set = self
            .on
            .call("POST", "/apps/v3/environment-variables/", Some(&body));
        assert_eq!(set.status, 201, "{}", set.text());
    }

    fn list(&self) {
        let said = self.divio.run(&["app", "list"]).good();
        assert!(
            said.contains("My shop") && said.contains("Default"),
            "{said}"
        );
        let said = self.divio.run(&["app", "list", "--grouped"]).good();
        assert!(said.contains("=======") && said.contains("shop"), "{said}");
        let all = self.divio.json(&["project", "list", "--json"]);
        assert_eq!(all["results"][0]["uuid"], self.id.as_str());
    }

    /// A second client that deploys follows the first one's deployment.
    fn attach_and_follow(&self) {
        self.set_variable("test", "SLOW_RELEASE", "8", false);
        let arguments = ["app", "deploy", "--remote-id", &self.id];
        let mut first = self.divio.command(self.on.directory(), &arguments);
        let first = first
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it runs");
        wait::until("the deployment is under way", DEPLOYED, || {
            self.deployments_of("test")[0]["ended_at"]
                .is_null()
                .then_some(())
        });
        let second = self.run(&["app", "deploy", "test"]).good();
        assert!(second.contains("attaching to running"), "{second}");
        let first = first.wait_with_output().expect("it ends");
        let said = String::from_utf8_lossy(&first.stdout).into_owned();
        assert!(first.status.success(), "{said}");
        assert!(said.contains("Deploying test environment"), "{said}");
        let all = self.deployments_of("test");
        assert_eq!(all.len(), 2, "{all:?}");
        assert_eq!(all[0]["success"], true);
        // The code is the same, so the image is.
        let log = self.run(&["app", "deploy-log", "test"]).good();
        assert!(log.contains("Deployment ID: "), "{log}");
        assert!(log.contains("the image of release 1 of test"), "{log}");
        self.set_variable("test", "SLOW_RELEASE", "0", false);
    }

    /// `setup`, `configure` and `update` in work trees, by git with the same login.
    fn set_up(&self) {
        let work = self.on.directory().join("work");
        fs::create_dir(&work).expect("a directory");
        let said = self
            .divio
            .run_in(&work, &["app", "setup", "shop", "--skip-doctor"], "")
            .good();
        assert!(said.contains("docker-compose.yml does not exist"), "{said}");
        let version = fs::read_to_string(self.tree.join("version")).expect("it was cloned");
        assert_eq!(version, "1");
        let configured = |tree: &Path| -> Value {
            let file = fs::read(tree.join(".divio/config.json")).expect("a file");
            serde_json::from_slice(&file).expect("JSON")
        };
        let wanted = json!({
            "application_uuid": self.id, "id": self.id, "slug": "shop", "zone": self.on.url(),
        });
        assert_eq!(configured(&self.tree), wanted);

        let other = self.on.directory().join("other");
        fs::create_dir(&other).expect("a directory");
        let said = self
            .divio
            .run_in(&other, &["app", "configure"], "y\nshop\n")
            .good();
        assert!(said.contains("/git/shop.git"), "{said}");
        assert_eq!(configured(&other), wanted);
        let said = self
            .divio
            .run_in(&other, &["app", "configure"], "y\nship\n");
        said.refused(
            1,
            &["Unable to retrieve an application UUID for slug 'ship'"],
        );

        let said = self
            .divio
            .run_in(&self.tree, &["app", "update", "--strict"], "")
            .good();
        assert!(said.contains("Pulling changes from git remote"), "{said}");
    }

    fn deployments(&self) {
        let said = self.run(&["app", "deployments", "list"]).good();
        assert!(
            said.contains("Environment: test") && said.contains("COMPLETED"),
            "{said}"
        );
        let limited = ["app", "deployments", "list", "--limit", "1"];
        let said = self.run(&limited).good();
        assert!(said.contains("limit is currently set at 1"), "{said}");
        let known = self.deployments_of("test");
        let listed = self.json(&["app", "deployments", "--json", "list"]);
        let listed = listed[0]["deployments"].as_array().expect("a list");
        assert_eq!(listed.len(), known.len());
        let newest = text(&listed[0]["uuid"]);
        assert_eq!(newest, text(&known[0]["uuid"]));
        let all = self
            .run(&["app", "deployments", "list", "--all-envs"])
            .good();
        assert!(all.contains(&newest), "{all}");
        let said = self.run(&["app", "deployments", "list", "-e", "nowhere"]);
        said.refused(1, &["Environment with the name 'nowhere' does not exist."]);

        let said = self.run(&["app", "deployments", "get", &newest]).good();
        assert!(
            said.contains("STAGE") && said.contains("DATABASE_URL"),
            "{said}"
        );
        let one = self.json(&["app", "deployments", "--json", "get-var", &newest, "STAGE"]);
        assert_eq!(one[0]["value"], "test", "{one}");
        // What is sensitive is hidden from it, and that is how it says so.
        let said = self.run(&["app", "deployments", "get-var", &newest, "DATABASE_URL"]);
        said.refused(
            0,
            &["There is no environment variable named 'DATABASE_URL'"],
        );
    }

    fn variables(&self) {
        self.set_variable("test", "E2E_PLAIN", "as it is", false);
        self.set_variable("test", "E2E_SECRET", "hunter2", true);
        let said = self.run(&["app", "env-vars", "list"]).good();
        for words in ["E2E_PLAIN", "as it is", "STAGE", "DATABASE_URL"] {
            assert!(said.contains(words), "{words}: {said}");
        }
        assert!(!said.contains("hunter2"), "{said}");
        let said = self
            .run(&["app", "environment-variables", "--txt", "list"])
            .good();
        assert!(
            said.contains("E2E_PLAIN=as it is") && !said.contains("E2E_SECRET"),
            "{said}"
        );
        let one = self.json(&["app", "env-vars", "--json", "get", "E2E_PLAIN"]);
        assert_eq!(one[0]["environment_variables"][0]["value"], "as it is");
        assert_eq!(
            one[0]["environment_variables"].as_array().map(Vec::len),
            Some(1)
        );
        let all = self.json(&["app", "env-vars", "--json", "get", "STAGE", "--all-envs"]);
        assert_eq!(all.as_array().map(Vec::len), Some(2), "{all}");
        let said = self.run(&["app", "env-vars", "get", "NOTHING"]);
        said.refused(0, &["No environment variable named 'NOTHING'"]);
    }

    fn instances(&self, region: &str, service: &str) {
        let add = |environment: &str, prefix: &str| {
            let named = ["-p", prefix, "-r", region, "-s", service];
            let add = ["app", "service-instances", "add", environment];
            self.run(&[&add[..], &named].concat())
        };
        add("test", "second").good();
        add("test", "second").refused(1, &["Request could not be processed", "SECOND"]);
        add("nowhere", "X").refused(1, &["does not exist"]);
        let all = self.json(&["app", "service-instances", "list", "test", "--json"]);
        let seen: Vec<(String, String)> = all
            .as_array()
            .expect("a list")
            .iter()
            .map(|one| (text(&one["prefix"]), text(&one["service_status"])))
            .collect();
        let seen: Vec<(&str, &str)> = seen.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        assert_eq!(seen, [("DEFAULT", "ATTACHED"), ("SECOND", "NEW")]);
        let said = self
            .run(&["app", "service-instances", "list", "live"])
            .good();
        assert!(
            said.contains("No service instances found for 'live'"),
            "{said}"
        );
        let said = self.run(&["app", "service-instances", "list"]).good();
        assert!(said.contains("SECOND"), "{said}");
    }

    /// Commits what is in the work tree and pushes it to where it was cloned from.
    fn push(&self) {
        let user = &self.on.user;
        user.git(&self.tree, &["add", "--all"]);
        user.git(&self.tree, &["commit", "--quiet", "--message", "change"]);
        user.git(&self.tree, &["push", "--quiet", "origin", "main"]);
    }

    fn failures(&self) {
        let good = fs::read_to_string(self.tree.join("Dockerfile")).expect("a file");
        let bad = format!("{good}RUN echo 'this cannot be built' && exit 7\n");
        fs::write(self.tree.join("Dockerfile"), bad).expect("a file");
        self.push();
        let said = self.divio.run_in(&self.tree, &["app", "deploy"], "");
        said.refused(1, &["Deployment failed", "divio app deploy-log test"]);
        let log = self
            .divio
            .run_in(&self.tree, &["app", "deploy-log"], "")
            .good();
        assert!(log.contains("this cannot be built"), "{log}");
        fs::write(self.tree.join("Dockerfile"), good).expect("a file");
        fs::write(self.tree.join("version"), "2").expect("a file");
        self.push();
        let none = self.run(&["app", "deploy", "test", "--build-mode", "ADOPT"]);
        none.refused(
            1,
            &["Request could not be processed", "no release of 'shop'"],
        );
        assert_eq!(self.deployments_of("test").len(), 3);
        self.divio.run_in(&self.tree, &["app", "deploy"], "").good();
        let said = self.run(&["app", "deploy", "nowhere"]);
        said.refused(1, &["Environment with the name 'nowhere' does not exist."]);

        let lines = self.run(&["app", "logs", "test", "--utc"]).good();
        assert!(lines.contains("serving version 2"), "{lines}");
        let said = self.run(&["app", "logs", "live"]);
        said.refused(1, &["not deployed yet"]);
        self.tail();
    }

    /// Lines that come while it looks are shown.
    fn tail(&self) {
        let arguments = ["app", "logs", "--tail", "--remote-id", &self.id];
        let mut tail = self.divio.command(self.on.directory(), &arguments);
        tail.env("PYTHONUNBUFFERED", "1");
        let mut tail = tail.stdout(Stdio::piped()).spawn().expect("it runs");
        let mut lines = BufReader::new(tail.stdout.take().expect("it is piped")).lines();
        let mut next = |words: &str| {
            lines
                .by_ref()
                .map_while(Result::ok)
                .find(|line| line.contains(words))
                .unwrap_or_else(|| panic!("'{words}' does not come"))
        };
        next("serving version 2");
        // The process says it again when it is started again.
        let container = docker::list(
            "container",
            &self.on.id(),
            "{{.Names}}\t{{.Label \"windlass.role\"}}",
        )
        .into_iter()
        .find_map(|line| line.strip_suffix("\tprocess").map(str::to_owned))
        .expect("it runs");
        docker::run(&["restart", "--time", "1", &container]);
        next("serving version 2");
        tail.kill().expect("it runs");
        tail.wait().expect("a child");
    }

    fn build_modes(&self) {
        let image = |slug: &str| {
            let environment = self.environment(slug);
            let releases = self
                .on
                .list(&format!("/apps/v3/environments/{environment}/releases/"));
            text(&releases[0]["image"])
        };
        self.run(&["app", "deploy", "live", "--build-mode", "adopt"])
            .good();
        assert_eq!(image("live"), image("test"));
        let log = self.run(&["app", "deploy-log", "live"]).good();
        assert!(
            log.contains("of test, which is of the same commit, is used again"),
            "{log}"
        );
        self.run(&["app", "deploy", "live", "--build-mode", "FORCE"])
            .good();
        let log = self.run(&["app", "deploy-log", "live"]).good();
        assert!(log.contains("Step 1/"), "{log}");
        assert_ne!(image("live"), image("test"));
    }

    fn browsers(&self) {
        self.run(&["app", "open", "live"]).good();
        let opened = wait::until("a browser is asked for", Duration::from_secs(20), || {
            Some(self.divio.opened()).filter(|url| !url.is_empty())
        });
        assert_eq!(
            opened,
            format!("http://shop-live.localhost:{}/", self.on.sites().port())
        );
        // Here it makes a host of the zone again; what it opens leads nowhere.
        self.divio
            .run_in(&self.tree, &["app", "dashboard"], "")
            .good();
    }

    /// What scripts do beside the client, with forms as curl sends them.
    fn copies(&self) {
        let form = |method: &str, path: &str, body: &str| {
            let authorization = format!("Token {}", self.on.token());
            let headers = [
                ("Authorization", authorization.as_str()),
                ("Content-Type", "application/x-www-form-urlencoded"),
            ];
            let address = self.on.api_address();
            crate::support::http::once(
                address,
                method,
                path,
                "localhost",
                &headers,
                body.as_bytes(),
            )
            .expect("it answers")
        };
        let test = self.environment("test");
        let made = form(
            "POST",
            &format!("/apps/v3/environments/{test}/copy/"),
            "new_slug=review",
        );
        assert_eq!(made.status, 201, "{}", made.text());
        let review = text(&made.json()["uuid"]);
        let changed = form(
            "PATCH",
            &format!("/apps/v3/environments/{review}"),
            "branch=main",
        );
        assert_eq!(changed.status, 200, "{}", changed.text());
        let said = self
            .run(&["app", "env-vars", "--txt", "list", "-e", "review"])
            .good();
        assert!(said.contains("E2E_PLAIN=as it is"), "{said}");
        let all = self.json(&["app", "service-instances", "list", "review", "--json"]);
        let states: Vec<&str> = all
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(|one| one["service_status"].as_str())
            .collect();
        assert_eq!(states, ["NEW", "NEW"]);
        let said = self.run(&["app", "open", "review"]).good();
        assert!(
            said.contains("No review environment deployed yet"),
            "{said}"
        );
        let begun = form(
            "POST",
            "/apps/v3/deployments/",
            &format!("environment={review}"),
        );
        assert_eq!(begun.status, 201, "{}", begun.text());
        self.run(&["app", "deploy", "review"]).good();
        let all = self.json(&["app", "service-instances", "list", "review", "--json"]);
        assert_eq!(all[0]["service_status"], "ATTACHED");
    }
}

/// A client that tails goes on where it was.
fn places_in_logs_outlive_the_server(on: &mut Installation, divio: &Divio) {
    let id = text(&on.list("/apps/v3/applications/?slug=shop")[0]["uuid"]);
    let path = format!("/apps/v3/environments/?application={id}&slug=test");
    let environment = text(&on.list(&path)[0]["uuid"]);
    let first = on.get(&format!("/apps/v3/environments/{environment}/logs/"));
    assert!(!first["results"].as_array().expect("lines").is_empty());
    let next = text(&first["next"]);
    let next = next
        .strip_prefix(&format!("{}/", "http://localhost"))
        .expect("a URL");
    on.kill_server();
    on.start_server();
    let later = on.get(&format!("/{next}"));
    assert_eq!(later["results"], json!([]), "{later}");
    let later = text(&later["next"]);
    assert!(later.starts_with("http://"), "{later}");
    let said = divio
        .run(&["app", "logs", "test", "--remote-id", &id])
        .good();
    assert!(said.contains("serving version 2"), "{said}");
}

#[track_caller]
fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}
