//! Stopping a server, and what the next one does.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use windlass_operations::{Done, Event, Failure, OperationState, OperationStore, StepState};

use super::scripted::{Bench, LONG, Scripted, Server, spec};
use windlass_model::id::OperationId;

fn long_step(heeds: bool) -> Scripted {
    Scripted::new(vec![spec("one")], move |context| async move {
        if context.attempt > 1 {
            return Ok(Done::default());
        }
        if heeds {
            context.cancel.cancelled().await;
            return Err(Failure::transient("stopped", "told to stop"));
        }
        std::future::pending().await
    })
}

async fn at_work(server: &Server, id: OperationId) {
    let started =
        |operation: &windlass_operations::Operation| operation.steps[0].state == StepState::Started;
    assert!(started(
        &server.runner.wait_until(id, LONG, started).await.unwrap()
    ));
}

#[tokio::test(start_paused = true)]
async fn a_stop_leaves_the_step_started_and_the_next_server_resumes_it() {
    for heeds in [true, false] {
        let bench = Bench::new();
        let server = bench.server(long_step(heeds));
        let id = server.submit("e").await;
        at_work(&server, id).await;
        let begun = Instant::now();
        server.stop().await;
        let deadline = if heeds { 1 } else { 11 };
        assert!(
            begun.elapsed() < Duration::from_secs(deadline),
            "{:?}",
            begun.elapsed()
        );
        let left = bench.load(id).await;
        assert_eq!(
            (left.state, left.steps[0].state),
            (OperationState::Running, StepState::Started)
        );
        assert!(left.owner.is_none(), "the lease was not given back");
        assert!(
            left.steps[0].error.is_none(),
            "a stop is no failure of the step"
        );

        let begun = Instant::now();
        let next = bench.server(long_step(heeds));
        let operation = next.rest(id).await;
        assert!(begun.elapsed() < Duration::from_secs(2));
        assert_eq!(
            (operation.state, operation.steps[0].attempt),
            (OperationState::Succeeded, 2)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_step_that_ends_well_during_a_stop_is_recorded() {
    let bench = Bench::new();
    let definition = || {
        Scripted::new(vec![spec("one"), spec("two")], |context| async move {
            if context.step == "one" {
                context.cancel.cancelled().await;
            }
            Ok(Done::default())
        })
    };
    let server = bench.server(definition());
    let id = server.submit("e").await;
    at_work(&server, id).await;
    server.stop().await;
    let left = bench.load(id).await;
    assert_eq!(
        (left.steps[0].state, left.steps[1].state),
        (StepState::Done, StepState::Todo)
    );
    let next = bench.server(definition());
    assert_eq!(next.rest(id).await.state, OperationState::Succeeded);
}

#[tokio::test(start_paused = true)]
async fn after_a_crash_the_lease_runs_out_or_is_taken_over() {
    for take_over in [false, true] {
        let bench = Bench::new();
        let server = bench.server(long_step(false));
        let id = server.submit("e").await;
        at_work(&server, id).await;
        server.crash().await;
        let begun = Instant::now();
        if take_over {
            assert_eq!(
                bench
                    .store
                    .take_over(windlass_operations::Clock::now(&bench.clock))
                    .await
                    .unwrap(),
                1
            );
        }
        let next = bench.server(long_step(false));
        let operation = next.rest(id).await;
        assert_eq!(
            (operation.state, operation.steps[0].attempt),
            (OperationState::Succeeded, 2)
        );
        let took = begun.elapsed();
        let right = if take_over {
            took < Duration::from_secs(2)
        } else {
            took > Duration::from_secs(25) && took < Duration::from_secs(35)
        };
        assert!(right, "{took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_undo_is_resumed_too() {
    let bench = Bench::new();
    let definition = || {
        Scripted::new(vec![spec("one")], |_| async {
            Err(Failure::permanent("no", "no"))
        })
        .undo(|context| async move {
            if context.attempt > 1 {
                return Ok(Done::default());
            }
            std::future::pending().await
        })
    };
    let server = bench.server(definition());
    let id = server.submit("e").await;
    let undoing = |operation: &windlass_operations::Operation| {
        operation.steps[0].state == StepState::UndoStarted
    };
    assert!(undoing(
        &server.runner.wait_until(id, LONG, undoing).await.unwrap()
    ));
    server.stop().await;
    let next = bench.server_with(vec![Arc::new(definition())], |_| {});
    let operation = next.rest(id).await;
    assert_eq!(
        (operation.state, operation.steps[0].undo_attempt),
        (OperationState::RolledBack, 2)
    );
    let failures = bench
        .events(id)
        .await
        .iter()
        .filter(|event| matches!(event, Event::UndoFailed { .. }))
        .count();
    assert_eq!(failures, 0, "a stop is no failure of the undo");
}
