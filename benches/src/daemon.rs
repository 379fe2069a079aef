//! Processes that run beside the benchmarks.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use crate::http::{Connection, get};
use crate::until::{POLL, until};

/// A server that has not ended by then is killed.
const STOP_DEADLINE: Duration = Duration::from_secs(15);
const START_DEADLINE: Duration = Duration::from_secs(30);

/// A process that ends with its value. Its id is in a file meanwhile, for `./benches/run`, should this
/// program be killed.
#[derive(Debug)]
pub(crate) struct Daemon {
    child: Child,
    log: PathBuf,
    files: [PathBuf; 2],
}

impl Daemon {
    /// Starts a process, and waits until it answers in HTTP at its address.
    pub(crate) fn start(
        work: &Path,
        name: &str,
        mut command: Command,
        address: SocketAddr,
    ) -> Result<Self> {
        let log = work.join(format!("{name}.log"));
        let output = File::create(&log).with_context(|| format!("making {}", log.display()))?;
        command
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output);
        let child = command
            .spawn()
            .with_context(|| format!("starting {}", command.get_program().display()))?;
        let files = ["pid", "exe"].map(|ending| work.join("run").join(format!("{name}.{ending}")));
        let mut daemon = Self { child, log, files };
        let executable = fs::read_link(format!("/proc/{}/exe", daemon.id()));
        let executable = executable.with_context(|| format!("{name} ended at once"))?;
        fs::write(&daemon.files[0], daemon.id().to_string())?;
        fs::write(&daemon.files[1], executable.as_os_str().as_encoded_bytes())?;
        until(
            &format!("{name} to answer at {address}"),
            START_DEADLINE,
            || {
                if let Some(status) = daemon.child.try_wait()? {
                    bail!("{name} ended ({status})");
                }
                let answer = Connection::open(address, START_DEADLINE)
                    .and_then(|mut connection| connection.exchange(&get("bench.localhost")));
                Ok(answer.ok())
            },
        )
        .inspect_err(|_| daemon.show_log())?;
        Ok(daemon)
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The end of what it wrote, for the one who has to find out what went wrong.
    pub(crate) fn show_log(&self) {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let newest = &lines[lines.len().saturating_sub(15)..];
        crate::say(&format!(
            "--- {}\n{}",
            self.log.display(),
            newest.join("\n")
        ));
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if let Some(pid) = i32::try_from(self.id()).ok().and_then(Pid::from_raw) {
            // It may have ended by itself.
            let _ = kill_process(pid, Signal::TERM);
        }
        let asked = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) {
            if asked.elapsed() >= STOP_DEADLINE {
                let _ = self.child.kill();
                let _ = self.child.wait();
                break;
            }
            std::thread::sleep(POLL);
        }
        for file in &self.files {
            let _ = fs::remove_file(file);
        }
    }
}

/// A port of this machine that nobody listens on now.
pub(crate) fn free_port() -> Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").context("looking for a free port")?;
    Ok(listener.local_addr()?.port())
}
