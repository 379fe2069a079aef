//! The real divio-cli, unmodified, in an environment of its own.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use serde_json::Value;

use super::cli::{Ran, User};
use super::installation::Installation;

/// Its Python, made ready if this is the first time.
static PYTHON: LazyLock<PathBuf> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let made = Command::new(root.join("scripts/prepare-libraries"))
        .arg(root.join("crates/windlass/tests/e2e/divio/requirements.txt"))
        .stderr(Stdio::inherit())
        .output()
        .expect("bash runs");
    assert!(made.status.success(), "divio-cli cannot be made ready");
    let python = String::from_utf8(made.stdout).expect("a path");
    PathBuf::from(python.trim())
});

/// Names that resolve as a test wants, and a certificate that is trusted, for what is run: in a mount namespace.
struct Domain {
    hosts: PathBuf,
    bundle: PathBuf,
}

/// Someone who uses the client.
pub(crate) struct Divio {
    user: User,
    zone: String,
    domain: Option<Domain>,
}

impl Divio {
    /// Someone for whom the zone is the URL of the API, logged in by the file that `windlass netrc` writes.
    pub(crate) fn at_url(on: &Installation) -> Self {
        let divio = Self::new(on, on.url());
        on.user.windlass(&["netrc", "--write"]).good();
        divio
    }

    /// Someone for whom the zone is a domain at that address, who trusts a certificate and has not logged in.
    pub(crate) fn at_domain(on: &Installation, zone: &str, ip: &str, certificate: &str) -> Self {
        let hosts = on.directory().join("hosts");
        let names = format!("127.0.0.1 localhost\n{ip} api.{zone} control.{zone}\n");
        fs::write(&hosts, names).expect("a file");
        let bundle = on.directory().join("bundle.pem");
        let trusted = fs::read_to_string(certifi()).expect("certifi is there");
        let own = fs::read_to_string(certificate).expect("a certificate");
        fs::write(&bundle, format!("{trusted}\n{own}")).expect("a file");
        Self {
            domain: Some(Domain { hosts, bundle }),
            ..Self::new(on, zone.to_owned())
        }
    }

    fn new(on: &Installation, zone: String) -> Self {
        let config = on.user.home.join(".config/divio");
        fs::create_dir_all(&config).expect("a directory");
        // It would look for newer versions of itself.
        let settings = r#"{"update_check_timestamp": 99999999999}"#;
        fs::write(config.join("config.json"), settings).expect("a file");
        let opened = on.user.home.join("browser");
        fs::write(&opened, "#!/bin/sh\necho \"$1\" >>\"$HOME/opened\"\n").expect("a file");
        fs::set_permissions(&opened, fs::Permissions::from_mode(0o755)).expect("a mode");
        Self {
            user: on.user.clone(),
            zone,
            domain: None,
        }
    }

    /// The command, not started yet.
    pub(crate) fn command(&self, directory: &Path, arguments: &[&str]) -> Command {
        let program = PYTHON.with_file_name("divio");
        let mut command = match &self.domain {
            None => {
                let mut command = Command::new("timeout");
                command.args(["90"]);
                command
            }
            Some(domain) => {
                let mut command = Command::new("unshare");
                let script = "mount --bind \"$1\" /etc/hosts && mount --bind \"$2\" \"$3\" && shift 3 && exec timeout 90 \"$@\"";
                command.args(["--mount", "sh", "-c", script, "sh"]);
                command.args([&domain.hosts, &domain.bundle, &certifi()]);
                command
            }
        };
        self.user.prepare(&mut command, directory);
        command
            .arg(program)
            .args(arguments)
            .env("DIVIO_ZONE", &self.zone)
            .env("BROWSER", self.user.home.join("browser"))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("LC_ALL", "C.UTF-8")
            // Tables and menus as wide as they need.
            .env("COLUMNS", "200");
        command
    }

    /// Runs it in the home directory.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.run_in(&self.user.home, arguments, "")
    }

    /// Runs it in a directory, with what is typed.
    pub(crate) fn run_in(&self, directory: &Path, arguments: &[&str], typed: &str) -> Ran {
        let input = self.user.home.join("typed");
        fs::write(&input, typed).expect("a file");
        let output = self
            .command(directory, arguments)
            .stdin(fs::File::open(&input).expect("a file"))
            .output()
            .expect("it runs");
        Ran {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Runs it; it must succeed and print JSON.
    #[track_caller]
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let text = self.run(arguments).good();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {text}"))
    }

    /// The last URL that it opened in a browser.
    pub(crate) fn opened(&self) -> String {
        let opened = fs::read_to_string(self.user.home.join("opened")).unwrap_or_default();
        opened.lines().last().unwrap_or_default().to_owned()
    }
}

/// The certificates that the client trusts.
fn certifi() -> PathBuf {
    let found = Command::new(&*PYTHON)
        .args(["-c", "import certifi; print(certifi.where())"])
        .output()
        .expect("python runs");
    PathBuf::from(String::from_utf8_lossy(&found.stdout).trim())
}

/// A server of git repositories over ssh, gone when it is dropped.
pub(crate) struct SshServer {
    child: std::process::Child,
    pub(crate) port: u16,
    /// The file of the keys that are let in.
    pub(crate) keys: PathBuf,
}

impl SshServer {
    pub(crate) fn start(directory: &Path) -> Self {
        let keys = directory.join("authorized-keys");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e/divio/ssh_server.py");
        let mut child = Command::new(&*PYTHON)
            .arg(script)
            .arg(&keys)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdout(Stdio::piped())
            .spawn()
            .expect("python runs");
        let mut line = String::new();
        let out = child.stdout.take().expect("it is piped");
        std::io::BufRead::read_line(&mut std::io::BufReader::new(out), &mut line)
            .expect("it says its port");
        Self {
            child,
            port: line.trim().parse().expect("a port"),
            keys,
        }
    }
}

impl Drop for SshServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
