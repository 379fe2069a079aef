//! A broker of services that others wrote the framework of, and the strings that it hangs on.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use super::cli::Ran;
use super::http;
use super::installation::Installation;

/// What it wants to be told: with all that a header, a shell and JSON might trip over.
pub(crate) const PASSWORD: &str = "p@ss:wörd \"x\"";

/// Things of a broker by their ids.
type Things = Vec<(String, Value)>;

/// A broker, gone when it is dropped.
pub(crate) struct Broker {
    child: Child,
    address: SocketAddr,
}

impl Broker {
    /// Makes the framework ready if this is the first time, and starts the broker on a free port.
    pub(crate) fn start() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let made = Command::new(root.join("scripts/prepare-libraries"))
            .arg(root.join("crates/service-broker/tests/openbrokerapi/requirements.txt"))
            .stderr(Stdio::inherit())
            .output()
            .expect("bash runs");
        assert!(made.status.success(), "the framework cannot be made ready");
        let python = String::from_utf8(made.stdout).expect("a path");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e/broker/broker.py");
        let mut child = Command::new(python.trim())
            .arg(script)
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
        let port: u16 = line.trim().parse().expect("a port");
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        Self { child, address }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/osb", self.address)
    }

    /// Registers it under a name.
    pub(crate) fn add(&self, on: &Installation, name: &str, password: &str) -> Ran {
        let url = self.url();
        let arguments = ["broker", "add", name, &url, "--user", "windlass"];
        Self::told(on, &arguments, password)
    }

    /// Runs a verb that reads a password.
    pub(crate) fn told(on: &Installation, arguments: &[&str], password: &str) -> Ran {
        let mut all = arguments.to_vec();
        all.push("--password-stdin");
        let home = &on.user.home;
        let input = format!("{password}\n");
        on.user
            .program(home, super::cli::WINDLASS, &all, Some(&input))
    }

    /// What it has: instances and bindings by id.
    pub(crate) fn has(&self) -> (Things, Things) {
        let all = self.call("GET", "/has", &Value::Null);
        let list = |name: &str| {
            let things = all[name].as_object().expect("an object").clone();
            things.into_iter().collect()
        };
        (list("instances"), list("bindings"))
    }

    /// Lets calls fail, by their names; without any, it behaves.
    pub(crate) fn misbehave(&self, calls: &[(&str, &str)]) {
        let calls: serde_json::Map<String, Value> = calls
            .iter()
            .map(|(call, how)| ((*call).to_owned(), json!(how)))
            .collect();
        self.call("POST", "/misbehave", &Value::Object(calls));
    }

    /// It knows nothing any more.
    pub(crate) fn forget(&self) {
        self.call("POST", "/forget", &Value::Null);
    }

    /// These are its plans.
    pub(crate) fn offer(&self, plans: &[&str]) {
        self.call("POST", "/plans", &json!(plans));
    }

    #[track_caller]
    fn call(&self, method: &str, path: &str, body: &Value) -> Value {
        let headers = [("Content-Type", "application/json")];
        let body = body.to_string();
        let answer = http::once(
            self.address,
            method,
            path,
            "localhost",
            &headers,
            body.as_bytes(),
        )
        .expect("the broker answers");
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.json()
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        // Gone already is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
