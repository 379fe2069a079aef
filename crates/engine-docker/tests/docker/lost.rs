//! Daemons that are not there, or do not answer.

use std::time::Duration;

use tokio::net::UnixListener;
use windlass_engine::{Engine, Error};
use windlass_engine_docker::{DockerEngine, DockerSettings, Timeouts};

fn settings(socket: &std::path::Path) -> DockerSettings {
    let short = Duration::from_secs(1);
    let timeouts = Timeouts {
        look_up: short,
        change: short,
        ..Timeouts::default()
    };
    DockerSettings {
        socket: socket.to_owned(),
        installation: "lost".to_owned(),
        isolated_subnets: None,
        timeouts,
    }
}

#[tokio::test]
async fn an_absent_daemon_is_unreachable() {
    let directory = tempfile::tempdir().expect("a directory");
    let socket = directory.path().join("docker.sock");
    let engine = DockerEngine::new(settings(&socket));
    let answer = engine.ping().await;
    assert!(
        matches!(&answer, Err(Error::Unreachable { reason, .. }) if reason.contains("docker.sock")),
        "{answer:?}"
    );
    drop(UnixListener::bind(&socket).expect("a socket"));
    let answer = engine.inspect("web").await;
    assert!(
        matches!(&answer, Err(Error::Unreachable { .. })),
        "a socket nobody listens on: {answer:?}"
    );
    assert!(DockerEngine::connect(settings(&socket)).await.is_err());
}

#[tokio::test]
async fn a_daemon_that_says_nothing_gives_no_answer() {
    let directory = tempfile::tempdir().expect("a directory");
    let socket = directory.path().join("docker.sock");
    let listener = UnixListener::bind(&socket).expect("a socket");
    let engine = DockerEngine::new(settings(&socket));
    let answer = engine.ping().await;
    assert!(
        matches!(&answer, Err(Error::NoAnswer { .. })),
        "silence: {answer:?}"
    );
    let hanging_up = async {
        loop {
            drop(listener.accept().await.expect("a connection"));
        }
    };
    tokio::select! {
        answer = engine.ping() => assert!(matches!(&answer, Err(error) if error.effect_unknown()), "a connection that breaks: {answer:?}"),
        () = hanging_up => {}
    }
}
