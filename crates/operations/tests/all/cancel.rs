//! Cancelling, at every time and from everywhere.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;
use windlass_operations::{CommandError, Done, Failure, OperationState, StepState, StoreError};

use super::scripted::{Bench, LONG, Scripted, Server, spec};
use windlass_model::id::OperationId;

async fn started(server: &Server, id: OperationId, step: &str) {
    let is = |operation: &windlass_operations::Operation| {
        operation.step(step).unwrap().state == StepState::Started
    };
    assert!(is(&server.runner.wait_until(id, LONG, is).await.unwrap()));
}

/// Steps that go on until they are cancelled.
fn endless() -> Scripted {
    Scripted::new(vec![spec("one")], |context| async move {
        context.cancel.cancelled().await;
        Err(Failure::transient("cancelled", "stopped early"))
    })
}

#[tokio::test(start_paused = true)]
async fn a_running_step_is_told_at_once_and_undone() {
    let bench = Bench::new();
    let server = bench.server(endless());
    let id = server.submit("e").await;
    started(&server, id, "one").await;
    let begun = Instant::now();
    let operation = server.runner.cancel(id, "ada").await.unwrap();
    assert_eq!(operation.state, OperationState::Compensating);
    // Twice is fine.
    server.runner.cancel(id, "bob").await.unwrap();
    let operation = server.rest(id).await;
    assert!(
        begun.elapsed() < Duration::from_secs(1),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(operation.state, OperationState::RolledBack);
    assert_eq!(
        (operation.error, operation.cancel_by.as_deref()),
        (None, Some("ada"))
    );
    assert_eq!(
        (operation.steps[0].attempt, operation.steps[0].state),
        (1, StepState::Undone)
    );
}

#[tokio::test(start_paused = true)]
async fn a_cancel_at_another_server_arrives_with_the_next_heartbeat() {
    let bench = Bench::new();
    let server = bench.server(endless());
    let id = server.submit("e").await;
    started(&server, id, "one").await;
    let other = bench.server_with(vec![Arc::new(endless())], |settings| {
        "other".clone_into(&mut settings.owner);
    });
    let begun = Instant::now();
    other.runner.cancel(id, "ada").await.unwrap();
    assert_eq!(server.rest(id).await.state, OperationState::RolledBack);
    assert!(
        begun.elapsed() < Duration::from_secs(12),
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn a_step_that_succeeds_in_spite_of_the_cancel_is_undone() {
    let bench = Bench::new();
    let definition = Scripted::new(vec![spec("one"), spec("two")], |context| async move {
        context.cancel.cancelled().await;
        Ok(Done::changes(vec![super::toy::Change::Add(context.step)]))
    })
    .undo(|context| async move {
        assert!(context.had_completed());
        Ok(Done::changes(vec![super::toy::Change::Remove(
            context.step,
        )]))
    });
    let server = bench.server(definition);
    let id = server.submit("e").await;
    started(&server, id, "one").await;
    server.runner.cancel(id, "ada").await.unwrap();
    let operation = server.rest(id).await;
    assert_eq!(operation.state, OperationState::RolledBack);
    assert_eq!(operation.steps[1].state, StepState::Todo);
    assert!(bench.store.domain().present.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_pivot_is_finished_first_and_then_it_is_too_late() {
    let bench = Bench::new();
    let go_on = Arc::new(Notify::new());
    let waits = Arc::clone(&go_on);
    let definition = Scripted::new(
        vec![spec("switch").pivot(), spec("behind")],
        move |context| {
            let waits = Arc::clone(&waits);
            async move {
                waits.notified().await;
                assert!(
                    !context.cancel.is_cancelled(),
                    "a step that has to be finished is not told to stop"
                );
                Ok(Done::default())
            }
        },
    );
    let server = bench.server(definition);
    let id = server.submit("e").await;
    started(&server, id, "switch").await;
    let noted = server.runner.cancel(id, "ada").await.unwrap();
    assert_eq!(
        (noted.state, noted.cancel_by.as_deref()),
        (OperationState::Running, Some("ada"))
    );
    go_on.notify_one();
    started(&server, id, "behind").await;
    let refused = server.runner.cancel(id, "ada").await.unwrap_err();
    assert!(
        matches!(&refused, CommandError::Store(StoreError::Refused(why)) if why.contains("past the point of no return")),
        "{refused}"
    );
    go_on.notify_one();
    assert_eq!(server.rest(id).await.state, OperationState::Succeeded);
    let refused = server.runner.cancel(id, "ada").await.unwrap_err();
    assert!(
        refused.to_string().contains("has ended: it is succeeded"),
        "{refused}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_noted_cancel_is_heeded_when_the_pivot_turns_out_not_to_have_happened() {
    let bench = Bench::new();
    let go_on = Arc::new(Notify::new());
    let waits = Arc::clone(&go_on);
    let definition = Scripted::new(vec![spec("switch").pivot()], move |_| {
        let waits = Arc::clone(&waits);
        async move {
            waits.notified().await;
            let mut failure = Failure::transient("refused", "the router was not there");
            failure.effect = windlass_operations::Effect::None;
            Err(failure)
        }
    });
    let server = bench.server(definition);
    let id = server.submit("e").await;
    started(&server, id, "switch").await;
    server.runner.cancel(id, "ada").await.unwrap();
    go_on.notify_one();
    let operation = server.rest(id).await;
    assert_eq!(
        (operation.state, operation.steps[0].attempt),
        (OperationState::RolledBack, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn a_waiting_operation_is_cancelled_at_once() {
    let bench = Bench::new();
    let definition = Scripted::new(vec![spec("one")], |_| async {
        let mut failure = Failure::transient("busy", "come back in an hour");
        failure.retry = windlass_operations::Retry::AfterMillis(3_600_000);
        Err(failure)
    });
    let server = bench.server(definition);
    let id = server.submit("e").await;
    let waits = |operation: &windlass_operations::Operation| operation.steps[0].error.is_some();
    server.runner.wait_until(id, LONG, waits).await.unwrap();
    let begun = Instant::now();
    server.runner.cancel(id, "ada").await.unwrap();
    assert_eq!(server.rest(id).await.state, OperationState::RolledBack);
    assert!(begun.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn an_undo_is_never_told_to_stop_by_a_cancel() {
    let bench = Bench::new();
    let definition = Scripted::new(vec![spec("one")], |context| async move {
        context.cancel.cancelled().await;
        Err(Failure::transient("cancelled", "stopped early"))
    })
    .undo(|context| async move {
        // Several heartbeats, each of which looks for a cancel.
        let told = tokio::time::timeout(Duration::from_secs(35), context.cancel.cancelled()).await;
        assert!(told.is_err(), "told to stop");
        Ok(Done::default())
    });
    let server = bench.server(definition);
    let id = server.submit("e").await;
    started(&server, id, "one").await;
    server.runner.cancel(id, "ada").await.unwrap();
    let undoing = |op: &windlass_operations::Operation| op.steps[0].state == StepState::UndoStarted;
    assert!(undoing(
        &server.runner.wait_until(id, LONG, undoing).await.unwrap()
    ));
    server.runner.cancel(id, "ada").await.unwrap();
    let operation = server.rest(id).await;
    assert_eq!(
        (operation.state, operation.steps[0].undo_attempt),
        (OperationState::RolledBack, 1)
    );
}
