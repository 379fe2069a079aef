//! The broker as a process, and clients of it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use windlass_service_broker::{Authentication, Broker, Pace, Registration, Settings};

const PASSWORD: &str = "p@ss:wörd \"x\"";

/// A broker that ends with its value.
pub(crate) struct Server {
    child: Child,
    url: String,
}

impl Server {
    /// Makes the framework ready if this is the first time, and starts the broker on a free port.
    pub(crate) fn start() -> Self {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let made = Command::new(here.join("../../scripts/prepare-libraries"))
            .arg(here.join("tests/openbrokerapi/requirements.txt"))
            .stderr(Stdio::inherit())
            .output()
            .expect("bash runs");
        assert!(made.status.success(), "the framework cannot be made ready");
        let python = String::from_utf8(made.stdout).expect("a path");
        let mut child = Command::new(python.trim())
            .arg(here.join("tests/openbrokerapi/broker.py"))
            .arg(PASSWORD)
            .env("PYTHONUTF8", "1")
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdout(Stdio::piped())
            .spawn()
            .expect("python runs");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("it is piped");
        BufReader::new(stdout)
            .read_line(&mut line)
            .expect("it says its port");
        let url = format!("http://127.0.0.1:{}/osb", line.trim());
        Self { child, url }
    }

    /// A client with that password.
    pub(crate) fn client_with(&self, password: &str, settings: Settings) -> Broker {
        let registration = Registration {
            url: self.url.parse().expect("a URL"),
            authentication: Authentication::Basic {
                user: "windlass".to_owned(),
                password: password.to_owned().into(),
            },
            ca_pem: None,
        };
        Broker::new(&registration, settings).expect("a good registration")
    }

    /// A client that does not wait long.
    pub(crate) fn client(&self) -> Broker {
        self.client_with(PASSWORD, quick())
    }

    /// A client whose call ends when the broker has taken it up, as in a crash.
    pub(crate) fn client_that_goes_away(&self) -> Broker {
        let settings = Settings {
            polling: Duration::ZERO,
            ..quick()
        };
        self.client_with(PASSWORD, settings)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Gone already is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits that a test can afford.
pub(crate) fn quick() -> Settings {
    Settings {
        pace: Pace {
            first: Duration::from_millis(5),
            cap: Duration::from_millis(20),
            ..Pace::default()
        },
        request: Duration::from_secs(20),
        polling: Duration::from_secs(30),
        patience: Duration::from_secs(30),
        mitigation: Duration::from_secs(30),
        fetch: Duration::from_secs(30),
        ..Settings::default()
    }
}
