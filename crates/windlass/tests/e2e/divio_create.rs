//! Applications whose code is in a repository elsewhere: the client's interactive wizard at a terminal, and passwords.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use crate::divio_templates;
use crate::support::app::App;
use crate::support::divio::{Divio, SshServer};
use crate::support::docker;
use crate::support::installation::Installation;
use crate::support::terminal::Terminal;
use crate::support::wait;

#[test]
fn code_that_is_elsewhere_is_deployed_from_there() {
    let files = tempfile::tempdir().expect("a directory");
    let templates = divio_templates::directory(files.path());
    let templates = templates.to_str().expect("a path of the test");
    let on = Installation::with(&["--templates", templates]);
    let divio = Divio::at_url(&on);
    by_a_deploy_key(&on, &divio);
    from_a_template(&on, &divio);
    by_a_password(&on, &divio);
}

/// Answers a question in a line.
fn answer(terminal: &mut Terminal, question: &str, text: &str) {
    terminal.wait_for(question);
    terminal.type_line(text);
}

/// Chooses from a menu, once it is drawn and takes keys.
fn choose(terminal: &mut Terminal, menu: &str, keys: &str) {
    terminal.wait_for(menu);
    terminal.wait_for_keys();
    terminal.type_line(keys);
}

/// A command of the client at a terminal that is its own, from which it reads passwords too.
fn at_a_terminal(divio: &Divio, on: &Installation, arguments: &[&str]) -> Terminal {
    let inner = divio.command(on.directory(), arguments);
    let mut command = Command::new("setsid");
    command.args(["--ctty", "--wait"]).arg(inner.get_program());
    command.args(inner.get_args()).env_clear();
    command.current_dir(on.directory()).env("TERM", "xterm");
    for (name, value) in inner.get_envs() {
        if let Some(value) = value {
            command.env(name, value);
        }
    }
    Terminal::start(&mut command, None)
}

fn by_a_deploy_key(on: &Installation, divio: &Divio) {
    let server = SshServer::start(on.directory());
    let tree = on.directory().join("code");
    divio_templates::write_app(&tree);
    on.user
        .git(&tree, &["init", "--quiet", "--initial-branch", "trunk"]);
    commit(on, &tree);
    let url = format!("ssh://git@127.0.0.1:{}{}", server.port, tree.display());

    let mut terminal = at_a_terminal(divio, on, &["app", "create", "--deploy"]);
    answer(
        &mut terminal,
        "Enter the name of your application",
        "Far shop",
    );
    // The name's own is proposed.
    answer(&mut terminal, "[far-shop]", "");
    choose(&mut terminal, "> Default (", "");
    choose(&mut terminal, "> Standard (", "");
    choose(&mut terminal, "> local (", "");
    // The last of three: without a template.
    choose(&mut terminal, "> Select a Divio template", "\u{1b}[A");
    answer(&mut terminal, "Want to create custom release commands", "n");
    answer(&mut terminal, "Want to connect an external repository", "y");
    answer(
        &mut terminal,
        "Enter the URL of your external repository",
        "nothing",
    );
    answer(&mut terminal, "an absolute path or a URL is expected", &url);
    answer(
        &mut terminal,
        "Enter the name of your target branch",
        "trunk",
    );
    choose(&mut terminal, "SSH verification requires", "");
    terminal.wait_for("Ready to continue?");
    let key = shown_key(&terminal.screen());
    fs::write(&server.keys, format!("{key}\n")).expect("a file");
    answer(&mut terminal, "Ready to continue?", "y");
    answer(&mut terminal, "Confirm application creation", "y");
    let (status, screen) = terminal.end();
    assert!(status.success(), "{screen}");
    assert!(screen.contains("Application created!"), "{screen}");
    assert!(
        screen.contains("Deployment of 'test' environment triggered"),
        "{screen}"
    );

    let application = application(on, "far-shop");
    let repository = on.get(&format!(
        "/apps/v3/repositories/{}/",
        text(&application["repository"])
    ));
    assert_eq!(repository["dsn"], url.as_str());
    assert_eq!(repository["state"], "CLONED");
    assert_eq!(repository["auth_info"], key.as_str());
    let id = text(&application["uuid"]);
    divio.run(&["app", "deploy", "--remote-id", &id]).good();
    let deployments = on.list(&format!("/apps/v3/deployments/?application={id}"));
    assert_eq!(deployments[0]["success"], true, "{deployments:?}");
    let head = on.user.git(&tree, &["rev-parse", "HEAD"]);
    assert_eq!(deployments[0]["commit"], head.trim());

    // Its key is let in no more: what runs goes on, and a deployment is refused with the reason.
    fs::remove_file(&server.keys).expect("it is there");
    fs::write(tree.join("version"), "2").expect("a file");
    commit(on, &tree);
    let refused = divio.run(&["app", "deploy", "--remote-id", &id]);
    refused.refused(1, &["Request could not be processed", "Permission denied"]);
    // Nothing is pushed past it into a repository that nobody deploys.
    let own = format!("{}/git/far-shop.git", on.url());
    let cloned = on
        .user
        .program(on.directory(), "git", &["ls-remote", &own], None);
    assert_ne!(cloned.code, 0, "{}", cloned.all());

    let environment = text(&application["test_status"]["uuid"]);
    let body = json!({ "confirm": "far-shop" });
    let removed = on.call(
        "DELETE",
        &format!("/apps/v3/applications/{id}/?confirm=far-shop"),
        Some(&body),
    );
    assert_eq!(removed.status, 202, "{}", removed.text());
    on.ended(&text(&removed.json()["uuid"]));
    let gone = on.call(
        "GET",
        &format!("/apps/v3/repositories/{}/", text(&repository["uuid"])),
        None,
    );
    assert_eq!(gone.status, 404);
    assert!(!environment.is_empty());
}

fn from_a_template(on: &Installation, divio: &Divio) {
    let mut terminal = at_a_terminal(divio, on, &["app", "create", "-n", "Shop", "-s", "shop"]);
    choose(&mut terminal, "> Default (", "");
    choose(&mut terminal, "> Standard (", "");
    choose(&mut terminal, "> local (", "");
    choose(&mut terminal, "> Select a Divio template", "");
    choose(&mut terminal, "> A shop (", "");
    answer(
        &mut terminal,
        "requires the following release commands",
        "y",
    );
    answer(&mut terminal, "Want to create custom release commands", "n");
    answer(&mut terminal, "requires the following services", "y");
    answer(&mut terminal, "Want to connect an external repository", "n");
    answer(&mut terminal, "Confirm application creation", "y");
    let (status, screen) = terminal.end();
    assert!(status.success(), "{screen}");
    let application = application(on, "shop");
    let test = text(&application["test_status"]["uuid"]);
    let instances = on.list(&format!("/apps/v3/service-instances/?environment={test}"));
    assert_eq!(instances[0]["prefix"], "DEFAULT");
    assert_eq!(instances[0]["service_status"], "NEW");
}

/// A repository that asks for a user and a password: here another application's.
fn by_a_password(on: &Installation, divio: &Divio) {
    let source = App::create(on, "source");
    let url = format!("{}/git/source.git", on.url());
    let organisation = divio.json(&["organisations", "list", "--json"])[0]["uuid"].clone();
    let register = |password: &str| {
        let body = json!({
            "organisation": organisation, "url": url, "username": "deploy", "password": password,
        });
        let made = on.call("POST", "/apps/v3/repositories/", Some(&body));
        assert_eq!(made.status, 201, "{}", made.text());
        assert!(!made.text().contains(password), "{}", made.text());
        text(&made.json()["uuid"])
    };
    let check = |id: &str, branch: &str| {
        let path = format!("/apps/v3/repositories/{id}/check/");
        let body = json!({ "branch": branch, "migrate": "true" });
        on.call("POST", &path, Some(&body)).json()
    };
    let wrong = register("hunter2-is-wrong");
    let checked = check(&wrong, "main");
    assert_eq!(checked["code"], "unreadable", "{checked}");
    assert_eq!(checked["state"], "INVALID");
    assert!(!checked.to_string().contains("hunter2"), "{checked}");
    let forgotten = on.call("DELETE", &format!("/apps/v3/repositories/{wrong}/"), None);
    assert_eq!(forgotten.status, 204, "{}", forgotten.text());

    let right = register(on.token());
    assert_eq!(check(&right, "nothing")["code"], "no_branch");
    assert_eq!(check(&right, "main")["code"], "success");
    let body = json!({
        "name": "Near", "slug": "near", "organisation": organisation, "repository": right, "branch": "main",
        "app_template": null, "release_commands": null,
    });
    let made = on.call("POST", "/apps/v3/applications/", Some(&body));
    assert_eq!(made.status, 201, "{}", made.text());
    let id = text(&made.json()["uuid"]);
    divio
        .run(&["app", "deploy", "live", "--remote-id", &id])
        .good();
    let deployments = on.list(&format!("/apps/v3/deployments/?application={id}"));
    let head = on.user.git(&source.tree, &["rev-parse", "HEAD"]);
    assert_eq!(deployments[0]["commit"], head.trim());
    let log = divio
        .run(&["app", "deploy-log", "live", "--remote-id", &id])
        .good();
    assert!(
        log.contains("/git/source.git") && !log.contains(on.token()),
        "{log}"
    );
    assert!(!on.server_log().contains(on.token()));
    let running = wait::until("it runs", Duration::from_secs(20), || {
        let all = docker::list(
            "container",
            &on.id(),
            "{{.Names}}\t{{.Label \"windlass.role\"}}",
        );
        all.into_iter().find(|line| line.ends_with("\tprocess"))
    });
    assert!(running.starts_with("windlass-"), "{running}");
    let used = on.call("DELETE", &format!("/apps/v3/repositories/{right}/"), None);
    assert_eq!(used.status, 400, "{}", used.text());
    assert!(used.text().contains("'near'"), "{}", used.text());
}

fn commit(on: &Installation, tree: &Path) {
    on.user.git(tree, &["add", "--all"]);
    on.user
        .git(tree, &["commit", "--quiet", "--message", "change"]);
}

fn application(on: &Installation, slug: &str) -> Value {
    let found = on.list(&format!("/apps/v3/applications/?slug={slug}"));
    on.get(&format!(
        "/apps/v3/applications/{}/",
        text(&found[0]["uuid"])
    ))
}

/// The public key on a screen that folds it.
fn shown_key(screen: &str) -> String {
    let from = screen.find("ssh-ed25519 ").expect("the key is shown");
    let to = screen[from..]
        .find("windlass")
        .expect("it ends with its name")
        + "windlass".len();
    screen[from..from + to].replace(['\r', '\n'], "")
}

#[track_caller]
fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}
