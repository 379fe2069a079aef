//! Operations: created, recorded, listed.

use std::sync::Arc;

use serde_json::json;
use windlass_operations::{
    Created, Event, Failure, Fence, Operation, OperationState, StepRecord, StepState, StoreError,
    Subject,
};

use super::sample::{self, NOW, Sample, id};
use super::{conflict, not_found, refused};
use crate::{Change, OperationFilter, PageRequest, Store};

fn started(step: &str) -> Event {
    Event::StepStarted { step: step.into() }
}

fn done(step: &str) -> Event {
    Event::StepDone {
        step: step.into(),
        output: Some(json!({"made": step})),
    }
}

async fn claimed(store: &Arc<dyn Store>) -> (Operation, Fence) {
    let operation = store
        .claim("me", NOW, 1000)
        .await
        .expect("an answer")
        .expect("one is due");
    let fence = Fence::Epoch(operation.epoch);
    (operation, fence)
}

fn setting(value: &str) -> Change {
    Change::PutSetting {
        name: "name".into(),
        value: json!(value),
    }
}

/// Operation, steps and rows together, or none of them.
pub async fn created_with_its_changes(store: Arc<dyn Store>) {
    let new = sample::operation("a");
    let created = store
        .create(new.clone(), vec![setting("created")])
        .await
        .expect("it is created");
    assert_eq!(created, Created::New(new.operation()));
    assert_eq!(
        store.load(new.id).await.expect("an answer"),
        Some(new.operation())
    );
    assert_eq!(
        store.setting("name").await.expect("an answer"),
        Some(json!("created"))
    );
    assert_eq!(store.load(id()).await.expect("an answer"), None);

    let other = sample::operation("b");
    let changes = vec![setting("other"), Change::DeleteToken(id())];
    not_found(store.create(other.clone(), changes).await);
    assert_eq!(store.load(other.id).await.expect("an answer"), None);
    assert_eq!(
        store.setting("name").await.expect("an answer"),
        Some(json!("created"))
    );

    let mut child = sample::operation("c");
    child.parent = Some(new.id);
    store
        .create(child.clone(), Vec::new())
        .await
        .expect("it is created");
    assert_eq!(
        store
            .load(child.id)
            .await
            .expect("an answer")
            .expect("it is there")
            .parent,
        Some(new.id)
    );
    let mut orphan = sample::operation("d");
    orphan.parent = Some(id());
    not_found(store.create(orphan, Vec::new()).await);
    let mut twins = sample::operation("e");
    twins.steps = vec![
        StepRecord::todo("same", false),
        StepRecord::todo("same", false),
    ];
    conflict(store.create(twins, Vec::new()).await);
    let mut again = sample::operation("f");
    again.id = new.id;
    conflict(store.create(again, Vec::new()).await);
}

/// The same request again gives the same operation, also when its subject is busy with it.
pub async fn idempotency_keys(store: Arc<dyn Store>) {
    let mut first = sample::operation("a");
    first.idempotency = Some(("key".into(), "hash".into()));
    store
        .create(first.clone(), vec![setting("first")])
        .await
        .expect("it is created");
    let mut again = sample::operation("a");
    again.idempotency.clone_from(&first.idempotency);
    let answer = store
        .create(again, vec![setting("again")])
        .await
        .expect("it was created");
    assert_eq!(answer, Created::Existing(first.operation()));
    assert_eq!(
        store.setting("name").await.expect("an answer"),
        Some(json!("first"))
    );

    let mut changed = sample::operation("b");
    changed.idempotency = Some(("key".into(), "another".into()));
    let answer = store.create(changed, Vec::new()).await;
    assert!(
        matches!(answer, Err(StoreError::IdempotencyMismatch)),
        "{answer:?}"
    );
    let mut others = sample::operation("c");
    others.tenant = "others".into();
    others.idempotency = Some(("key".into(), "another".into()));
    let answer = store.create(others, Vec::new()).await;
    assert!(matches!(answer, Ok(Created::New(_))), "{answer:?}");
}

/// A second operation on a busy subject is refused with the first's id, until that has ended.
pub async fn one_active_per_subject(store: Arc<dyn Store>) {
    let first = sample::operation("a");
    store
        .create(first.clone(), Vec::new())
        .await
        .expect("it is created");
    let second = sample::operation("a");
    match store.create(second.clone(), vec![setting("second")]).await {
        Err(StoreError::SubjectBusy { active, subject }) => {
            assert_eq!((active, subject.as_str()), (first.id, "environment"));
        }
        other => panic!("the subject is busy, not {other:?}"),
    }
    assert_eq!(store.setting("name").await.expect("an answer"), None);
    let mut namesake = sample::operation("a");
    namesake.subject = Subject {
        kind: "service_instance".into(),
        id: "a".into(),
    };
    store
        .create(namesake, Vec::new())
        .await
        .expect("another kind of subject is another subject");

    let (operation, fence) = claimed(&store).await;
    assert_eq!(operation.id, first.id);
    let failure = Failure::permanent("unknown_kind", "of a newer Windlass");
    store
        .record(
            first.id,
            fence,
            NOW,
            &Event::AttentionNeeded { failure },
            &[],
        )
        .await
        .expect("it needs attention");
    let busy = store.create(second.clone(), Vec::new()).await;
    assert!(
        matches!(busy, Err(StoreError::SubjectBusy { .. })),
        "what needs attention is not over: {busy:?}"
    );
    let abandoned = Event::Abandoned {
        by: "me".into(),
        reason: "by hand".into(),
    };
    store
        .record(first.id, Fence::Outside, NOW, &abandoned, &[])
        .await
        .expect("it is given up");
    store
        .create(second, Vec::new())
        .await
        .expect("the subject is free");
}

/// Each event is kept, with its number, epoch and time; the row and its steps follow.
pub async fn events_are_numbered(store: Arc<dyn Store>) {
    let new = sample::operation("a");
    store
        .create(new.clone(), Vec::new())
        .await
        .expect("it is created");
    let (operation, fence) = claimed(&store).await;
    let outcome = windlass_operations::Outcome::Succeeded;
    let events = [
        started("first"),
        done("first"),
        started("second"),
        done("second"),
        Event::Finished { outcome },
    ];
    let mut last = None;
    for (number, event) in (1..).zip(&events) {
        let at = NOW.plus_millis(number);
        last = Some(
            store
                .record(new.id, fence, at, event, &[setting("x")])
                .await
                .expect("it applies"),
        );
    }
    let loaded = store.load(new.id).await.expect("an answer");
    assert_eq!(loaded, last);
    let loaded = loaded.expect("it is there");
    assert_eq!(
        (loaded.state, loaded.finished_at),
        (OperationState::Succeeded, Some(NOW.plus_millis(5)))
    );
    assert_eq!(loaded.owner, None);
    let first = loaded.step("first").expect("it has that step");
    assert_eq!(
        (first.state, first.output.clone()),
        (StepState::Done, Some(json!({"made": "first"})))
    );

    let all = store.events(new.id, 0, 100).await.expect("events");
    assert!(all.iter().map(|record| &record.event).eq(&events));
    assert!(all.iter().map(|record| record.number).eq(1..=5));
    assert!(all.iter().all(|record| record.epoch == operation.epoch));
    assert_eq!(all[4].at, NOW.plus_millis(5));
    assert_eq!(store.events(new.id, 1, 2).await.expect("events"), all[1..3]);
    assert!(
        store
            .events(new.id, 5, 100)
            .await
            .expect("events")
            .is_empty()
    );
    assert!(
        store
            .events(new.id, u64::MAX, 100)
            .await
            .expect("events")
            .is_empty()
    );
    assert!(store.events(id(), 0, 100).await.expect("events").is_empty());
    refused(
        store
            .record(new.id, fence, NOW, &started("first"), &[])
            .await,
    );
    assert_eq!(
        store.events(new.id, 0, 100).await.expect("events").len(),
        5,
        "a refused event is not kept"
    );
    not_found(store.record(id(), fence, NOW, &started("first"), &[]).await);
}

/// Lines for those who follow are events; the operation stays as it is.
pub async fn progress_changes_nothing(store: Arc<dyn Store>) {
    let new = sample::operation("a");
    store
        .create(new.clone(), Vec::new())
        .await
        .expect("it is created");
    let (_, fence) = claimed(&store).await;
    let before = store
        .record(new.id, fence, NOW, &started("first"), &[])
        .await
        .expect("it starts");
    let line = Event::Progress {
        step: "first".into(),
        message: "half".into(),
    };
    let later = NOW.plus_millis(50);
    let after = store
        .record(new.id, fence, later, &line, &[])
        .await
        .expect("it is kept");
    assert_eq!(after, before);
    assert_eq!(store.load(new.id).await.expect("an answer"), Some(before));
    let events = store.events(new.id, 1, 9).await.expect("events");
    assert_eq!(
        (events.len(), events[0].at, &events[0].event),
        (1, later, &line)
    );
}

/// A last change that does not apply takes the event and every change before it along.
pub async fn all_or_nothing(store: Arc<dyn Store>) {
    let sample = Sample::new(store).await;
    let store = &sample.store;
    let new = sample::operation("a");
    store
        .create(new.clone(), Vec::new())
        .await
        .expect("it is created");
    let (claimed, fence) = claimed(store).await;
    let running = store
        .record(new.id, fence, NOW, &started("first"), &[])
        .await
        .expect("it starts");
    let instance = sample.instance(&sample.test, &sample.database, "DEFAULT");
    let changes = [
        setting("x"),
        Change::InsertInstance(instance.clone()),
        Change::InsertInstance(instance.clone()),
    ];
    conflict(
        store
            .record(new.id, fence, NOW, &done("first"), &changes)
            .await,
    );
    assert_eq!(store.load(new.id).await.expect("an answer"), Some(running));
    assert_eq!(store.events(new.id, 0, 9).await.expect("events").len(), 1);
    assert_eq!(store.instance(instance.id).await.expect("an answer"), None);
    assert_eq!(store.setting("name").await.expect("an answer"), None);
    // And the store goes on: the same event without the bad change applies.
    store
        .record(new.id, fence, NOW, &done("first"), &changes[..2])
        .await
        .expect("it applies");
    assert_eq!(
        store.instance(instance.id).await.expect("an answer"),
        Some(instance)
    );
    assert_eq!(claimed.epoch, 1);
}

/// Several events of one write apply one after the other; one that does not takes the others along.
pub async fn events_together(store: Arc<dyn Store>) {
    let new = sample::operation("a");
    store
        .create(new.clone(), Vec::new())
        .await
        .expect("it is created");
    let (_, fence) = claimed(&store).await;
    let running = store
        .record(new.id, fence, NOW, &started("first"), &[])
        .await
        .expect("it starts");
    let twice = [done("first"), done("first")];
    let refused = store
        .record_all(new.id, fence, NOW, &twice, &[setting("x")])
        .await;
    assert!(
        matches!(refused, Err(StoreError::Refused(_))),
        "{refused:?}"
    );
    assert_eq!(store.load(new.id).await.expect("an answer"), Some(running));
    assert_eq!(store.setting("name").await.expect("an answer"), None);

    let both = [done("first"), started("second")];
    let recorded = store
        .record_all(new.id, fence, NOW, &both, &[setting("x")])
        .await
        .expect("they apply");
    let states: Vec<StepState> = recorded.steps.iter().map(|step| step.state).collect();
    assert_eq!(states[..2], [StepState::Done, StepState::Started]);
    assert_eq!(store.load(new.id).await.expect("an answer"), Some(recorded));
    let events = store.events(new.id, 0, 9).await.expect("events");
    let written: Vec<(u64, &Event)> = events.iter().map(|e| (e.number, &e.event)).collect();
    assert_eq!(
        written,
        [(1, &started("first")), (2, &both[0]), (3, &both[1])]
    );
    assert!(store.setting("name").await.expect("an answer").is_some());
}

/// Users and operators write without a lease, but only what is theirs.
pub async fn outside_needs_no_lease(store: Arc<dyn Store>) {
    let new = sample::operation("a");
    store
        .create(new.clone(), Vec::new())
        .await
        .expect("it is created");
    let (operation, fence) = claimed(&store).await;
    store
        .record(new.id, fence, NOW, &started("first"), &[])
        .await
        .expect("it starts");
    refused(
        store
            .record(new.id, Fence::Outside, NOW, &done("first"), &[])
            .await,
    );
    let cancel = Event::CancelRequested { by: "ada".into() };
    let after = store
        .record(new.id, Fence::Outside, NOW, &cancel, &[])
        .await
        .expect("it is asked for");
    assert_eq!(
        (after.cancel_by.as_deref(), after.cancel_requested_at),
        (Some("ada"), Some(NOW))
    );
    assert_eq!(
        (after.epoch, after.owner.as_deref()),
        (operation.epoch, Some("me")),
        "the runner goes on"
    );
    let failure = Failure::permanent("cancelled", "stopped");
    let failed = Event::StepFailed {
        step: "first".into(),
        failure,
        retry_at: None,
    };
    store
        .record(new.id, fence, NOW, &failed, &[])
        .await
        .expect("the runner still holds the lease");
}

/// Newest first, by organisation, state and subject, with their steps.
pub async fn lists_and_filters(store: Arc<dyn Store>) {
    let mut news = Vec::new();
    for number in 0..7_i64 {
        let mut new = sample::operation(&format!("subject-{number}"));
        new.created_at = NOW.plus_millis(number);
        if number % 3 == 0 {
            new.tenant = "others".into();
        }
        store
            .create(new.clone(), Vec::new())
            .await
            .expect("it is created");
        news.push(new);
    }
    let attention = Event::AttentionNeeded {
        failure: Failure::permanent("x", "y"),
    };
    let (first, fence) = claimed(&store).await;
    store
        .record(first.id, fence, NOW, &attention, &[])
        .await
        .expect("it needs attention");

    let (mut seen, mut page) = (Vec::new(), PageRequest::first(3));
    loop {
        let answer = store
            .operations(&OperationFilter::default(), &page)
            .await
            .expect("a page");
        assert_eq!(answer.count, 7);
        seen.extend(answer.rows);
        match answer.next {
            Some(next) => page.after = Some(next),
            None => break,
        }
    }
    assert!(
        seen.iter()
            .map(|row| row.id)
            .eq(news.iter().rev().map(|new| new.id))
    );
    assert!(
        seen.iter()
            .all(|row| row.steps.len() == 2 && row.steps[0].name == "first")
    );
    let count = async |filter: OperationFilter| {
        store
            .operations(&filter, &PageRequest::first(1))
            .await
            .expect("a page")
            .count
    };
    let all = OperationFilter::default();
    assert_eq!(
        count(OperationFilter {
            tenants: Some(vec!["others".into()]),
            ..all.clone()
        })
        .await,
        3
    );
    let states = vec![OperationState::NeedsAttention];
    assert_eq!(
        count(OperationFilter {
            states: states.clone(),
            ..all.clone()
        })
        .await,
        1
    );
    assert_eq!(
        count(OperationFilter {
            states,
            tenants: Some(vec!["tenant".into()]),
            ..all.clone()
        })
        .await,
        0
    );
    let states = vec![OperationState::Pending, OperationState::NeedsAttention];
    assert_eq!(
        count(OperationFilter {
            states,
            ..all.clone()
        })
        .await,
        7
    );
    let subject = Some(("environment".to_owned(), "subject-4".to_owned()));
    assert_eq!(
        count(OperationFilter {
            subject,
            ..all.clone()
        })
        .await,
        1
    );
    for (tenants, wanted) in [(vec![], 0), (vec!["others".into(), "tenant".into()], 7)] {
        let tenants = Some(tenants);
        assert_eq!(
            count(OperationFilter {
                tenants,
                ..all.clone()
            })
            .await,
            wanted
        );
    }
}
