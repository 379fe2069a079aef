//! A server in a container, for as long as a test process lives.

use std::io::Write as _;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tokio::time::{Instant, sleep};
use uuid::Uuid;
use windlass_engine::tar;
use windlass_model::id::ClusterId;
use windlass_services::{Access, Driver, Endpoint, ServerSpec, Tls, password};

/// A container of a driver's server. Gone when it is dropped, and when this process ends.
pub(crate) struct Container {
    pub(crate) name: String,
    pub(crate) spec: ServerSpec,
    /// The administrator's access.
    pub(crate) access: Access,
    lifeline: Child,
}

impl Container {
    /// Starts a server of a type as its driver specifies it, with further arguments of its command; it may
    /// not take connections yet.
    pub(crate) fn start(driver: &dyn Driver, version: &str, further: &[&str]) -> Self {
        let password = password::generate();
        let spec = driver
            .server(version, &password)
            .expect("a supported version");
        let image = spec.image.to_string();
        let found = docker(&["image", "inspect", "--format", "{{.Id}}", &image]);
        assert!(
            found.is_ok(),
            "the image {image} is not there: run ./test, or `windlass images prepare`"
        );
        let name = format!(
            "windlass-test-{}-{}",
            driver.kind(),
            Uuid::now_v7().simple()
        );
        // Removes the container when this process ends, however it ends: its end closes the pipe.
        let lifeline = Command::new("sh")
            .args([
                "-c",
                "cat >/dev/null; docker rm --force --volumes \"$0\" >/dev/null 2>&1",
                &name,
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .expect("sh can be started");
        let ports = driver.administration_port().into_iter().chain([spec.port]);
        let mut run = Command::new("docker");
        run.args(["create", "--name", &name]);
        for port in ports {
            run.args(["--publish", &format!("127.0.0.1::{port}")]);
        }
        for (key, value) in &spec.environment {
            run.args(["--env", key]).env(key, value.expose_secret());
        }
        run.arg(&image)
            .args(spec.command.iter().flatten())
            .args(further);
        let started = output(&mut run)
            .and_then(|_| put_files(&name, &spec))
            .and_then(|()| docker(&["start", &name]));
        assert!(
            started.is_ok(),
            "the container of {image} does not start: {started:?}"
        );
        let mut container = Self {
            name,
            access: access(driver, &spec, password),
            spec,
            lifeline,
        };
        let administration = driver.administration_port();
        container.access.endpoint.port =
            container.published(administration.unwrap_or(container.spec.port));
        container.access.application_port = container.published(container.spec.port);
        container
    }

    /// The port of this machine at which a port of the server is.
    pub(crate) fn published(&self, port: u16) -> u16 {
        let published = docker(&["port", &self.name, &format!("{port}/tcp")]);
        let published = published.expect("the port is published");
        let (_, port) = published
            .lines()
            .next()
            .and_then(|line| line.rsplit_once(':'))
            .expect("a port");
        port.trim().parse().expect("a port")
    }

    /// Waits until this succeeds, for as long as the driver says that a start may take.
    pub(crate) async fn wait_until<T, E: std::fmt::Debug>(
        &self,
        mut is_ready: impl AsyncFnMut() -> Result<T, E>,
    ) -> T {
        let deadline = Instant::now() + self.spec.start_deadline;
        loop {
            let error = match is_ready().await {
                Ok(value) => return value,
                Err(error) => error,
            };
            let running = docker(&["inspect", "--format", "{{.State.Running}}", &self.name]);
            let is_running = running.is_ok_and(|text| text.trim() == "true");
            assert!(
                is_running && Instant::now() < deadline,
                "no server: {error:?}\n{}",
                self.log()
            );
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// The server's log until now.
    pub(crate) fn log(&self) -> String {
        let shown = Command::new("docker")
            .args(["logs", &self.name])
            .output()
            .expect("docker runs");
        String::from_utf8_lossy(&[shown.stdout, shown.stderr].concat()).into_owned()
    }

    /// Runs a program in the container.
    pub(crate) fn exec(&self, arguments: &[&str]) -> Result<String, String> {
        docker(&[&["exec", self.name.as_str()], arguments].concat())
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        drop(self.lifeline.stdin.take());
        drop(self.lifeline.wait());
    }
}

fn access(driver: &dyn Driver, spec: &ServerSpec, password: SecretString) -> Access {
    Access {
        cluster: ClusterId::from(Uuid::now_v7()),
        description: format!("shared cluster '{}' of region local", driver.kind()),
        endpoint: Endpoint {
            host: "127.0.0.1".to_owned(),
            port: spec.port,
        },
        application_port: spec.port,
        user: spec.administrator.clone(),
        password,
        database: None,
        tls: Tls::Off,
        settings: None,
    }
}

/// As the engine does it before the first start.
fn put_files(container: &str, spec: &ServerSpec) -> Result<(), String> {
    if spec.files.is_empty() {
        return Ok(());
    }
    let files = spec.files.iter().map(|file| {
        let path = file.path.trim_start_matches('/');
        (path, file.content.expose_secret(), file.mode)
    });
    let archive = tar::archive(files);
    let mut copy = Command::new("docker")
        .args(["cp", "-", &format!("{container}:/")])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .map_err(|error| format!("docker cannot be run: {error}"))?;
    let mut input = copy.stdin.take().expect("it is piped");
    let written = input.write_all(&archive);
    drop(input);
    let ended = copy.wait().map_err(|error| error.to_string())?;
    written.map_err(|error| error.to_string())?;
    if ended.success() {
        Ok(())
    } else {
        Err(format!("docker cp: {ended}"))
    }
}

fn docker(arguments: &[&str]) -> Result<String, String> {
    output(Command::new("docker").args(arguments))
}

fn output(command: &mut Command) -> Result<String, String> {
    let output = command
        .output()
        .map_err(|error| format!("docker cannot be run: {error}"))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}
