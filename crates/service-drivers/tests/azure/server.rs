//! The emulator for the tests.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use tokio::sync::OnceCell;
use uuid::Uuid;
use windlass_model::id::ClusterId;
use windlass_services::{Access, Endpoint, Tls, password};

pub(crate) const ACCOUNT: &str = "shop";

/// The server that the tests of one binary share. Each test uses containers of its own.
static SHARED: OnceCell<Server> = OnceCell::const_new();

pub(crate) async fn shared() -> &'static Server {
    SHARED.get_or_init(async || Server::start(&[])).await
}

/// A key in the form of an account's.
pub(crate) fn key() -> SecretString {
    let text = format!(
        "{}{}",
        password::generate().expose_secret(),
        password::generate().expose_secret()
    );
    SecretString::from(STANDARD.encode(text))
}

/// A process of Azurite. Gone when it is dropped, and when this process ends.
pub(crate) struct Server {
    pub(crate) administrator: Access,
    process: Child,
}

impl Server {
    /// Starts it on a free port, with further arguments; everything is in its memory.
    pub(crate) fn start(further: &[&str]) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/prepare-azurite");
        let program = Command::new(script).output().expect("it can be run");
        assert!(program.status.success(), "Azurite is made ready");
        let program = String::from_utf8(program.stdout).expect("a path");
        let key = key();
        // Its end comes with ours: the shell ends it when the pipe is closed.
        let mut process = Command::new("sh")
            .args([
                "-c",
                "exec 3<&0; node \"$@\" 3<&- </dev/null & server=$!; cat <&3 >/dev/null; kill $server; wait $server",
                "azurite",
                program.trim(),
                "--inMemoryPersistence",
                "--disableTelemetry",
                "--silent",
                // The library for Python speaks newer versions than this.
                "--skipApiVersionCheck",
                "--blobPort",
                "0",
            ])
            .args(further)
            .env("AZURITE_ACCOUNTS", format!("{ACCOUNT}:{}", key.expose_secret()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .expect("sh can be started");
        let out = process.stdout.take().expect("it is piped");
        let mut lines = BufReader::new(out).lines();
        let address = loop {
            let line = lines.next().expect("it says where it listens");
            let line = line.expect("a line");
            if let Some((_, address)) = line.split_once("successfully listens on ") {
                break address.trim().to_owned();
            }
        };
        // What it prints at its end must find somebody who reads it.
        std::thread::spawn(move || lines.for_each(drop));
        let (scheme, place) = address.split_once("://").expect("a URL");
        let (_, port) = place.rsplit_once(':').expect("a port");
        let port: u16 = port.parse().expect("a number");
        let host = if scheme == "https" {
            "localhost"
        } else {
            "127.0.0.1"
        };
        let administrator = Access {
            cluster: ClusterId::from(Uuid::now_v7()),
            description: "the test account".to_owned(),
            endpoint: Endpoint {
                host: host.to_owned(),
                port,
            },
            application_port: port,
            user: ACCOUNT.to_owned(),
            password: key,
            database: None,
            tls: Tls::Off,
            settings: Some(json!({ "url": format!("{scheme}://{host}:{port}/{ACCOUNT}") })),
        };
        Self {
            administrator,
            process,
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        drop(self.process.wait());
    }
}
