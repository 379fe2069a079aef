//! Commands in running containers.

use std::time::Duration;

use bytes::Bytes;

use super::fixture::{Fixture, Program};
use super::support::{DEADLINE, assert_not_found, assert_refused, inspect, workload};
use crate::error::Error;
use crate::observation::Phase;

/// Output, exit code and standard input.
pub async fn exec_collects_output(fixture: &dyn Fixture) {
    let engine = fixture.engine();
    let wanted = workload(fixture, "web", Program::Sleep).await;
    engine.ensure(&wanted).await.expect("ensure");
    let exec = |program: Program, stdin: Option<Bytes>| {
        let (engine, name, command) = (
            fixture.engine(),
            wanted.name.clone(),
            fixture.command(&program),
        );
        async move {
            engine
                .exec(&name, &command, stdin, DEADLINE)
                .await
                .expect("exec")
        }
    };
    let out = exec(
        Program::Print(vec!["one".to_owned(), "two".to_owned()]),
        None,
    )
    .await;
    assert_eq!(
        (out.code, out.stdout.as_slice(), out.stderr.as_slice()),
        (0, b"one\ntwo\n".as_slice(), b"".as_slice())
    );
    let out = exec(Program::PrintError(vec!["oh".to_owned()]), None).await;
    assert_eq!(
        (out.code, out.stdout.as_slice(), out.stderr.as_slice()),
        (0, b"".as_slice(), b"oh\n".as_slice())
    );
    assert_eq!(exec(Program::Exit(7), None).await.code, 7);
    let text = "some\ninput\n".repeat(5000);
    let out = exec(Program::Cat, Some(Bytes::from(text.clone()))).await;
    assert_eq!(out.code, 0);
    assert!(
        out.stdout == text.as_bytes(),
        "{} bytes came back of {}",
        out.stdout.len(),
        text.len()
    );
    let out = exec(Program::Cat, Some(Bytes::new())).await;
    assert_eq!((out.code, out.stdout.len()), (0, 0));
}

/// There is nothing to run it in otherwise.
pub async fn exec_needs_a_running_container(fixture: &dyn Fixture) {
    let engine = fixture.engine();
    let wanted = workload(fixture, "web", Program::Sleep).await;
    let command = fixture.command(&Program::Exit(0));
    assert_not_found(
        engine.exec(&wanted.name, &command, None, DEADLINE).await,
        "container",
    );
    engine.ensure(&wanted).await.expect("ensure");
    engine.stop(&wanted.name).await.expect("stop");
    assert_refused(
        engine.exec(&wanted.name, &command, None, DEADLINE).await,
        "exec in a stopped container",
    );
}

/// A command that takes longer than allowed gives no answer; the container runs on.
pub async fn exec_times_out(fixture: &dyn Fixture) {
    let engine = fixture.engine();
    let wanted = workload(fixture, "web", Program::Sleep).await;
    engine.ensure(&wanted).await.expect("ensure");
    let command = fixture.command(&Program::PrintAndSleep(vec!["begun".to_owned()]));
    let answer = engine
        .exec(&wanted.name, &command, None, Duration::from_secs(1))
        .await;
    assert!(matches!(answer, Err(Error::NoAnswer { .. })), "{answer:?}");
    assert_eq!(inspect(fixture, &wanted.name).await.phase, Phase::Running);
}
