//! An application of the tests: a git repository, pushed and deployed by the command line.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::cli::Ran;
use super::docker;
use super::http::{self, Answer};
use super::installation::Installation;
use super::load::Load;

const DOCKERFILE: &str = include_str!("../app/Dockerfile");
const APP: &str = include_str!("../app/app.py");
const RELEASE: &str = include_str!("../app/release.py");

/// The application in its work tree.
pub(crate) struct App<'a> {
    pub(crate) on: &'a Installation,
    pub(crate) slug: String,
    pub(crate) tree: PathBuf,
}

impl<'a> App<'a> {
    /// Makes a work tree and the application in it, as the README says, and pushes version 1.
    pub(crate) fn create(on: &'a Installation, slug: &str) -> Self {
        Self::created(on, slug, &[])
    }

    /// The same in a region.
    #[cfg(feature = "long")]
    pub(crate) fn create_in(on: &'a Installation, slug: &str, region: &str) -> Self {
        Self::created(on, slug, &["--region", region])
    }

    fn created(on: &'a Installation, slug: &str, options: &[&str]) -> Self {
        let mut all = vec!["--release-command", "migrate=python3 /app/release.py"];
        all.extend(options);
        let app = Self::empty(on, slug, &all);
        app.write("Dockerfile", DOCKERFILE);
        app.write("app.py", APP);
        app.write("release.py", RELEASE);
        app.push_version("1");
        app
    }

    /// The application whose work tree that is.
    pub(crate) fn at(on: &'a Installation, tree: &Path) -> Self {
        let slug = tree.file_name().and_then(std::ffi::OsStr::to_str);
        Self {
            on,
            slug: slug.expect("it is called as its work tree").to_owned(),
            tree: tree.to_owned(),
        }
    }

    /// The application with nothing pushed.
    pub(crate) fn empty(on: &'a Installation, slug: &str, options: &[&str]) -> Self {
        let app = Self {
            on,
            slug: slug.to_owned(),
            tree: on.directory().join(slug),
        };
        fs::create_dir(&app.tree).expect("a directory");
        on.user.git(&app.tree, &["init", "--quiet"]);
        let mut arguments = vec!["app", "create", slug];
        arguments.extend(options);
        app.windlass(&arguments).good();
        app
    }

    pub(crate) fn write(&self, file: &str, text: &str) {
        fs::write(self.tree.join(file), text).expect("a file");
    }

    /// Commits everything and pushes it.
    pub(crate) fn push(&self) {
        self.on.user.git(&self.tree, &["add", "--all"]);
        self.on
            .user
            .git(&self.tree, &["commit", "--quiet", "--message", "change"]);
        self.on
            .user
            .git(&self.tree, &["push", "--quiet", "windlass", "main"]);
    }

    pub(crate) fn push_version(&self, version: &str) {
        self.write("version", version);
        self.push();
    }

    /// Pushes a Dockerfile that fails, or the good one again.
    pub(crate) fn push_dockerfile(&self, good: bool) {
        let bad = format!("{DOCKERFILE}RUN echo 'this cannot be built' && exit 7\n");
        self.write("Dockerfile", if good { DOCKERFILE } else { &bad });
        self.push();
    }

    /// Runs `windlass` in the work tree, which knows the application.
    pub(crate) fn windlass(&self, arguments: &[&str]) -> Ran {
        self.on
            .user
            .program(&self.tree, super::cli::WINDLASS, arguments, None)
    }

    /// Runs `windlass` in the work tree; it must succeed and print JSON.
    #[track_caller]
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let mut all = arguments.to_vec();
        all.push("--json");
        let text = self.windlass(&all).good();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {text}"))
    }

    /// The image of the running release, for deployments that are not about builds.
    pub(crate) fn image(&self, environment: &str) -> String {
        docker::run(&[
            "inspect",
            "--format",
            "{{.Image}}",
            &self.container(environment),
        ])
    }

    #[track_caller]
    pub(crate) fn deploy(&self, environment: &str) {
        self.windlass(&["deploy", environment]).good();
    }

    /// Begins a deployment of a ready image, or with a build, and gives the id of its operation.
    #[track_caller]
    pub(crate) fn begin_deployment(&self, environment: &str, image: Option<&str>) -> String {
        let mut arguments = vec!["deploy", environment, "--detach"];
        // A commit that has an image already is built again.
        arguments.extend(image.map_or(["--build-mode", "force"], |image| ["--image", image]));
        let begun = self.json(&arguments);
        begun["operation"]
            .as_str()
            .expect("an operation")
            .to_owned()
    }

    pub(crate) fn host(&self, environment: &str) -> String {
        format!("{}-{environment}.localhost", self.slug)
    }

    pub(crate) fn ask(&self, environment: &str, path: &str) -> Answer {
        http::once(
            self.on.sites(),
            "GET",
            path,
            &self.host(environment),
            &[],
            b"",
        )
        .expect("the router answers")
    }

    /// What the site says, which must be well.
    #[track_caller]
    pub(crate) fn site(&self, environment: &str) -> Value {
        let answer = self.ask(environment, "/");
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    }

    /// Looks at the site all the while.
    pub(crate) fn watch(&self, environment: &str) -> Load {
        Load::watch(self.on.sites(), &self.host(environment))
    }

    /// The state of an instance.
    #[track_caller]
    pub(crate) fn state(&self, environment: &str, prefix: &str) -> String {
        let item = self.json(&["service", "show", prefix, "-e", environment]);
        item["service_status"].as_str().expect("a state").to_owned()
    }

    /// The id of an environment.
    #[track_caller]
    pub(crate) fn environment_id(&self, environment: &str) -> String {
        let all = self.json(&["env", "list"]);
        let found = all
            .as_array()
            .expect("a list")
            .iter()
            .find(|item| item["slug"] == environment);
        found
            .and_then(|item| item["uuid"].as_str())
            .expect("the environment")
            .to_owned()
    }

    /// The container of the running release's web process.
    #[track_caller]
    pub(crate) fn container(&self, environment: &str) -> String {
        let id = self.environment_id(environment);
        let format =
            "{{.Names}}\t{{.Label \"windlass.role\"}}\t{{.Label \"windlass.environment\"}}";
        let found: Vec<String> = docker::list("container", &self.on.id(), format)
            .into_iter()
            .filter(|line| line.ends_with(&format!("\tprocess\t{id}")))
            .filter_map(|line| line.split('\t').next().map(str::to_owned))
            .collect();
        assert_eq!(found.len(), 1, "one container runs: {found:?}");
        found[0].clone()
    }

    /// A variable of that container.
    #[track_caller]
    pub(crate) fn variable(&self, environment: &str, name: &str) -> Option<String> {
        docker::environment(&self.container(environment))
            .into_iter()
            .find(|(held, _)| held == name)
            .map(|(_, value)| value)
    }
}
