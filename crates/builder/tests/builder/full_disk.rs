//! An engine's disk that runs full in the middle of a build: a daemon of its own, on a disk that is soon full.
#![expect(
    clippy::print_stderr,
    reason = "what cannot be cleaned up, and what the daemon said to a test that failed, is for people"
)]

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use windlass_delivery::build::{BuildOrder, Error};
use windlass_engine::Engine;
use windlass_engine_docker::{DockerEngine, DockerSettings};

use crate::builds::{BASE, INSTALLATION, at, build, order};
use crate::support::{Site, eventually};

/// Enough for the base and some room, soon full.
const MEBIBYTES: u32 = 280;
/// How long the daemon may take to go.
const STOP: Duration = Duration::from_secs(20);

/// A mounted tmpfs; unmounted when it is dropped.
struct SmallDisk {
    directory: tempfile::TempDir,
}

impl SmallDisk {
    fn mount() -> Self {
        let directory = tempfile::Builder::new()
            .prefix("windlass-engine-disk-")
            .tempdir()
            .unwrap();
        let mounted = Command::new("mount")
            .args([
                "-t",
                "tmpfs",
                "-o",
                &format!("size={MEBIBYTES}m"),
                "windlass-test",
            ])
            .arg(directory.path())
            .status();
        assert!(
            mounted.is_ok_and(|status| status.success()),
            "a tmpfs cannot be mounted: this test needs root"
        );
        Self { directory }
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    fn free_mebibytes(&self) -> u64 {
        let status = rustix::fs::statvfs(self.path()).unwrap();
        status.f_bavail * status.f_frsize / 1024 / 1024
    }

    fn filler(&self) -> PathBuf {
        self.path().join("filler")
    }

    /// Leaves so much room.
    fn fill_but(&self, mebibytes: u64) {
        let block = vec![0; 1024 * 1024];
        let mut file = File::create(self.filler()).unwrap();
        for _ in mebibytes..self.free_mebibytes() {
            file.write_all(&block).unwrap();
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount")
            .arg("--lazy")
            .arg(self.path())
            .status();
        if !unmounted.is_ok_and(|status| status.success()) {
            eprintln!("{} is still mounted", self.path().display());
        }
    }
}

/// A Docker Engine that keeps everything on the small disk; gone when it is dropped.
struct SmallEngine {
    daemon: Child,
    // Behind the daemon: unmounted after it has gone.
    disk: SmallDisk,
    /// What it says, and its socket: not on the disk that is to run full.
    directory: tempfile::TempDir,
}

impl SmallEngine {
    async fn start() -> Self {
        let disk = SmallDisk::mount();
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        std::fs::write(at("daemon.json"), "{}").unwrap();
        let log = File::create(at("log")).unwrap();
        let name = format!("windlass-test-{}", std::process::id());
        let socket = format!("unix://{}", at("docker.sock").display());
        // In a network of its own: a daemon that is told to have no bridge takes `docker0` away, and that is the
        // machine's own daemon's.
        let daemon = Command::new("unshare")
            .args(["--net", "dockerd", "--config-file"])
            .arg(at("daemon.json"))
            .arg("--data-root")
            .arg(disk.path().join("data"))
            .arg("--exec-root")
            .arg(at("exec"))
            .arg("--pidfile")
            .arg(at("pid"))
            .args(["--host", &socket])
            .args(["--bridge=none", "--iptables=false", "--ip6tables=false"])
            // Where the machine has a containerd it is used, so in a name space of its own.
            .args(["--containerd-namespace", &name])
            .args(["--containerd-plugins-namespace", &format!("{name}-plugins")])
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let started = Self {
            daemon,
            disk,
            directory,
        };
        let up = || {
            let version = started.docker().arg("version").output();
            version.is_ok_and(|output| output.status.success())
        };
        eventually("the second daemon is up", up).await;
        started.load();
        started
    }

    fn socket(&self) -> PathBuf {
        self.directory.path().join("docker.sock")
    }

    /// The docker client for this daemon.
    fn docker(&self) -> Command {
        let mut command = Command::new("docker");
        command.arg(format!("--host=unix://{}", self.socket().display()));
        command
    }

    fn list(&self, arguments: &[&str]) -> String {
        let output = self.docker().args(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Brings the base image over from the machine's own daemon.
    fn load(&self) {
        let mut saving = Command::new("docker")
            .args(["save", BASE])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let loaded = self
            .docker()
            .arg("load")
            .stdin(saving.stdout.take().unwrap())
            .output()
            .unwrap();
        assert!(
            saving.wait().unwrap().success() && loaded.status.success(),
            "{loaded:?}"
        );
    }

    fn engine(&self) -> Arc<dyn Engine> {
        Arc::new(DockerEngine::new(DockerSettings {
            socket: self.socket(),
            ..DockerSettings::new(INSTALLATION)
        }))
    }
}

impl Drop for SmallEngine {
    fn drop(&mut self) {
        let asked = Command::new("kill")
            .arg(self.daemon.id().to_string())
            .status();
        let begun = Instant::now();
        let gone = loop {
            match self.daemon.try_wait() {
                Ok(Some(_)) => break true,
                Ok(None) if begun.elapsed() < STOP => std::thread::sleep(Duration::from_millis(50)),
                _ => break false,
            }
        };
        if !gone {
            eprintln!("the second daemon had to be killed ({asked:?})");
            let _ = self.daemon.kill();
            let _ = self.daemon.wait();
        }
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.directory.path().join("log"));
            eprintln!("the second daemon said: {}", log.unwrap_or_default());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engines_disk_that_runs_full_during_a_build_is_said_and_got_over() {
    let small = SmallEngine::start().await;
    let site = Site::new().await;
    let free = small.disk.free_mebibytes();
    let begin = async |files: &[(&str, &[u8])]| {
        let commit = site.pushed(files).await;
        let (order, _no_tags) = order(&site, at(&commit));
        let order = BuildOrder {
            engine: small.engine(),
            ..order
        };
        (build(&site, order.clone()).await, order)
    };
    let zeros = |mebibytes: u64| {
        format!(
            "FROM {BASE}\nRUN echo begun && dd if=/dev/zero of=/zeros bs=1M count={mebibytes}\nRUN echo reached\n"
        )
    };
    let step = "RUN echo begun";
    for (what, room, place, dockerfile, code) in [
        // The program that writes finds the disk full, ends with a status of its own, and Docker tells that.
        ("a step", free, step, zeros(2 * free), 0),
        // What it wrote fits, but not twice: Docker keeps the step as an image.
        ("an image", free, step, zeros(free * 2 / 3), 0),
        // The code itself does not fit.
        ("the context", 8, "its beginning", zeros(1), 24),
    ] {
        small.disk.fill_but(room);
        let code = vec![0; code * 1024 * 1024];
        let files = [("Dockerfile", dockerfile.as_bytes()), ("code", &code)];
        let ((result, lines), order) = begin(&files).await;
        let words = match result {
            Err(Error::DiskFull(words)) => words,
            other => panic!("{what}: {other:?}: {lines}"),
        };
        for part in [
            "the engine's disk ran full during the build",
            place,
            "o space left on",
            "Make room on that disk ('docker system df'",
        ] {
            assert!(words.contains(part), "{what}: {words}");
        }
        assert!(!lines.contains("\nreached"), "{what}: {lines}");
        // Nothing half-made is left.
        assert!(order.engine.image(&order.tag).await.unwrap().is_none());
        assert_eq!(small.list(&["ps", "--all", "--quiet"]), "", "{what}");
        assert_eq!(
            small.list(&["images", "--all", "--quiet"]).lines().count(),
            1,
            "{what}"
        );
        std::fs::remove_file(small.disk.filler()).unwrap();
        let now = small.disk.free_mebibytes();
        assert!(
            now + 2 >= free,
            "{what}: {now} MiB of {free} are free again"
        );
    }
    // With room again the same engine builds.
    let ((result, lines), order) = begin(&[("Dockerfile", zeros(1).as_bytes())]).await;
    let built = result.unwrap_or_else(|error| panic!("{error}: {lines}"));
    assert!(lines.contains("\nreached"), "{lines}");
    assert_eq!(
        order.engine.image(&order.tag).await.unwrap(),
        Some(built.image)
    );
}
