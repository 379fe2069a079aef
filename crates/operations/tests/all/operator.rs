//! What needs a person, and what that person can do.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use windlass_operations::{Done, Failure, OperationState, Outcome, StepState};

use super::scripted::{Bench, Scripted, Server, spec};
use super::toy::Change;
use windlass_model::id::OperationId;

/// Fails to undo `one`, which is done, until it is healed.
fn broken_undo(healed: &Arc<AtomicBool>) -> Scripted {
    let healed = Arc::clone(healed);
    Scripted::new(
        vec![spec("zero"), spec("one"), spec("two")],
        |context| async move {
            if context.step == "two" {
                Err(Failure::permanent("broken", "two cannot work"))
            } else {
                Ok(Done::default())
            }
        },
    )
    .undo(move |context| {
        let fine = healed.load(Ordering::SeqCst) || context.step != "one";
        async move {
            if fine {
                Ok(Done::default())
            } else {
                Err(Failure::transient("stuck", "the server is away"))
            }
        }
    })
    .finish(|outcome| {
        Ok(vec![Change::End(
            if matches!(outcome, Outcome::Succeeded) {
                "succeeded"
            } else {
                "rolled back"
            },
        )])
    })
}

/// Fails behind the pivot until it is healed.
fn broken_behind(healed: &Arc<AtomicBool>) -> Scripted {
    let healed = Arc::clone(healed);
    Scripted::new(
        vec![spec("switch").pivot(), spec("revoke"), spec("last")],
        move |context| {
            let fine = healed.load(Ordering::SeqCst) || context.step != "revoke";
            async move {
                if fine {
                    Ok(Done::default())
                } else {
                    Err(Failure::transient("stuck", "the server is away"))
                }
            }
        },
    )
}

async fn stuck(bench: &Bench, definition: Scripted) -> (Server, OperationId) {
    let server = bench.server(definition);
    let id = server.submit("e").await;
    assert_eq!(server.rest(id).await.state, OperationState::NeedsAttention);
    (server, id)
}

#[tokio::test(start_paused = true)]
async fn an_undo_that_keeps_failing_needs_attention_and_can_be_retried() {
    let (bench, healed) = (Bench::new(), Arc::new(AtomicBool::new(false)));
    let (server, id) = stuck(&bench, broken_undo(&healed)).await;
    let operation = bench.load(id).await;
    assert_eq!(operation.steps[1].undo_attempt, 50);
    assert_eq!(
        operation.error.unwrap().code,
        "broken",
        "the failure that began it"
    );
    assert_eq!(operation.steps[1].error.as_ref().unwrap().code, "stuck");
    // Another try, in vain, has a budget of its own.
    server.runner.retry(id, "op").await.unwrap();
    let operation = server.rest(id).await;
    assert_eq!(
        (operation.state, operation.steps[1].undo_attempt),
        (OperationState::NeedsAttention, 50)
    );
    healed.store(true, Ordering::SeqCst);
    server.runner.retry(id, "op").await.unwrap();
    let operation = server.rest(id).await;
    assert_eq!(operation.state, OperationState::RolledBack);
    assert_eq!(operation.error.unwrap().code, "broken");
    assert_eq!(bench.store.domain().end.as_deref(), Some("rolled back"));
}

#[tokio::test(start_paused = true)]
async fn a_failing_undo_can_be_skipped_with_a_reason() {
    let (bench, healed) = (Bench::new(), Arc::new(AtomicBool::new(false)));
    let (server, id) = stuck(&bench, broken_undo(&healed)).await;
    for (step, reason, why) in [
        ("one", " ", "needs a reason"),
        ("zero", "by hand", "is at step 'one'"),
        ("none", "by hand", "no step 'none'"),
    ] {
        let refused = server
            .runner
            .skip(id, step, "op", reason)
            .await
            .unwrap_err();
        assert!(refused.to_string().contains(why), "{refused}");
    }
    server
        .runner
        .skip(id, "one", "op", "dropped by hand")
        .await
        .unwrap();
    let operation = server.rest(id).await;
    assert_eq!(operation.state, OperationState::RolledBack);
    assert!(
        operation
            .steps
            .iter()
            .all(|step| step.state == StepState::Undone)
    );
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_undone_can_be_abandoned_with_a_reason() {
    let (bench, healed) = (Bench::new(), Arc::new(AtomicBool::new(false)));
    let (server, id) = stuck(&bench, broken_undo(&healed)).await;
    assert!(
        server
            .runner
            .abandon(id, "op", "")
            .await
            .unwrap_err()
            .to_string()
            .contains("needs a reason")
    );
    assert_eq!(
        bench.store.domain().end,
        None,
        "a refused command has written rows"
    );
    let operation = server
        .runner
        .abandon(id, "op", "the machine is gone")
        .await
        .unwrap();
    assert_eq!(operation.state, OperationState::Abandoned);
    assert_eq!(
        operation.abandon_reason.as_deref(),
        Some("the machine is gone")
    );
    assert_eq!(bench.store.domain().end.as_deref(), Some("abandoned"));
    assert!(
        server
            .runner
            .retry(id, "op")
            .await
            .unwrap_err()
            .to_string()
            .contains("has ended")
    );
    // Its subject is free again.
    server.submit("e").await;
}

#[tokio::test(start_paused = true)]
async fn behind_the_pivot_it_only_goes_forward() {
    let (bench, healed) = (Bench::new(), Arc::new(AtomicBool::new(false)));
    let (server, id) = stuck(&bench, broken_behind(&healed)).await;
    let operation = bench.load(id).await;
    assert_eq!(
        (operation.steps[1].attempt, operation.steps[1].state),
        (30, StepState::Failed)
    );
    let refused = server.runner.cancel(id, "ada").await.unwrap_err();
    assert!(
        refused.to_string().contains("past the point of no return"),
        "{refused}"
    );
    healed.store(true, Ordering::SeqCst);
    server.runner.retry(id, "op").await.unwrap();
    let operation = server.rest(id).await;
    assert_eq!(
        (operation.state, operation.error),
        (OperationState::Succeeded, None)
    );
}

#[tokio::test(start_paused = true)]
async fn a_step_behind_the_pivot_can_be_skipped() {
    let (bench, healed) = (Bench::new(), Arc::new(AtomicBool::new(false)));
    let (server, id) = stuck(&bench, broken_behind(&healed)).await;
    server
        .runner
        .skip(id, "revoke", "op", "revoked by hand")
        .await
        .unwrap();
    let operation = server.rest(id).await;
    assert_eq!(
        (operation.state, operation.steps[1].output.clone()),
        (OperationState::Succeeded, None)
    );
}

#[tokio::test(start_paused = true)]
async fn a_pivot_in_doubt_is_never_rolled_back_by_itself() {
    let bench = Bench::new();
    let definition = Scripted::new(
        vec![spec("before"), spec("switch").pivot()],
        |context| async move {
            if context.step == "switch" {
                Err(Failure::transient("lost", "no answer"))
            } else {
                Ok(Done::default())
            }
        },
    );
    let (server, id) = stuck(&bench, definition).await;
    let operation = bench.load(id).await;
    assert_eq!(operation.steps[0].state, StepState::Done);
    let refused = server.runner.cancel(id, "ada").await.unwrap_err();
    assert!(refused.to_string().contains("is unknown"), "{refused}");
    server
        .runner
        .skip(id, "switch", "op", "it had happened")
        .await
        .unwrap();
    assert_eq!(server.rest(id).await.state, OperationState::Succeeded);
}

#[tokio::test(start_paused = true)]
async fn what_this_server_does_not_know_waits_for_an_operator() {
    let fine =
        |name: &'static str| Scripted::new(vec![spec(name)], |_| async { Ok(Done::default()) });
    let mut newer = fine("one");
    newer.version = 2;
    let mut other_kind = fine("one");
    other_kind.kind = "other";
    let cases = [
        (newer, "unknown_version"),
        (other_kind, "unknown_kind"),
        (fine("renamed"), "unknown_step"),
    ];
    for (definition, code) in cases {
        let bench = Bench::new();
        let before = bench.server_with(vec![Arc::new(fine("one"))], |settings| {
            settings.concurrency = 0;
        });
        let id = before.submit("e").await;
        before.crash().await;
        let stranger = bench.server(definition);
        let operation = stranger.rest(id).await;
        assert_eq!(operation.state, OperationState::NeedsAttention);
        let failure = operation.error.unwrap();
        assert_eq!(failure.code, code);
        assert!(failure.hint.is_some());
        stranger.crash().await;
        // The right server goes on after a retry.
        let right = bench.server(fine("one"));
        right.runner.retry(id, "op").await.unwrap();
        let operation = right.rest(id).await;
        assert_eq!(
            (operation.state, operation.error),
            (OperationState::Succeeded, None),
            "{code}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_goes_on_by_itself_takes_no_operator_commands() {
    let bench = Bench::new();
    let server = bench.server(Scripted::new(vec![spec("one")], |_| std::future::pending()));
    let id = server.submit("e").await;
    let refusals = [
        server.runner.retry(id, "op").await.unwrap_err(),
        server
            .runner
            .skip(id, "one", "op", "why")
            .await
            .unwrap_err(),
        server.runner.abandon(id, "op", "why").await.unwrap_err(),
    ];
    for refused in refusals {
        assert!(
            refused.to_string().contains("goes on by itself"),
            "{refused}"
        );
    }
    assert_eq!(bench.store.domain().end, None);
}
