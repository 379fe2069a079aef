//! The real server on a machine of its own, without Docker: that is needed for deployments only.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::cli::{Ran, User, WINDLASS};
use super::terminal::Terminal;

const READY: &str = "the server is ready";

/// A state directory, and a user on the same machine.
pub(crate) struct Machine {
    pub(crate) directory: TempDir,
    user: User,
    pub(crate) address: String,
}

impl Machine {
    pub(crate) fn new() -> Self {
        let directory = tempfile::Builder::new()
            .prefix("windlass-token-")
            .tempdir()
            .expect("a directory");
        let home = directory.path().join("home");
        fs::create_dir(&home).expect("a directory");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address").to_string();
        Self {
            directory,
            user: User { home },
            address,
        }
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.directory.path().join("state")
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.state().join("admin-token")
    }

    pub(crate) fn server(&self) -> Command {
        let mut command = Command::new(WINDLASS);
        self.user.prepare(&mut command, &self.user.home);
        command
            .env("TERM", "xterm")
            .arg("server")
            .args(["--listen", &self.address, "--docker-socket", "/nowhere"])
            .arg("--state-dir")
            .arg(self.state());
        command
    }

    /// Starts the server at a terminal and waits until it serves.
    pub(crate) fn start(&self) -> Terminal {
        let terminal = Terminal::start(&mut self.server(), None);
        terminal.wait_for(READY);
        terminal
    }

    pub(crate) fn windlass(&self, arguments: &[&str]) -> Ran {
        self.user.windlass(arguments)
    }

    pub(crate) fn take(&self) -> Ran {
        let (url, file) = (format!("http://{}", self.address), self.file());
        self.windlass(&["login", &url, "--first-token", text(&file)])
    }

    pub(crate) fn create(&self) -> Ran {
        self.windlass(&["token", "create", "--state-dir", text(&self.state())])
    }
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().expect("a path of the test")
}

/// Ends the server in order; what it has shown.
pub(crate) fn stop(terminal: Terminal) -> String {
    terminal.terminate();
    let (status, screen) = terminal.end();
    assert!(status.success(), "{screen}");
    screen
}
