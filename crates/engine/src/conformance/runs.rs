//! Runs to completion: once, waited for, with all lines.

use tokio::sync::mpsc;

use super::fixture::{Fixture, Program};
use super::support::{
    DEADLINE, assert_conflict, drain, inspect, labels, log_of, name, texts, wait_until, workload,
};
use crate::contract::{LogLine, LogOptions};
use crate::error::Error;
use crate::observation::Phase;
use crate::workload::ExitStatus;

fn lines() -> Vec<String> {
    (1..=200)
        .map(|number| format!("migration {number}"))
        .collect()
}

/// The status and all lines come; the container stays.
pub async fn runs_end_with_their_status(fixture: &dyn Fixture) {
    let engine = fixture.engine();
    let (output, mut receiver) = mpsc::channel(1000);
    let wanted = workload(fixture, "job", Program::Print(lines())).await;
    let status = engine.run(&wanted, output).await.expect("run");
    assert_eq!(
        status,
        ExitStatus {
            code: 0,
            out_of_memory: false
        }
    );
    assert_eq!(texts(&drain(&mut receiver)), lines());
    assert_eq!(
        inspect(fixture, &wanted.name).await.phase,
        Phase::Exited { code: 0 }
    );

    let (output, _receiver) = mpsc::channel(16);
    let wanted = workload(fixture, "failing", Program::Exit(9)).await;
    assert_eq!(engine.run(&wanted, output).await.expect("run").code, 9);
    let (output, _receiver) = mpsc::channel(16);
    let wanted = workload(fixture, "greedy", Program::ExhaustMemory).await;
    assert_eq!(
        engine.run(&wanted, output).await.expect("run"),
        ExitStatus {
            code: 137,
            out_of_memory: true
        }
    );
}

/// A repeated run gives the status of the earlier one; other labels are a conflict.
pub async fn runs_are_not_repeated(fixture: &dyn Fixture) {
    let engine = fixture.engine();
    let wanted = workload(fixture, "job", Program::Print(lines())).await;
    let (output, mut receiver) = mpsc::channel(1000);
    let (one, two) = tokio::join!(
        engine.run(&wanted, output.clone()),
        engine.run(&wanted, output.clone())
    );
    assert!(one.expect("run").is_success() && two.expect("the same run at once").is_success());
    drain(&mut receiver);
    assert!(
        engine
            .run(&wanted, output)
            .await
            .expect("repeated run")
            .is_success()
    );
    assert_eq!(
        texts(&drain(&mut receiver)),
        lines(),
        "the lines of the earlier run"
    );
    assert_eq!(
        texts(&log_of(fixture, &wanted.name, &LogOptions::default()).await),
        lines(),
        "it ran once"
    );
    let mut other = wanted.clone();
    other.labels = other.labels.with("windlass.release", "other");
    assert_conflict(
        engine.run(&other, mpsc::channel(16).0).await,
        "a run with other labels",
    );
    assert_eq!(
        engine
            .observe(&labels(fixture))
            .await
            .expect("observe")
            .len(),
        1
    );
}

/// A receiver that is gone or never reads does not fail the run, nor hold it up for ever.
pub async fn runs_outlive_their_reader(fixture: &dyn Fixture) {
    let engine = fixture.engine();
    let (output, receiver) = mpsc::channel(1);
    drop(receiver);
    let wanted = workload(fixture, "unread", Program::Print(lines())).await;
    assert!(engine.run(&wanted, output).await.expect("run").is_success());
    let (output, _receiver) = mpsc::channel(1);
    let wanted = workload(fixture, "stuck", Program::Print(lines())).await;
    let status = tokio::time::timeout(DEADLINE, engine.run(&wanted, output))
        .await
        .expect("an end in time");
    assert!(status.expect("run").is_success());
}

/// A run whose caller went away is taken up by the next call.
pub async fn dropped_runs_are_taken_up(fixture: &dyn Fixture) {
    let engine = fixture.engine();
    let wanted = workload(
        fixture,
        "job",
        Program::PrintAndSleep(vec!["begun".to_owned()]),
    )
    .await;
    let (output, mut receiver) = mpsc::channel(16);
    tokio::select! {
        status = engine.run(&wanted, output) => panic!("it must not end by itself: {status:?}"),
        line = receiver.recv() => assert_eq!(line.expect("a line").text, "begun"),
    }
    assert_eq!(
        inspect(fixture, &wanted.name).await.phase,
        Phase::Running,
        "it goes on without its caller"
    );
    let (output, mut receiver) = mpsc::channel::<LogLine>(16);
    let ending = async {
        assert_eq!(receiver.recv().await.expect("the line again").text, "begun");
        engine.stop(&wanted.name).await.expect("stop");
    };
    let (status, ()) = tokio::join!(engine.run(&wanted, output), ending);
    assert!(!status.expect("the end of the earlier run").is_success());
    assert_eq!(
        texts(&log_of(fixture, &wanted.name, &LogOptions::default()).await),
        ["begun"],
        "it ran once"
    );

    let removed = workload(fixture, "removed", Program::Sleep).await;
    let removing = async {
        let running = name(fixture, "removed");
        wait_until("it runs", || {
            let (engine, running) = (fixture.engine(), running.clone());
            async move {
                engine
                    .inspect(&running)
                    .await
                    .ok()
                    .flatten()
                    .is_some_and(|seen| seen.phase == Phase::Running)
            }
        })
        .await;
        engine.remove(&running).await.expect("removal");
    };
    let (status, ()) = tokio::join!(engine.run(&removed, mpsc::channel(16).0), removing);
    let ended = matches!(&status, Ok(status) if !status.is_success())
        || matches!(&status, Err(Error::NotFound { .. }));
    assert!(ended, "a run whose container is removed ends: {status:?}");
}
