//! VersityGW for the tests: a process for IAM and one for S3.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::OnceCell;
use uuid::Uuid;
use windlass_model::id::ClusterId;
use windlass_services::{Access, Endpoint, Tls, password};

/// The server that the tests of one binary share. Each test uses instances of its own.
static SHARED: OnceCell<Server> = OnceCell::const_new();
const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) async fn shared() -> &'static Server {
    SHARED
        .get_or_init(async || Server::start("http", &[], true))
        .await
}

/// The two processes. Gone when it is dropped, and when this process ends.
pub(crate) struct Server {
    pub(crate) administrator: Access,
    pub(crate) storage: String,
    pub(crate) iam: String,
    directory: TempDir,
    _processes: [Process; 2],
}

struct Process(Child);

impl Server {
    /// Starts it on free ports, with further arguments of both processes, and with or without versions of objects.
    pub(crate) fn start(scheme: &str, further: &[&str], has_versions: bool) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/make-versitygw");
        let program = Command::new(script).output().expect("it can be run");
        assert!(program.status.success(), "VersityGW is made");
        let program = String::from_utf8(program.stdout).expect("a path");
        let program = program.trim();
        let directory = TempDir::new().expect("a directory");
        let inside = |name: &str| {
            let path = directory.path().join(name);
            path.to_str().expect("text").to_owned()
        };
        for name in ["users", "buckets", "versions", "attributes"] {
            std::fs::create_dir(inside(name)).expect("a directory");
        }
        let secret = password::generate();
        let socket = inside("private.sock");
        let run = |log: &str, port: u16, own: &[&str]| {
            let mut arguments = vec![format!("--port=127.0.0.1:{port}")];
            arguments.extend(further.iter().chain(own).map(|&part| part.to_owned()));
            Process::run(program, &arguments, &secret, &directory.path().join(log))
        };
        let users = format!("--dir={}", inside("users"));
        let private = format!("--private-ports={socket}");
        let (iam_port, storage_port) = free_ports();
        let iam = run("iam.log", iam_port, &["iam", &users, &private]);
        until(|| Path::new(&socket).exists(), "IAM listens");
        let private = format!("--iam-standalone-endpoint={socket}");
        let attributes = format!("--sidecar={}", inside("attributes"));
        let versions = format!("--versioning-dir={}", inside("versions"));
        let buckets = inside("buckets");
        let mut own = vec![private.as_str(), "posix", &attributes];
        if has_versions {
            own.push(&versions);
        }
        own.push(&buckets);
        let storage = run("s3.log", storage_port, &own);
        let is_plain = scheme == "http";
        let answer = |port| answers(port, is_plain);
        until(|| answer(storage_port) && answer(iam_port), "both answer");
        let host = if scheme == "https" {
            "localhost"
        } else {
            "127.0.0.1"
        };
        let url = |port: u16| format!("{scheme}://{host}:{port}");
        let (storage_url, iam_url) = (url(storage_port), url(iam_port));
        let administrator = Access {
            cluster: ClusterId::from(Uuid::now_v7()),
            description: "the test endpoint".to_owned(),
            endpoint: Endpoint {
                host: host.to_owned(),
                port: storage_port,
            },
            application_port: storage_port,
            user: "operator".to_owned(),
            password: secret,
            database: None,
            tls: Tls::Off,
            settings: Some(json!({ "url": format!("{storage_url}?iam={iam_url}") })),
        };
        Self {
            administrator,
            storage: storage_url,
            iam: iam_url,
            directory,
            _processes: [iam, storage],
        }
    }

    /// The operator's access by other ways to S3 and IAM.
    pub(crate) fn access_by(&self, storage: &str, iam: &str) -> Access {
        Access {
            settings: Some(json!({ "url": format!("{storage}?iam={iam}") })),
            ..self.administrator.clone()
        }
    }

    /// What the two have written.
    pub(crate) fn log(&self) -> String {
        let read = |name: &str| {
            let path = self.directory.path().join(name);
            std::fs::read_to_string(path).expect("a log")
        };
        format!("{}{}", read("iam.log"), read("s3.log"))
    }

    fn inside(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn has_bucket(&self, name: &str) -> bool {
        self.inside("buckets").join(name).exists()
    }

    /// All users in whose name that text is, as they are kept: without what changes when a key is used.
    pub(crate) fn users(&self, part: &str) -> Vec<String> {
        let path = self.inside("users").join("iam.json");
        let text = std::fs::read_to_string(path).unwrap_or_else(|_| "{}".to_owned());
        let kept: Value = serde_json::from_str(&text).expect("JSON");
        let Some(Value::Object(users)) = kept.get("users") else {
            return Vec::new();
        };
        let of = |(name, user): (&String, &Value)| {
            let keys = user["AccessKeys"].as_array().cloned().unwrap_or_default();
            let keys: Vec<_> = keys.iter().map(|key| key["AccessKeyId"].clone()).collect();
            let inline = user["Policies"]["inline"].as_array().cloned();
            let policies: Vec<_> = inline
                .unwrap_or_default()
                .iter()
                .map(|policy| policy["PolicyDocument"].clone())
                .collect();
            json!({ "name": name, "path": user["Path"], "keys": keys, "policies": policies })
                .to_string()
        };
        let mut users: Vec<_> = users
            .iter()
            .filter(|(name, _)| name.contains(part))
            .map(of)
            .collect();
        users.sort();
        users
    }
}

impl Process {
    /// Its end comes with ours: the shell ends it when the pipe is closed.
    fn run(program: &str, arguments: &[String], secret: &SecretString, log: &Path) -> Self {
        let log = std::fs::File::create(log).expect("a file");
        let child = Command::new("sh")
            .args([
                "-c",
                "exec 3<&0; \"$@\" 3<&- </dev/null & server=$!; cat <&3 >/dev/null; kill $server; wait $server",
                "versitygw",
                program,
            ])
            .args(arguments)
            .env("ROOT_ACCESS_KEY", "operator")
            .env("ROOT_SECRET_KEY", secret.expose_secret())
            .stdin(Stdio::piped())
            .stdout(log.try_clone().expect("a file"))
            .stderr(log)
            .process_group(0)
            .spawn();
        Self(child.expect("sh can be started"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        drop(self.0.wait());
    }
}

/// Two ports that were free a moment ago: the server takes none by itself and says which.
fn free_ports() -> (u16, u16) {
    let free = || TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = |listener: &TcpListener| listener.local_addr().expect("an address").port();
    let (one, two) = (free(), free());
    (port(&one), port(&two))
}

/// Whether anything is answered there; behind TLS, whether anybody listens.
fn answers(port: u16, is_plain: bool) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else {
        return false;
    };
    if !is_plain {
        return true;
    }
    drop(stream.set_read_timeout(Some(Duration::from_secs(2))));
    let asked = stream.write_all(b"GET / HTTP/1.0\r\n\r\n");
    asked.is_ok() && stream.read(&mut [0; 1]).is_ok_and(|read| read > 0)
}

fn until(condition: impl Fn() -> bool, what: &str) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < PATIENCE, "{what} within {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
