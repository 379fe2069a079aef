//! Workloads: containers as Windlass asks for them.

use std::time::Duration;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::image::ImageId;
use crate::labels::Labels;
use crate::network::Attachment;
use crate::tar::LONGEST_PATH;

/// A container to be ensured or run to completion.
#[derive(Debug, Clone)]
pub struct Workload {
    /// Its name, unique on the engine, named from what it is for (release and process, operation and
    /// step), so that a repeated call finds it.
    pub name: String,
    /// The image, pinned. The engine MUST NOT pull.
    pub image: ImageId,
    /// The command, if not the image's own.
    pub command: Option<Vec<String>>,
    /// The entry point, if not the image's own.
    pub entrypoint: Option<Vec<String>>,
    /// Environment variables. Values are secret: they never appear in a log, an error or a label.
    pub environment: Vec<(String, SecretString)>,
    /// Files that it finds when it starts, beside those of its image. Secret like the environment.
    pub files: Vec<File>,
    /// The networks that it joins, the first being its default route.
    pub networks: Vec<Attachment>,
    /// Volumes.
    pub mounts: Vec<Mount>,
    /// What it may use.
    pub limits: Limits,
    /// Whether the engine restarts it.
    pub restart: Restart,
    /// A health check that the engine runs itself, if any.
    pub health: Option<Health>,
    /// How long it has to stop after the first signal before it is killed.
    pub stop_grace: Duration,
    /// Its labels.
    pub labels: Labels,
}

/// A file in a container, of the user and group 0.
#[derive(Debug, Clone)]
pub struct File {
    /// Its absolute path, of at most 100 bytes; its directories are made if they are missing.
    pub path: String,
    /// What is in it.
    pub content: SecretString,
    /// Its permissions, such as `0o600`.
    pub mode: u32,
}

impl File {
    /// Refuses a path that does not name one place in every container.
    pub fn check(&self) -> Result<(), Error> {
        let parts = self.path.strip_prefix('/').map(|path| path.split('/'));
        let is_good = |part: &str| {
            let mut characters = part.chars();
            !["", ".", ".."].contains(&part) && !characters.any(char::is_control)
        };
        if self.path.len() <= LONGEST_PATH && parts.is_some_and(|mut parts| parts.all(is_good)) {
            return Ok(());
        }
        Err(Error::Refused {
            doing: format!("putting the file '{}'", self.path.escape_debug()),
            reason: format!("this is no absolute path of a file of at most {LONGEST_PATH} bytes"),
        })
    }
}

/// A named volume in a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mount {
    /// The volume's name.
    pub volume: String,
    /// Where it appears.
    pub path: String,
}

/// What a container may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Memory in bytes; swap is not given on top.
    pub memory_bytes: i64,
    /// CPU in thousandths of a core.
    pub cpu_millis: i64,
    /// Processes and threads.
    pub pids: i64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_bytes: 512 * 1024 * 1024,
            cpu_millis: 1000,
            pids: 1024,
        }
    }
}

/// Whether the engine restarts a container that ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Restart {
    /// Never: jobs.
    No,
    /// Whenever it ends and when the engine itself starts, unless it was stopped on purpose.
    Always,
}

/// A health check inside the container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// The command; exit status 0 is healthy.
    pub command: Vec<String>,
    /// Between two checks.
    pub interval: Duration,
}

/// How a run to completion ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExitStatus {
    /// The exit code; 137 after a kill.
    pub code: i64,
    /// Whether the kernel killed a process of it for memory, as in `Observation::out_of_memory`.
    pub out_of_memory: bool,
}

impl ExitStatus {
    /// Whether it ended well.
    pub fn is_success(self) -> bool {
        self.code == 0
    }
}

/// What a command inside a container gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecOutput {
    /// Its exit code.
    pub code: i64,
    /// Its standard output, cut at 1 MiB.
    pub stdout: Vec<u8>,
    /// Its standard error, cut at 1 MiB.
    pub stderr: Vec<u8>,
}
