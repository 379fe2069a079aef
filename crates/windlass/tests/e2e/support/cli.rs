//! The command line, as a user runs it.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// The binary under test.
pub(crate) const WINDLASS: &str = env!("CARGO_BIN_EXE_windlass");

/// Seconds that any command may take.
const LIMIT: &str = "90";

/// What a command gave.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// Everything that it wrote.
    pub(crate) fn all(&self) -> String {
        format!("{}{}", self.out, self.err)
    }

    /// It must have ended well.
    #[track_caller]
    pub(crate) fn good(self) -> String {
        assert_eq!(self.code, 0, "stdout: {}\nstderr: {}", self.out, self.err);
        self.out
    }

    /// It must have ended with that code and these words.
    #[track_caller]
    pub(crate) fn refused(self, code: i32, words: &[&str]) -> String {
        let all = self.all();
        assert_eq!(self.code, code, "{all}");
        for word in words {
            assert!(all.contains(word), "'{word}' is not in: {all}");
        }
        all
    }
}

/// A user: a home directory with logins, and a directory to work in.
#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) home: PathBuf,
}

impl User {
    /// Gives a command the user's environment, and nothing else of this process's.
    pub(crate) fn prepare(&self, command: &mut Command, directory: &Path) {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let bin = Path::new(WINDLASS)
            .parent()
            .expect("a binary is in a directory");
        let mut paths = vec![bin.to_owned()];
        paths.extend(std::env::split_paths(&path));
        command
            .current_dir(directory)
            .env_clear()
            .env("PATH", std::env::join_paths(paths).expect("directories"))
            .env("HOME", &self.home)
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .stdin(Stdio::null());
    }

    /// Runs a program in a directory.
    pub(crate) fn program(
        &self,
        directory: &Path,
        program: &str,
        arguments: &[&str],
        input: Option<&str>,
    ) -> Ran {
        // Nothing hangs for ever: coreutils' timeout gives 124, which no test expects.
        let mut command = Command::new("timeout");
        self.prepare(&mut command, directory);
        command.args([LIMIT, program]).args(arguments);
        if let Some(input) = input {
            let file = self.home.join("input");
            std::fs::write(&file, input).expect("a file");
            command.stdin(File::open(&file).expect("a file"));
        }
        let output = command
            .output()
            .unwrap_or_else(|error| panic!("{program}: {error}"));
        Ran {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Runs `windlass`.
    pub(crate) fn windlass(&self, arguments: &[&str]) -> Ran {
        self.program(&self.home, WINDLASS, arguments, None)
    }

    /// Runs `windlass`, which must succeed and print JSON.
    #[track_caller]
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let mut all = arguments.to_vec();
        all.push("--json");
        let text = self.windlass(&all).good();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {text}"))
    }

    /// Runs git, which must succeed.
    #[track_caller]
    pub(crate) fn git(&self, directory: &Path, arguments: &[&str]) -> String {
        self.program(directory, "git", arguments, None).good()
    }
}
