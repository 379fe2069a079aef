//! Connections of pymongo, which a process of Python keeps open.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

/// A process of Python. Ends when it is dropped.
pub(crate) struct Python(Mutex<Process>);

struct Process {
    child: Child,
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Python {
    pub(crate) fn start() -> Arc<Self> {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let prepare = here.join("../../scripts/prepare-libraries");
        let prepared = Command::new(prepare).output().expect("the script runs");
        assert!(prepared.status.success(), "{prepared:?}");
        let python = String::from_utf8(prepared.stdout).expect("a path");
        let mut child = Command::new(python.trim())
            .arg(here.join("tests/ferretdb/client.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python can be started");
        let requests = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().expect("it is piped"));
        Arc::new(Self(Mutex::new(Process {
            child,
            requests,
            answers,
        })))
    }

    /// Connects as applications do.
    pub(crate) fn open(self: &Arc<Self>, url: &str) -> Result<Client, String> {
        self.connect(url, true)
    }

    /// Connects without a command that would need a login.
    pub(crate) fn open_anonymous(self: &Arc<Self>, url: &str) -> Client {
        self.connect(url, false).expect("nothing is asked yet")
    }

    fn connect(self: &Arc<Self>, url: &str, login: bool) -> Result<Client, String> {
        let number = self.ask(&json!({ "do": "open", "url": url, "login": login }))?;
        Ok(Client {
            python: Arc::clone(self),
            number,
        })
    }

    fn ask(&self, request: &Value) -> Result<Value, String> {
        let mut process = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let requests = process.requests.as_mut().expect("it is open");
        writeln!(requests, "{request}").expect("Python reads");
        let mut line = String::new();
        process
            .answers
            .read_line(&mut line)
            .expect("Python answers");
        let mut answer: Value = serde_json::from_str(&line).expect("JSON");
        match answer.get("refused").and_then(Value::as_str) {
            Some(words) => Err(words.to_owned()),
            None => Ok(answer["done"].take()),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.requests.take());
        drop(self.child.wait());
    }
}

/// A connection, closed when it is dropped.
pub(crate) struct Client {
    python: Arc<Python>,
    number: Value,
}

impl Client {
    /// Runs a command: its name, its value, and its other fields if it has any.
    pub(crate) fn run(&self, database: &str, command: &Value) -> Result<Value, String> {
        self.python.ask(&json!({
            "do": "command", "client": self.number, "database": database, "command": command,
        }))
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let close = json!({ "do": "close", "client": self.number });
        drop(self.python.ask(&close));
    }
}
