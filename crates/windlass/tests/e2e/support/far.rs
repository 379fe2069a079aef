//! Another machine with a Docker Engine: a network namespace that is reached by a route, as the guide says.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use super::{docker, wait};

/// Where its regions' subnets are.
pub(crate) const POOL: &str = "10.97.0.0/16";
/// This machine, and the other: addresses that are kept for tests between machines (RFC 2544).
const HERE: &str = "198.18.97.1";
const THERE: &str = "198.18.97.2";
/// A daemon starts in seconds; a busy machine takes longer.
const START: Duration = Duration::from_mins(1);

/// The machine; gone with everything on it when it is dropped.
pub(crate) struct FarMachine {
    /// Of the namespace, and of this machine's end of the wire.
    name: String,
    daemon: Option<Child>,
    directory: TempDir,
}

impl FarMachine {
    /// Starts it with these images.
    pub(crate) fn start(images: &[&str]) -> Self {
        let machine = Self {
            name: format!("wl-far-{}", std::process::id() % 100_000),
            daemon: None,
            directory: tempfile::tempdir().expect("a directory"),
        };
        let mut machine = machine.wired();
        machine.daemon = Some(machine.dockerd());
        wait::until("the far Docker Engine is up", START, || {
            let version = machine.client().arg("version").output().ok()?;
            version.status.success().then_some(())
        });
        machine.load(images);
        // As the guide says: whoever comes from the server's machine is let in.
        machine.inside(&["iptables", "-I", "DOCKER-USER", "-s", HERE, "-j", "ACCEPT"]);
        machine
    }

    fn wired(self) -> Self {
        let name = self.name.as_str();
        ip(&["netns", "add", name]);
        ip(&[
            "link", "add", name, "type", "veth", "peer", "name", "far0", "netns", name,
        ]);
        ip(&["address", "add", &format!("{HERE}/30"), "dev", name]);
        ip(&["link", "set", name, "up"]);
        ip(&[
            "-n",
            name,
            "address",
            "add",
            &format!("{THERE}/30"),
            "dev",
            "far0",
        ]);
        ip(&["-n", name, "link", "set", "lo", "up"]);
        ip(&["-n", name, "link", "set", "far0", "up"]);
        ip(&["-n", name, "route", "add", "default", "via", HERE]);
        ip(&["route", "add", POOL, "via", THERE]);
        self
    }

    fn at(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The socket of its Docker Engine.
    pub(crate) fn socket(&self) -> PathBuf {
        self.at("docker.sock")
    }

    /// A program in its network. Not by `ip netns exec`, which hides the control groups.
    fn within(&self) -> Command {
        let mut command = Command::new("nsenter");
        command.arg(format!("--net=/run/netns/{}", self.name));
        command
    }

    fn inside(&self, arguments: &[&str]) {
        good(self.within().args(arguments));
    }

    fn dockerd(&self) -> Child {
        let log = File::create(self.at("log")).expect("a log");
        std::fs::write(self.at("daemon.json"), "{}").expect("a file");
        self.within()
            .args(["dockerd", "--config-file"])
            .arg(self.at("daemon.json"))
            .arg("--data-root")
            .arg(self.at("data"))
            .arg("--exec-root")
            .arg(self.at("exec"))
            .arg("--pidfile")
            .arg(self.at("pid"))
            .arg(format!("--host=unix://{}", self.socket().display()))
            // Where the machine has a containerd it is used, so in a name space of its own.
            .args(["--containerd-namespace", &self.name])
            .args([
                "--containerd-plugins-namespace",
                &format!("{}-plugins", self.name),
            ])
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a log"))
            .stderr(log)
            .spawn()
            .expect("dockerd is installed; run ./test")
    }

    fn client(&self) -> Command {
        let mut command = Command::new("docker");
        command.arg(format!("--host=unix://{}", self.socket().display()));
        command
    }

    /// What its Docker client prints.
    pub(crate) fn docker(&self, arguments: &[&str]) -> String {
        good(self.client().args(arguments))
    }

    /// Brings images over.
    fn load(&self, images: &[&str]) {
        let mut saving = Command::new("docker")
            .arg("save")
            .args(images)
            .stdout(Stdio::piped())
            .spawn()
            .expect("docker is installed; run ./test");
        let saved = saving.stdout.take().expect("its output");
        good(self.client().args(["load", "--quiet"]).stdin(saved));
        assert!(saving.wait().expect("a child").success(), "{images:?}");
    }

    /// Its Docker Engine answers nobody any more, and what runs on it goes on; or it answers again.
    pub(crate) fn hang(&self, hangs: bool) {
        let daemon = self.daemon.as_ref().expect("it was started");
        let signal = if hangs { "-STOP" } else { "-CONT" };
        good(Command::new("kill").args([signal, &daemon.id().to_string()]));
    }
}

impl Drop for FarMachine {
    fn drop(&mut self) {
        if let Some(daemon) = &mut self.daemon {
            let id = daemon.id().to_string();
            let _ = Command::new("kill").args(["-CONT", &id]).status();
            if let Ok(output) = self.client().args(["ps", "--all", "--quiet"]).output() {
                let found = String::from_utf8_lossy(&output.stdout).into_owned();
                let ids = found.split_whitespace();
                let _ = self.client().args(["rm", "--force"]).args(ids).output();
            }
        }
        if let Some(daemon) = &mut self.daemon {
            let _ = Command::new("kill").arg(daemon.id().to_string()).status();
            let _ = daemon.wait();
        }
        // Its end of the wire, and the route, go with it.
        let _ = Command::new("ip")
            .args(["netns", "delete", &self.name])
            .status();
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.at("log")).unwrap_or_default();
            let lines: Vec<&str> = log.lines().collect();
            let tail = lines[lines.len().saturating_sub(30)..].join("\n");
            eprintln!("==== the far Docker Engine, last lines\n{tail}\n====");
        }
    }
}

/// ip(8).
fn ip(arguments: &[&str]) {
    good(Command::new("ip").args(arguments));
}

/// Runs it, which must succeed, and gives what it printed.
fn good(command: &mut Command) -> String {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// The images that an application of the tests with a database needs.
pub(crate) fn images() -> [&'static str; 2] {
    [docker::PYTHON, docker::POSTGRES]
}
