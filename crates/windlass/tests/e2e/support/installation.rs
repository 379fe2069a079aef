//! A server and a router with a state directory, gone with everything that they made when it is dropped. What they wrote
//! is then looked through for secrets.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use super::cli::{User, WINDLASS};
use super::http::{self, Answer};
use super::{docker, secrets, wait};

/// A start on a busy machine, with migrations.
const START: Duration = Duration::from_mins(1);

/// An installation under test.
pub(crate) struct Installation {
    directory: TempDir,
    server: Option<Child>,
    router: Option<Child>,
    api: SocketAddr,
    sites: SocketAddr,
    options: Vec<String>,
    router_options: Vec<String>,
    /// Under which users reach the API; the address that it listens on without.
    public_url: Option<String>,
    /// Where the state is; on a file system of its own in some tests.
    pub(crate) state: PathBuf,
    /// The administrator.
    pub(crate) user: User,
    /// The administrator's token, taken out of the state directory by its login.
    token: String,
}

impl Installation {
    /// Starts one with usual options.
    pub(crate) fn start() -> Self {
        Self::with(&[])
    }

    /// Starts one with more options of the server.
    pub(crate) fn with(options: &[&str]) -> Self {
        Self::with_state(None, options)
    }

    /// Starts one with its state in a directory that is there.
    pub(crate) fn with_state(state: Option<&Path>, options: &[&str]) -> Self {
        Self::begin(state, options, &[], None)
    }

    /// Starts one whose router serves a domain by TLS at that address, too, with the certificates in a directory.
    pub(crate) fn encrypted(domain: &str, address: SocketAddr, certificates: &Path) -> Self {
        let certificates = certificates.to_str().expect("a path of the test");
        let (port, address) = (address.port().to_string(), address.to_string());
        let options = ["--domain", domain, "--router-tls-port", &port];
        let router = ["--tls-listen", &address, "--certificates", certificates];
        let router = [&router[..], &["--redirect-to-https", &port]].concat();
        Self::begin(None, &options, &router, None)
    }

    /// The same at the port of HTTPS, with more options: users reach the API by its name.
    pub(crate) fn at_domain(
        domain: &str,
        address: SocketAddr,
        certificates: &Path,
        more: &[&str],
    ) -> Self {
        let certificates = certificates.to_str().expect("a path of the test");
        let address = address.to_string();
        let options = [&["--domain", domain, "--router-tls-port", "443"], more].concat();
        let router = ["--tls-listen", &address, "--certificates", certificates];
        Self::begin(
            None,
            &options,
            &router,
            Some(format!("https://api.{domain}")),
        )
    }

    fn begin(
        state: Option<&Path>,
        options: &[&str],
        router_options: &[&str],
        public_url: Option<String>,
    ) -> Self {
        docker::require_images();
        let directory = tempfile::Builder::new()
            .prefix("windlass-e2e-")
            .tempdir()
            .expect("a directory");
        let home = directory.path().join("home");
        fs::create_dir(&home).expect("a directory");
        let mut installation = Self {
            state: state.map_or_else(|| directory.path().join("state"), Path::to_owned),
            user: User { home },
            server: None,
            router: None,
            api: free_address(),
            sites: free_address(),
            options: options.iter().map(|option| (*option).to_owned()).collect(),
            router_options: router_options
                .iter()
                .map(|&option| option.to_owned())
                .collect(),
            public_url,
            directory,
            token: String::new(),
        };
        let pool = free_pool();
        installation.options.push(format!("--subnet-pool={pool}"));
        installation.start_server();
        installation.start_router();
        let file = installation.state.join("admin-token");
        let token = fs::read_to_string(&file).expect("the first start writes a token");
        token.trim().clone_into(&mut installation.token);
        let (url, file) = (installation.url(), file.to_string_lossy().into_owned());
        installation
            .user
            .windlass(&["login", &url, "--first-token", &file])
            .good();
        for setting in [
            ["user.name", "E2E"],
            ["user.email", "e2e@localhost"],
            ["init.defaultBranch", "main"],
        ] {
            installation.user.git(
                &installation.user.home,
                &["config", "--global", setting[0], setting[1]],
            );
        }
        installation
    }

    fn command(&self, verb: &str, log: &str) -> Command {
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.directory.path().join(log))
            .expect("a log");
        let mut command = Command::new(WINDLASS);
        command
            .arg(verb)
            .arg("--state-dir")
            .arg(&self.state)
            .env("WINDLASS_LOG", "info,windlass_operations=debug")
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a log"))
            .stderr(log);
        command
    }

    /// The command of the server with its options.
    pub(crate) fn server_command(&self, log: &str) -> Command {
        let mut command = self.command("server", log);
        command
            .args([
                "--listen",
                &self.api.to_string(),
                "--router-port",
                &self.sites.port().to_string(),
                // Also where another one would be the default: no resolver knows the domains of tests.
                "--public-url",
                self.public_url.as_deref().unwrap_or(&self.url()),
            ])
            .args(["--drain-deadline", "10", "--minimum-free-mib", "0"])
            .args(&self.options);
        command
    }

    /// Starts the server and waits until it answers.
    pub(crate) fn start_server(&mut self) {
        let child = self
            .server_command("server.log")
            .spawn()
            .expect("the server starts");
        self.server = Some(child);
        wait::until("the server answers", START, || {
            let child = self.server.as_mut().expect("it was started");
            if let Some(status) = child.try_wait().expect("a child") {
                panic!("the server ended with {status}");
            }
            http::once(self.api, "GET", "/health", "localhost", &[], b"")
                .ok()
                .filter(|answer| answer.status == 200)
        });
    }

    fn start_router(&mut self) {
        let mut command = self.command("router", "router.log");
        command.args(["--listen", &self.sites.to_string()]);
        command.args(&self.router_options);
        self.router = Some(command.spawn().expect("the router starts"));
        wait::until("the router listens", START, || {
            TcpStream::connect(self.sites).ok()
        });
    }

    /// kill -9.
    pub(crate) fn kill_server(&mut self) {
        let mut child = self.server.take().expect("it runs");
        child.kill().expect("it can be killed");
        child.wait().expect("a child");
    }

    /// What the server has logged.
    pub(crate) fn server_log(&self) -> String {
        fs::read_to_string(self.directory.path().join("server.log")).unwrap_or_default()
    }

    /// A directory of the test.
    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.api)
    }

    pub(crate) fn api_address(&self) -> SocketAddr {
        self.api
    }

    pub(crate) fn sites(&self) -> SocketAddr {
        self.sites
    }

    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// The label's value on everything that it makes.
    pub(crate) fn id(&self) -> String {
        fs::read_to_string(self.state.join("installation-id"))
            .expect("a start writes the id")
            .trim()
            .to_owned()
    }

    /// One request to the API.
    pub(crate) fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let authorization = format!("Token {}", self.token);
        let body = body
            .map(|body| body.to_string().into_bytes())
            .unwrap_or_default();
        let headers = [
            ("Authorization", authorization.as_str()),
            ("Content-Type", "application/json"),
        ];
        http::once(self.api, method, path, "localhost", &headers, &body)
            .unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    /// What a path of the API gives.
    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Value {
        let answer = self.call("GET", path, None);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.json()
    }

    /// Every item of a list of the API.
    #[track_caller]
    pub(crate) fn list(&self, path: &str) -> Vec<Value> {
        let page = self.get(path);
        assert!(page["next"].is_null(), "the test's lists fit on one page");
        page["results"].as_array().expect("a list").clone()
    }

    /// The operation, once it has ended or needs someone.
    pub(crate) fn ended(&self, operation: &str) -> Value {
        wait::until("the operation ends", Duration::from_mins(2), || {
            let item = self.get(&format!("/apps/v3/operations/{operation}/"));
            let state = item["state"].as_str().unwrap_or_default().to_owned();
            matches!(
                state.as_str(),
                "succeeded" | "rolled_back" | "needs_attention" | "abandoned"
            )
            .then_some(item)
        })
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        for child in [&mut self.server, &mut self.router].into_iter().flatten() {
            let _ = child.kill();
            let _ = child.wait();
        }
        if std::thread::panicking() {
            for log in ["server.log", "router.log"] {
                let text = fs::read_to_string(self.directory.path().join(log)).unwrap_or_default();
                let lines: Vec<&str> = text
                    .lines()
                    .filter(|line| !line.contains("windlass_api::request"))
                    .collect();
                let tail = lines[lines.len().saturating_sub(60)..].join("\n");
                eprintln!("==== {log}, last lines\n{tail}\n====");
            }
        }
        if let Ok(id) = fs::read_to_string(self.state.join("installation-id")) {
            docker::clean(id.trim());
        }
        if !std::thread::panicking() {
            let logs = ["server.log", "router.log"].map(|log| self.directory.path().join(log));
            secrets::are_written_nowhere(&self.state, &logs, &self.token);
        }
    }
}

pub(crate) fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a free port")
}

/// 16 subnets that no network of the Docker Engine has, and no other test of this process: other
/// installations on this machine take theirs from the default pool.
fn free_pool() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let ids = docker::run(&["network", "ls", "--quiet"]);
    let mut arguments = vec![
        "network",
        "inspect",
        "--format",
        "{{range .IPAM.Config}}{{.Subnet}} {{end}}",
    ];
    arguments.extend(ids.lines());
    let taken = docker::run(&arguments);
    // 10.224.0.0/11 holds 512 of them; several processes of tests begin at different places.
    let begin = std::process::id() % 32;
    loop {
        let slot = begin * 16 + NEXT.fetch_add(1, Ordering::Relaxed);
        let (second, third) = (224 + (slot / 16) % 32, (slot % 16) * 16);
        let used =
            (third..third + 16).any(|third| taken.contains(&format!("10.{second}.{third}.0/")));
        if !used {
            return format!("10.{second}.{third}.0/20");
        }
    }
}
