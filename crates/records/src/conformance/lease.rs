//! Leases: who may write.

use std::collections::HashSet;
use std::sync::Arc;

use windlass_model::id::OperationId;
use windlass_operations::{Event, Failure, Fence, OperationState, StoreError};

use super::not_found;
use super::sample::{self, NOW, id};
use crate::Store;

fn started(step: &str) -> Event {
    Event::StepStarted { step: step.into() }
}

fn lost<T: std::fmt::Debug>(result: &Result<T, StoreError>, id: OperationId) {
    assert!(
        matches!(result, Err(StoreError::LostLease(lost)) if *lost == id),
        "the lease is lost, not {result:?}"
    );
}

/// What has been due longest comes first; what is not due, or leased, does not come.
pub async fn oldest_due_first(store: Arc<dyn Store>) {
    assert_eq!(store.claim("me", NOW, 1000).await.expect("an answer"), None);
    for (subject, due) in [("later", 20), ("sooner", 10), ("future", 5000)] {
        let mut new = sample::operation(subject);
        new.created_at = NOW.plus_millis(due);
        store.create(new, Vec::new()).await.expect("it is created");
    }
    let now = NOW.plus_millis(100);
    let first = store
        .claim("me", now, 1000)
        .await
        .expect("an answer")
        .expect("one is due");
    assert_eq!(first.subject.id, "sooner");
    assert_eq!(
        (first.owner.as_deref(), first.epoch, first.lease_until),
        (Some("me"), 1, now.plus_millis(1000))
    );
    assert_eq!(
        store.load(first.id).await.expect("an answer"),
        Some(first.clone())
    );
    let second = store
        .claim("you", now, 1000)
        .await
        .expect("an answer")
        .expect("one is due");
    assert_eq!(second.subject.id, "later");
    assert_eq!(
        store
            .claim("you", now.plus_millis(999), 1000)
            .await
            .expect("an answer"),
        None
    );
    let again = store
        .claim("you", now.plus_millis(1000), 1000)
        .await
        .expect("an answer")
        .expect("its lease has ended");
    assert_eq!(
        (again.id, again.epoch, again.owner.as_deref()),
        (first.id, 2, Some("you"))
    );
}

/// Four runners, 500 operations: each is claimed once.
pub async fn no_double_claim(store: Arc<dyn Store>) {
    let mut wanted = HashSet::new();
    for number in 0..500 {
        let new = sample::operation(&number.to_string());
        wanted.insert(new.id);
        store.create(new, Vec::new()).await.expect("it is created");
    }
    let runners: Vec<_> = (0..4)
        .map(|runner| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let mut claimed = Vec::new();
                while let Some(operation) = store
                    .claim(&format!("runner-{runner}"), NOW, 60_000)
                    .await
                    .expect("an answer")
                {
                    claimed.push(operation.id);
                    assert!(
                        claimed.len() <= 500,
                        "an operation is claimed again and again"
                    );
                }
                claimed
            })
        })
        .collect();
    let mut claimed = Vec::new();
    for runner in runners {
        claimed.extend(runner.await.expect("no runner panics"));
    }
    assert_eq!(claimed.len(), 500, "each is claimed once");
    assert_eq!(claimed.into_iter().collect::<HashSet<_>>(), wanted);
}

/// A runner whose lease another has taken writes nothing any more.
pub async fn a_stale_epoch_is_refused(store: Arc<dyn Store>) {
    let new = sample::operation("a");
    store
        .create(new.clone(), Vec::new())
        .await
        .expect("it is created");
    let old = store
        .claim("old", NOW, 10)
        .await
        .expect("an answer")
        .expect("one is due");
    let later = NOW.plus_millis(10);
    let fresh = store
        .claim("new", later, 1000)
        .await
        .expect("an answer")
        .expect("its lease has ended");
    let before = store.load(new.id).await.expect("an answer");
    let change = crate::Change::PutSetting {
        name: "name".into(),
        value: true.into(),
    };
    lost(
        &store
            .record(
                new.id,
                Fence::Epoch(old.epoch),
                later,
                &started("first"),
                &[change],
            )
            .await,
        new.id,
    );
    lost(
        &store
            .heartbeat(new.id, old.epoch, later.plus_millis(9))
            .await,
        new.id,
    );
    lost(&store.release_lease(new.id, old.epoch).await, new.id);
    lost(
        &store
            .record(
                new.id,
                Fence::Epoch(fresh.epoch + 1),
                later,
                &started("first"),
                &[],
            )
            .await,
        new.id,
    );
    assert_eq!(store.load(new.id).await.expect("an answer"), before);
    assert_eq!(store.setting("name").await.expect("an answer"), None);
    assert!(store.events(new.id, 0, 9).await.expect("events").is_empty());
    store
        .record(
            new.id,
            Fence::Epoch(fresh.epoch),
            later,
            &started("first"),
            &[],
        )
        .await
        .expect("the new one writes");
}

/// An operation that waits for its next attempt is nobody's, and not due before.
pub async fn waiting_ends_the_lease(store: Arc<dyn Store>) {
    let new = sample::operation("a");
    store
        .create(new.clone(), Vec::new())
        .await
        .expect("it is created");
    let claimed = store
        .claim("me", NOW, 60_000)
        .await
        .expect("an answer")
        .expect("one is due");
    let fence = Fence::Epoch(claimed.epoch);
    store
        .record(new.id, fence, NOW, &started("first"), &[])
        .await
        .expect("it starts");
    let retry_at = NOW.plus_millis(500);
    let failure = Failure::transient("unreachable", "no answer");
    let failed = Event::StepFailed {
        step: "first".into(),
        failure,
        retry_at: Some(retry_at),
    };
    let waiting = store
        .record(new.id, fence, NOW, &failed, &[])
        .await
        .expect("it waits");
    assert_eq!(
        (waiting.owner.as_deref(), waiting.next_run_at),
        (None, retry_at)
    );
    assert_eq!(store.next_due().await.expect("an answer"), Some(retry_at));
    lost(
        &store
            .heartbeat(new.id, claimed.epoch, NOW.plus_millis(90_000))
            .await,
        new.id,
    );
    assert_eq!(
        store
            .claim("you", NOW.plus_millis(499), 1000)
            .await
            .expect("an answer"),
        None
    );
    let again = store
        .claim("you", retry_at, 1000)
        .await
        .expect("an answer")
        .expect("it is due");
    assert_eq!(again.epoch, claimed.epoch + 1);

    let attention = Event::AttentionNeeded {
        failure: Failure::permanent("x", "y"),
    };
    let stuck = store
        .record(new.id, Fence::Epoch(again.epoch), retry_at, &attention, &[])
        .await
        .expect("it applies");
    assert_eq!(
        (stuck.state, stuck.owner),
        (OperationState::NeedsAttention, None)
    );
    assert_eq!(
        store
            .claim("you", NOW.plus_millis(1_000_000), 1000)
            .await
            .expect("an answer"),
        None
    );
    assert_eq!(store.next_due().await.expect("an answer"), None);
}

/// A heartbeat moves the end of the lease; giving it back ends it.
pub async fn heartbeat_and_release(store: Arc<dyn Store>) {
    let new = sample::operation("a");
    store
        .create(new.clone(), Vec::new())
        .await
        .expect("it is created");
    let claimed = store
        .claim("me", NOW, 100)
        .await
        .expect("an answer")
        .expect("one is due");
    store
        .heartbeat(new.id, claimed.epoch, NOW.plus_millis(900))
        .await
        .expect("it is prolonged");
    assert_eq!(
        store
            .claim("you", NOW.plus_millis(899), 100)
            .await
            .expect("an answer"),
        None
    );
    store
        .release_lease(new.id, claimed.epoch)
        .await
        .expect("it is given back");
    let again = store
        .claim("you", NOW, 100)
        .await
        .expect("an answer")
        .expect("it is free at once");
    assert_eq!((again.id, again.epoch), (new.id, claimed.epoch + 1));
    not_found(store.heartbeat(id(), 1, NOW).await);
    not_found(store.release_lease(id(), 1).await);
}

/// At the start of the only server nothing of an earlier one can write, and its work is due.
pub async fn take_over_ends_every_lease(store: Arc<dyn Store>) {
    for subject in ["leased", "stuck", "fresh"] {
        store
            .create(sample::operation(subject), Vec::new())
            .await
            .expect("it is created");
    }
    let leased = store
        .claim("old", NOW, 60_000)
        .await
        .expect("an answer")
        .expect("one is due");
    let stuck = store
        .claim("old", NOW, 60_000)
        .await
        .expect("an answer")
        .expect("one is due");
    let attention = Event::AttentionNeeded {
        failure: Failure::permanent("x", "y"),
    };
    store
        .record(stuck.id, Fence::Epoch(stuck.epoch), NOW, &attention, &[])
        .await
        .expect("it needs attention");
    let now = NOW.plus_millis(1);
    assert_eq!(
        store.take_over(now).await.expect("an answer"),
        1,
        "one had a lease"
    );
    lost(
        &store
            .record(
                leased.id,
                Fence::Epoch(leased.epoch),
                now,
                &started("first"),
                &[],
            )
            .await,
        leased.id,
    );
    let epoch = store
        .load(stuck.id)
        .await
        .expect("an answer")
        .expect("it is there")
        .epoch;
    assert_eq!(epoch, stuck.epoch + 1);
    let mut due = HashSet::new();
    while let Some(operation) = store.claim("new", now, 60_000).await.expect("an answer") {
        assert!(
            due.insert(operation.subject.id),
            "it is claimed a second time"
        );
    }
    assert_eq!(
        due,
        HashSet::from(["leased".to_owned(), "fresh".to_owned()])
    );
}

/// The time of the next claim, so that a runner can sleep until then.
pub async fn next_due(store: Arc<dyn Store>) {
    assert_eq!(store.next_due().await.expect("an answer"), None);
    for (subject, due) in [("b", 20), ("a", 10)] {
        let mut new = sample::operation(subject);
        new.created_at = NOW.plus_millis(due);
        store.create(new, Vec::new()).await.expect("it is created");
    }
    assert_eq!(
        store.next_due().await.expect("an answer"),
        Some(NOW.plus_millis(10))
    );
}
