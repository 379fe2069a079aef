//! What a user types and reads.

use std::fmt::Write;
use std::path::PathBuf;

use serde_json::Value;

use super::cli::{Ran, WINDLASS};
use super::normal::Normal;
use super::snapshot;
use super::world::World;

/// A user at work, written down.
pub(crate) struct Transcript<'a> {
    world: &'a World,
    directory: PathBuf,
    text: String,
    normal: Normal,
    commits: usize,
}

impl<'a> Transcript<'a> {
    /// In the user's home directory.
    pub(crate) fn new(world: &'a World) -> Self {
        let home = world.user.home.to_string_lossy().into_owned();
        let normal = Normal::new(&[
            (world.url.as_str(), "<server>"),
            (world.token.as_str(), "<token>"),
            (home.as_str(), "<home>"),
        ]);
        Self {
            world,
            directory: world.user.home.clone(),
            text: String::new(),
            normal,
            commits: 0,
        }
    }

    /// Someone who is logged in.
    #[track_caller]
    pub(crate) fn logged_in(world: &'a World) -> Self {
        let (home, token) = (&world.user.home, Some(world.token.as_str()));
        world
            .user
            .program(home, WINDLASS, &["login", &world.url], token)
            .good();
        Self::new(world)
    }

    /// Goes on in a new git work tree.
    pub(crate) fn enter(&mut self, tree: &str) {
        self.directory = self.world.user.home.join(tree);
        std::fs::create_dir(&self.directory).expect("a directory");
        self.git(&["init", "--quiet", "--initial-branch", "main"]);
        self.git(&["config", "user.name", "Golden"]);
        self.git(&["config", "user.email", "golden@localhost"]);
    }

    /// Pushes a Dockerfile, which the simulated engine obeys.
    pub(crate) fn push(&mut self, dockerfile: &str) {
        std::fs::write(self.directory.join("Dockerfile"), dockerfile).expect("a file");
        self.git(&["add", "Dockerfile"]);
        self.git(&["commit", "--quiet", "--message", "change"]);
        self.git(&["push", "--quiet", "windlass", "main"]);
        let commit = self.git(&["rev-parse", "HEAD"]);
        self.commits += 1;
        let name = format!("<commit {}>", self.commits);
        self.normal.add(commit.trim(), &name);
        self.normal.add(&commit[..12], &name);
        let _ = writeln!(self.text, "$ git push windlass main\n");
    }

    fn git(&self, arguments: &[&str]) -> String {
        self.world.user.git(&self.directory, arguments)
    }

    /// A remark for those who read the snapshot.
    pub(crate) fn remark(&mut self, text: &str) {
        let _ = writeln!(self.text, "# {text}\n");
    }

    /// Types a command.
    pub(crate) fn run(&mut self, arguments: &[&str]) -> Ran {
        self.with_input(arguments, None)
    }

    /// The same, with something on standard input.
    pub(crate) fn with_input(&mut self, arguments: &[&str], input: Option<&str>) -> Ran {
        let user = &self.world.user;
        let ran = user.program(&self.directory, WINDLASS, arguments, input);
        let mut written = String::from("$ windlass");
        for argument in arguments {
            let _ = if argument.is_empty() || argument.contains([' ', '=', '*']) {
                write!(written, " '{argument}'")
            } else {
                write!(written, " {argument}")
            };
        }
        if let Some(input) = input {
            let _ = write!(written, " <<< '{}'", input.trim());
        }
        written.push('\n');
        for (mark, stream) in [("out", &ran.out), ("err", &ran.err)] {
            for line in stream.lines() {
                let gap = if line.is_empty() { "" } else { " " };
                let _ = writeln!(written, "{mark}|{gap}{line}");
            }
        }
        if ran.code != 0 {
            let _ = writeln!(written, "exit {}", ran.code);
        }
        let _ = writeln!(self.text, "{}", self.normal.apply(&written));
        ran
    }

    /// Types a command that gives data, for people and for programs.
    pub(crate) fn both(&mut self, arguments: &[&str]) -> Value {
        self.run(arguments);
        self.json(arguments)
    }

    /// Types a command that gives data for programs.
    #[track_caller]
    pub(crate) fn json(&mut self, arguments: &[&str]) -> Value {
        let mut all = arguments.to_vec();
        all.push("--json");
        let ran = self.run(&all);
        serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{all:?}: {error}: {ran:?}"))
    }

    /// Compares it with the committed one.
    #[track_caller]
    pub(crate) fn check(mut self, snapshot: &str) {
        let text = std::mem::take(&mut self.text);
        let secret = &self.world.token;
        assert!(!text.contains(secret), "a token is in the transcript");
        snapshot::check(snapshot, &text);
    }
}

impl Drop for Transcript<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.text);
        }
    }
}
