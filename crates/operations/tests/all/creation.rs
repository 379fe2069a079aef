//! Creating operations: busy subjects, repeated requests, wrong lists of steps; and waiting for them.

use std::sync::Arc;
use std::time::Duration;

use windlass_operations::{Created, Done, OperationState, StoreError, SubmitError};

use super::scripted::{Bench, Scripted, spec, submission};
use super::toy::Change;

fn quick() -> Scripted {
    Scripted::new(vec![spec("one")], |_| async { Ok(Done::default()) })
}

#[tokio::test(start_paused = true)]
async fn a_busy_subject_is_refused_with_the_active_operation() {
    let bench = Bench::new();
    let server = bench.server(Scripted::new(vec![spec("one")], |_| std::future::pending()));
    let first = server.submit("e").await;
    let refused = server
        .runner
        .submit(submission("e"), vec![Change::Add("row".to_owned())])
        .await
        .unwrap_err();
    let SubmitError::Store(StoreError::SubjectBusy { active, .. }) = &refused else {
        panic!("{refused}")
    };
    assert_eq!(*active, first);
    assert!(
        refused.to_string().contains(&first.to_string()),
        "{refused}"
    );
    assert!(
        bench.store.domain().present.is_empty(),
        "a refused creation has written rows"
    );
    // Another subject is free, and this one is when the first has ended.
    server.submit("other").await;
    server.runner.cancel(first, "ada").await.unwrap();
    server.rest(first).await;
    server.submit("e").await;
}

#[tokio::test(start_paused = true)]
async fn the_same_request_creates_once() {
    let bench = Bench::new();
    let server = bench.server(quick());
    let row = || vec![Change::Add("row".to_owned())];
    let first = server
        .runner
        .submit(submission("e").with_idempotency("key", "hash"), row())
        .await
        .unwrap();
    let Created::New(first) = first else {
        panic!("{first:?}")
    };
    server.rest(first.id).await;
    let again = server
        .runner
        .submit(submission("e").with_idempotency("key", "hash"), row())
        .await
        .unwrap();
    let Created::Existing(again) = again else {
        panic!("{again:?}")
    };
    assert_eq!(
        (again.id, again.state),
        (first.id, OperationState::Succeeded)
    );
    let other = server
        .runner
        .submit(submission("e").with_idempotency("key", "other"), row())
        .await
        .unwrap_err();
    assert!(
        matches!(other, SubmitError::Store(StoreError::IdempotencyMismatch)),
        "{other}"
    );
}

#[tokio::test(start_paused = true)]
async fn wrong_definitions_create_nothing() {
    let bench = Bench::new();
    let twice = Scripted::new(vec![spec("one"), spec("one")], |_| async {
        Ok(Done::default())
    });
    let two_pivots = Scripted::new(vec![spec("a").pivot(), spec("b").pivot()], |_| async {
        Ok(Done::default())
    });
    for (definition, reason) in [(twice, "same name"), (two_pivots, "pivot")] {
        let server = bench.server(definition);
        let refused = server
            .runner
            .submit(submission("e"), Vec::new())
            .await
            .unwrap_err();
        assert!(refused.to_string().contains(reason), "{refused}");
    }
    let server = bench.server(quick());
    let mut unknown = submission("e");
    unknown.kind = "unknown".to_owned();
    let refused = server.runner.submit(unknown, Vec::new()).await.unwrap_err();
    assert!(matches!(refused, SubmitError::UnknownKind(_)), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn new_operations_get_the_newest_version_and_old_ones_keep_theirs() {
    let bench = Bench::new();
    let old = || Scripted::new(vec![spec("old")], |_| async { Ok(Done::default()) });
    let mut new = Scripted::new(vec![spec("new")], |_| async { Ok(Done::default()) });
    new.version = 2;
    let before = bench.server_with(vec![Arc::new(old())], |settings| settings.concurrency = 0);
    let first = before.submit("first").await;
    before.crash().await;
    let server = bench.server_with(vec![Arc::new(old()), Arc::new(new)], |_| {});
    let second = server.submit("second").await;
    let (first, second) = (server.rest(first).await, server.rest(second).await);
    assert_eq!(
        (first.kind_version, first.steps[0].name.as_str()),
        (1, "old")
    );
    assert_eq!(
        (second.kind_version, second.steps[0].name.as_str()),
        (2, "new")
    );
    assert_eq!(
        (first.state, second.state),
        (OperationState::Succeeded, OperationState::Succeeded)
    );
}

#[tokio::test(start_paused = true)]
async fn waiting_ends_with_the_limit_and_subscribers_hear_of_changes() {
    let bench = Bench::new();
    let definition = Scripted::new(vec![spec("one")], |_| async {
        tokio::time::sleep(Duration::from_secs(30)).await;
        Ok(Done::default())
    });
    // A long poll: what is heard, is heard because it was told.
    let server = bench.server_with(vec![Arc::new(definition)], |settings| {
        settings.poll = Duration::from_hours(1);
    });
    let id = server.submit("e").await;
    let begun = tokio::time::Instant::now();
    let early = server
        .runner
        .wait(id, Duration::from_secs(10))
        .await
        .unwrap();
    assert_eq!(
        (early.state, begun.elapsed().as_secs()),
        (OperationState::Running, 10)
    );
    let mut subscription = server.runner.subscribe(id);
    subscription.changed().await;
    assert_eq!(begun.elapsed().as_secs(), 30);
    assert_eq!(server.rest(id).await.state, OperationState::Succeeded);
    assert_eq!(begun.elapsed().as_secs(), 30);
    let unknown = server
        .runner
        .wait(submission("x").id, Duration::ZERO)
        .await
        .unwrap_err();
    assert!(matches!(unknown, StoreError::NotFound(_)), "{unknown}");
}
