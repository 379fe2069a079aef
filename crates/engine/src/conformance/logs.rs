//! Logs: which lines, and until when.

use futures::StreamExt;

use super::fixture::{Fixture, Program};
use super::support::{DEADLINE, assert_not_found, log_of, name, texts, wait_for_phase, workload};
use crate::contract::LogOptions;
use crate::lines::LINE_LIMIT;
use crate::observation::Phase;

fn lines(count: usize) -> Vec<String> {
    (1..=count).map(|number| format!("line {number}")).collect()
}

/// All lines with their times, the newest, those after a time; standard error; long lines cut.
pub async fn logs_select_lines(fixture: &dyn Fixture) {
    let engine = fixture.engine();
    let wanted = workload(fixture, "job", Program::Print(lines(5))).await;
    engine.ensure(&wanted).await.expect("ensure");
    wait_for_phase(fixture, &wanted.name, Phase::Exited { code: 0 }).await;
    let all = log_of(fixture, &wanted.name, &LogOptions::default()).await;
    assert_eq!(texts(&all), lines(5));
    assert!(
        all.iter()
            .all(|line| !line.stderr && line.at_millis.is_some_and(|at| at > 1_500_000_000_000)),
        "{all:?}"
    );
    let newest = log_of(
        fixture,
        &wanted.name,
        &LogOptions {
            tail: Some(2),
            ..LogOptions::default()
        },
    )
    .await;
    assert_eq!(texts(&newest), ["line 4", "line 5"]);
    let none = log_of(
        fixture,
        &wanted.name,
        &LogOptions {
            tail: Some(0),
            ..LogOptions::default()
        },
    )
    .await;
    assert_eq!(texts(&none), [""; 0]);
    let since = |since_millis| LogOptions {
        since_millis,
        ..LogOptions::default()
    };
    let (first, last) = (all[0].at_millis, all[4].at_millis);
    let later = log_of(fixture, &wanted.name, &since(first.map(|at| at - 1))).await;
    assert_eq!(texts(&later), lines(5));
    assert_eq!(log_of(fixture, &wanted.name, &since(last)).await, []);
    let followed = log_of(
        fixture,
        &wanted.name,
        &LogOptions {
            follow: true,
            ..LogOptions::default()
        },
    )
    .await;
    assert_eq!(
        texts(&followed),
        lines(5),
        "following what has ended gives all and ends"
    );

    let wanted = workload(fixture, "error", Program::PrintError(lines(2))).await;
    engine.ensure(&wanted).await.expect("ensure");
    wait_for_phase(fixture, &wanted.name, Phase::Exited { code: 0 }).await;
    let all = log_of(fixture, &wanted.name, &LogOptions::default()).await;
    assert_eq!(texts(&all), lines(2));
    assert!(all.iter().all(|line| line.stderr));

    let wanted = workload(fixture, "large", Program::PrintLarge).await;
    engine.ensure(&wanted).await.expect("ensure");
    wait_for_phase(fixture, &wanted.name, Phase::Exited { code: 0 }).await;
    let all = log_of(fixture, &wanted.name, &LogOptions::default()).await;
    assert_eq!(
        all.iter().map(|line| line.text.len()).collect::<Vec<_>>(),
        [LINE_LIMIT, 3]
    );
}

/// Following gives the lines while it runs and ends with the container; it can be dropped.
pub async fn logs_follow(fixture: &dyn Fixture) {
    let engine = fixture.engine();
    let wanted = workload(fixture, "web", Program::PrintAndSleep(lines(3))).await;
    engine.ensure(&wanted).await.expect("ensure");
    let options = LogOptions {
        follow: true,
        ..LogOptions::default()
    };
    drop(engine.logs(&wanted.name, &options).await.expect("logs"));
    let mut stream = engine.logs(&wanted.name, &options).await.expect("logs");
    for line in lines(3) {
        let next = tokio::time::timeout(DEADLINE, stream.next())
            .await
            .expect("a line in time");
        assert_eq!(
            next.expect("the stream goes on").expect("a line").text,
            line
        );
    }
    engine.stop(&wanted.name).await.expect("stop");
    let end = tokio::time::timeout(DEADLINE, stream.next())
        .await
        .expect("the end in time");
    assert!(end.is_none(), "{end:?}");
}

/// An absent container has no log.
pub async fn logs_of_nothing_fail(fixture: &dyn Fixture) {
    let answer = fixture
        .engine()
        .logs(&name(fixture, "absent"), &LogOptions::default())
        .await;
    assert_not_found(answer.map(drop), "container");
}
