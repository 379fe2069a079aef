//! Running git's own programs: a clean environment, a process group each, nothing left behind.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};
use windlass_delivery::build::Error;

use crate::disk;

/// How long git has after SIGTERM, in which it removes its unfinished files, before SIGKILL.
const TERM_GRACE: Duration = Duration::from_secs(5);
/// The most that one command may print before it is taken for broken.
const MAX_OUTPUT: u64 = 64 * 1024 * 1024;
/// How much of standard error is kept for messages.
pub(crate) const MAX_WORDS: u64 = 8 * 1024;

/// Where the programs are that are run.
pub(crate) const PROGRAMS: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A git command with nothing of the server's environment but what is named here.
pub(crate) fn command(subcommand: &str) -> Command {
    let mut command = Command::new("git");
    command
        .env_clear()
        .env("PATH", PROGRAMS)
        // Messages are shown to people and looked at in tests.
        .env("LC_ALL", "C.UTF-8")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_NO_LAZY_FETCH", "1")
        .current_dir("/")
        .args([
            "-c",
            "core.hooksPath=/dev/null",
            "-c",
            "protocol.ext.allow=never",
        ])
        .arg(subcommand)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    command
}

/// A git command on a repository.
pub(crate) fn command_in(repository: &Path, subcommand: &str) -> Command {
    let mut command = command(subcommand);
    command.env("GIT_DIR", repository);
    command
}

/// A running git program with all that it starts. Dropping it ends them.
pub(crate) struct Process {
    child: Option<Child>,
}

impl Process {
    /// Starts it.
    pub(crate) fn start(command: &mut Command, doing: &str) -> Result<Self, Error> {
        let name = command
            .as_std()
            .get_program()
            .to_string_lossy()
            .into_owned();
        match command.spawn() {
            Ok(child) => Ok(Self { child: Some(child) }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(Error::Git {
                doing: doing.to_owned(),
                reason: format!(
                    "the program '{name}' was not found on the server; install {} there",
                    if name == "git" {
                        "git"
                    } else {
                        "openssh-client"
                    }
                ),
            }),
            Err(error) => Err(disk::error(doing, &error)),
        }
    }

    /// The child, for its pipes.
    pub(crate) fn child(&mut self) -> &mut Child {
        self.child
            .as_mut()
            .expect("the child is taken only by `drop`")
    }

    /// Waits for the end of the program.
    pub(crate) async fn wait(&mut self) -> std::io::Result<std::process::ExitStatus> {
        self.child().wait().await
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let Some(mut child) = self.child.take() else {
            return;
        };
        // Without an id the program has been waited for, and its number may be another's by now.
        let Some(group) = child
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .and_then(Pid::from_raw)
        else {
            return;
        };
        // A failure means that the group is gone.
        let _ = kill_process_group(group, Signal::TERM);
        let end = async move {
            if tokio::time::timeout(TERM_GRACE, child.wait())
                .await
                .is_err()
            {
                let _ = kill_process_group(group, Signal::KILL);
                let _ = child.wait().await;
            }
        };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(end)),
            Err(_) => drop(kill_process_group(group, Signal::KILL)),
        }
    }
}

/// What a command gave.
pub(crate) struct Output {
    /// Whether it ended with status 0.
    pub(crate) success: bool,
    /// Its standard output.
    pub(crate) stdout: Vec<u8>,
    /// The beginning of its standard error.
    pub(crate) words: String,
}

/// Runs a command to its end, whatever its status.
pub(crate) async fn output(
    mut command: Command,
    input: Option<&[u8]>,
    after: Duration,
    doing: &str,
) -> Result<Output, Error> {
    if input.is_some() {
        command.stdin(Stdio::piped());
    }
    let mut process = Process::start(&mut command, doing)?;
    let (stdin, stdout, stderr) = {
        let child = process.child();
        (child.stdin.take(), child.stdout.take(), child.stderr.take())
    };
    let feed = async {
        if let (Some(mut stdin), Some(input)) = (stdin, input) {
            // A program that stops reading says why by its status and words.
            let _ = stdin.write_all(input).await;
        }
    };
    let run = async {
        let ((), out, words) = tokio::join!(
            feed,
            collect(stdout, MAX_OUTPUT),
            collect(stderr, MAX_WORDS)
        );
        Ok::<_, std::io::Error>((out?, words?, process.wait().await?))
    };
    match tokio::time::timeout(after, run).await {
        Err(_) => Err(Error::Git {
            doing: doing.to_owned(),
            reason: format!("no end within {after:?}"),
        }),
        Ok(Err(error)) => Err(disk::error(doing, &error)),
        Ok(Ok((out, _, _))) if out.len() as u64 > MAX_OUTPUT => Err(Error::Git {
            doing: doing.to_owned(),
            reason: format!("more than {MAX_OUTPUT} bytes of output"),
        }),
        Ok(Ok((stdout, words, status))) => Ok(Output {
            success: status.success(),
            stdout,
            words: String::from_utf8_lossy(&words).trim().to_owned(),
        }),
    }
}

/// Runs a command that has to succeed and gives its standard output.
pub(crate) async fn run(
    command: Command,
    input: Option<&[u8]>,
    after: Duration,
    doing: &str,
) -> Result<Vec<u8>, Error> {
    let output = output(command, input, after, doing).await?;
    if output.success {
        Ok(output.stdout)
    } else {
        Err(failed(doing, &output.words))
    }
}

/// The error of a git command with its words.
pub(crate) fn failed(doing: &str, words: &str) -> Error {
    if words.contains("No space left on device") || words.contains("Disk quota exceeded") {
        return Error::DiskFull(format!("git failed while {doing}: {words}"));
    }
    let reason = if words.is_empty() {
        "it gave no reason".to_owned()
    } else {
        words.to_owned()
    };
    Error::Git {
        doing: doing.to_owned(),
        reason,
    }
}

/// Reads to the end and keeps a little more than `limit` at most, so that the caller sees the excess.
async fn collect(pipe: Option<impl AsyncRead + Unpin>, limit: u64) -> std::io::Result<Vec<u8>> {
    let mut kept = Vec::new();
    if let Some(mut pipe) = pipe {
        (&mut pipe).take(limit + 1).read_to_end(&mut kept).await?;
        tokio::io::copy(&mut pipe, &mut tokio::io::sink()).await?;
    }
    Ok(kept)
}
