//! What the cases share.
#![expect(
    clippy::needless_pass_by_value,
    reason = "answers are asserted on where they are given"
)]

use std::future::Future;
use std::net::IpAddr;
use std::time::Duration;

use futures::StreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;

use super::fixture::{Fixture, Program};
use crate::contract::{LogLine, LogOptions};
use crate::error::Error;
use crate::image::{BuildRequest, ImageReference};
use crate::labels::{INSTALLATION, Labels, ROLE};
use crate::network::{Attachment, NetworkSpec};
use crate::observation::{Observation, Phase};
use crate::workload::{Limits, Restart, Workload};

/// Generous: two slow cores may be shared with a compiler.
pub(super) const DEADLINE: Duration = Duration::from_mins(1);
/// Between two looks at a condition.
const PAUSE: Duration = Duration::from_millis(25);
/// The label that only this fixture's objects carry.
const CASE: &str = "windlass.conformance";

pub(super) fn name(fixture: &dyn Fixture, suffix: &str) -> String {
    format!("{}-{suffix}", fixture.prefix())
}

/// The labels of every object of this fixture.
pub(super) fn labels(fixture: &dyn Fixture) -> Labels {
    Labels::new()
        .with(INSTALLATION, fixture.installation())
        .with(CASE, fixture.prefix())
}

/// A workload without networks that runs the program and is not restarted.
pub(super) async fn workload(fixture: &dyn Fixture, suffix: &str, program: Program) -> Workload {
    Workload {
        name: name(fixture, suffix),
        image: fixture.image().await,
        command: Some(fixture.command(&program)),
        entrypoint: None,
        environment: Vec::new(),
        files: Vec::new(),
        networks: Vec::new(),
        mounts: Vec::new(),
        limits: Limits {
            memory_bytes: 64 * 1024 * 1024,
            cpu_millis: 1000,
            pids: 64,
        },
        restart: Restart::No,
        health: None,
        stop_grace: Duration::from_secs(5),
        labels: labels(fixture).with(ROLE, "process"),
    }
}

pub(super) fn network(fixture: &dyn Fixture, suffix: &str, number: u8) -> NetworkSpec {
    NetworkSpec {
        name: name(fixture, suffix),
        subnet: fixture.subnet(number),
        labels: labels(fixture).with(ROLE, "network"),
    }
}

pub(super) fn attachment(network: &NetworkSpec, alias: &str) -> Attachment {
    Attachment {
        network: network.name.clone(),
        aliases: vec![alias.to_owned()],
    }
}

pub(super) async fn inspect(fixture: &dyn Fixture, name: &str) -> Observation {
    let observed = fixture
        .engine()
        .inspect(name)
        .await
        .expect("inspect of an existing container");
    observed.unwrap_or_else(|| panic!("container {name} is gone"))
}

pub(super) async fn wait_until<F, Looking>(what: &str, look: F)
where
    F: Fn() -> Looking,
    Looking: Future<Output = bool>,
{
    let waiting = async {
        while !look().await {
            tokio::time::sleep(PAUSE).await;
        }
    };
    assert!(
        tokio::time::timeout(DEADLINE, waiting).await.is_ok(),
        "not within {DEADLINE:?}: {what}"
    );
}

pub(super) async fn wait_for_phase(fixture: &dyn Fixture, name: &str, wanted: Phase) {
    wait_until(&format!("{name} becomes {wanted:?}"), || async move {
        inspect(fixture, name).await.phase == wanted
    })
    .await;
}

/// The whole log of a container.
pub(super) async fn log_of(
    fixture: &dyn Fixture,
    name: &str,
    options: &LogOptions,
) -> Vec<LogLine> {
    let stream = fixture.engine().logs(name, options).await.expect("logs");
    let reading = stream.map(|line| line.expect("a log line")).collect();
    tokio::time::timeout(DEADLINE, reading)
        .await
        .expect("the log ends")
}

pub(super) fn texts(lines: &[LogLine]) -> Vec<&str> {
    lines.iter().map(|line| line.text.as_str()).collect()
}

/// The lines that a call has sent.
pub(super) fn drain(receiver: &mut mpsc::Receiver<LogLine>) -> Vec<LogLine> {
    std::iter::from_fn(|| receiver.try_recv().ok()).collect()
}

/// The status line of an HTTP answer, if there is one.
pub(super) async fn http_status(address: IpAddr, port: u16) -> std::io::Result<u16> {
    let mut stream = tokio::net::TcpStream::connect((address, port)).await?;
    stream
        .write_all(b"GET / HTTP/1.1\r\nhost: conformance\r\nconnection: close\r\n\r\n")
        .await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let status = answer
        .split_ascii_whitespace()
        .nth(1)
        .and_then(|status| status.parse().ok());
    status.ok_or(std::io::ErrorKind::InvalidData.into())
}

pub(super) fn build_request(fixture: &dyn Fixture, suffix: &str, context: Vec<u8>) -> BuildRequest {
    let halves = context
        .chunks(context.len() / 2 + 1)
        .map(|chunk| Ok(bytes::Bytes::copy_from_slice(chunk)))
        .collect::<Vec<_>>();
    BuildRequest {
        tag: ImageReference(format!("{}:1", name(fixture, suffix))),
        context: futures::stream::iter(halves).boxed(),
        dockerfile: "Dockerfile".to_owned(),
        target: None,
        arguments: Vec::new(),
        cache: false,
        memory_bytes: Some(3 * 1024 * 1024 * 1024),
        labels: labels(fixture).with(ROLE, "image"),
    }
}

pub(super) fn assert_conflict<T: std::fmt::Debug>(answer: Result<T, Error>, doing: &str) {
    assert!(
        matches!(answer, Err(Error::Conflict { .. })),
        "{doing} must be a conflict, gave {answer:?}"
    );
}

pub(super) fn assert_not_found<T: std::fmt::Debug>(answer: Result<T, Error>, wanted: &str) {
    assert!(
        matches!(&answer, Err(Error::NotFound { what, .. }) if *what == wanted),
        "the {wanted} is absent, gave {answer:?}"
    );
}

pub(super) fn assert_refused<T: std::fmt::Debug>(answer: Result<T, Error>, doing: &str) {
    assert!(
        matches!(answer, Err(Error::Refused { .. })),
        "{doing} must be refused, gave {answer:?}"
    );
}
