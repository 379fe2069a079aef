//! What the runner makes of steps that hang, panic, clash or fail.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::time::Instant;
use windlass_operations::{Done, Effect, Event, Failure, OperationState, StepSpec, StepState};

use super::scripted::{Bench, LONG, Scripted, spec, submission};
use super::toy::Change;

#[tokio::test(start_paused = true)]
async fn a_step_that_hangs_is_dropped_tried_again_and_rolled_back() {
    let bench = Bench::new();
    let server = bench.server(Scripted::new(vec![spec("hang")], |_| {
        std::future::pending()
    }));
    let id = server.submit("e").await;
    let begun = Instant::now();
    let operation = server.rest(id).await;
    assert_eq!(operation.state, OperationState::RolledBack);
    let failure = operation.error.unwrap();
    assert_eq!(
        (failure.code.as_str(), failure.effect),
        ("timed_out", Effect::Unknown)
    );
    assert!(
        failure.message.contains("'hang'") && failure.message.contains("60 s"),
        "{failure}"
    );
    assert_eq!(operation.steps[0].attempt, 3);
    let took = begun.elapsed();
    assert!(
        took > Duration::from_mins(3) && took < Duration::from_secs(200),
        "{took:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_step_is_told_before_its_time_out() {
    let bench = Bench::new();
    let definition = Scripted::new(
        vec![StepSpec::new("slow", Duration::from_mins(1), 1)],
        |context| async move {
            context.cancel.cancelled().await;
            Err(Failure::permanent("interrupted", "told to stop"))
        },
    );
    let server = bench.server(definition);
    let id = server.submit("e").await;
    let begun = Instant::now();
    let operation = server.rest(id).await;
    assert!(begun.elapsed() < Duration::from_mins(1));
    assert_eq!(operation.error.unwrap().code, "timed_out");
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_a_failure_of_its_operation_only() {
    let bench = Bench::new();
    let definition = Scripted::new(vec![spec("step")], |context| async move {
        assert!(context.operation.subject.id != "bad", "secret detail");
        Ok(Done::default())
    });
    let server = bench.server(definition);
    let bad = server.submit("bad").await;
    let good = server.submit("good").await;
    assert_eq!(server.rest(good).await.state, OperationState::Succeeded);
    let operation = server.rest(bad).await;
    assert_eq!(operation.state, OperationState::RolledBack);
    let failure = operation.error.unwrap();
    assert_eq!(failure.code, "internal");
    assert!(!failure.message.contains("secret"), "{failure}");
}

#[tokio::test(start_paused = true)]
async fn a_step_whose_rows_changed_under_it_runs_again() {
    let bench = Bench::new();
    let calls = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&calls);
    let definition = Scripted::new(vec![StepSpec::new("step", LONG, 1)], move |_| {
        // The first two want a row that someone else has made already.
        let row = if counted.fetch_add(1, Ordering::SeqCst) < 2 {
            "taken"
        } else {
            "free"
        };
        async move { Ok(Done::changes(vec![Change::Add(row.to_owned())])) }
    });
    bench
        .store
        .change_domain(|rows| assert!(rows.present.insert("taken".to_owned())));
    let server = bench.server(definition);
    let id = server.submit("e").await;
    let operation = server.rest(id).await;
    assert_eq!(operation.state, OperationState::Succeeded);
    assert_eq!(calls.load(Ordering::SeqCst), 3);
    assert!(bench.store.domain().present.contains("free"));
}

#[tokio::test(start_paused = true)]
async fn a_clash_that_stays_ends_in_a_rollback() {
    let bench = Bench::new();
    let calls = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&calls);
    let definition = Scripted::new(vec![spec("step")], move |_| {
        counted.fetch_add(1, Ordering::SeqCst);
        async { Ok(Done::changes(vec![Change::Remove("nothing".to_owned())])) }
    });
    let server = bench.server(definition);
    let id = server.submit("e").await;
    let operation = server.rest(id).await;
    assert_eq!(operation.state, OperationState::RolledBack);
    assert_eq!(operation.error.unwrap().code, "conflict");
    assert_eq!(calls.load(Ordering::SeqCst), 5);
}

#[tokio::test(start_paused = true)]
async fn a_waiting_retry_frees_its_slot() {
    let bench = Bench::new();
    let definition = Scripted::new(vec![spec("step")], |context| async move {
        if context.operation.subject.id == "waits" && context.attempt == 1 {
            let mut failure = Failure::transient("busy", "come back in an hour");
            failure.retry = windlass_operations::Retry::AfterMillis(3_600_000);
            return Err(failure);
        }
        Ok(Done::default())
    });
    let server = bench.server_with(vec![Arc::new(definition)], |settings| {
        settings.concurrency = 1;
    });
    let waits = server.submit("waits").await;
    let begun = Instant::now();
    let quick = server.submit("quick").await;
    assert_eq!(server.rest(quick).await.state, OperationState::Succeeded);
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert_eq!(bench.load(waits).await.steps[0].state, StepState::Started);
    assert_eq!(server.rest(waits).await.state, OperationState::Succeeded);
    assert!(begun.elapsed() >= Duration::from_hours(1));
}

#[tokio::test(start_paused = true)]
async fn no_more_than_the_limit_at_once() {
    let bench = Bench::new();
    let now = Arc::new(AtomicU32::new(0));
    let most = Arc::new(AtomicU32::new(0));
    let (counted, highest) = (Arc::clone(&now), Arc::clone(&most));
    let definition = Scripted::new(vec![spec("step")], move |_| {
        let (now, most) = (Arc::clone(&counted), Arc::clone(&highest));
        async move {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_secs(1)).await;
            now.fetch_sub(1, Ordering::SeqCst);
            Ok(Done::default())
        }
    });
    let server = bench.server_with(vec![Arc::new(definition)], |settings| {
        settings.concurrency = 3;
    });
    let mut ids = Vec::new();
    for number in 0..10 {
        ids.push(server.submit(&number.to_string()).await);
    }
    for id in ids {
        assert_eq!(server.rest(id).await.state, OperationState::Succeeded);
    }
    assert_eq!(most.load(Ordering::SeqCst), 3);
}

#[tokio::test(start_paused = true)]
async fn later_steps_and_undos_read_what_earlier_ones_gave() {
    let bench = Bench::new();
    let definition = Scripted::new(vec![spec("one"), spec("two")], |context| async move {
        if context.step == "one" {
            return Ok(Done::default().with_output(serde_json::json!("port 5")));
        }
        assert_eq!(context.output("one"), Some(&serde_json::json!("port 5")));
        Err(Failure::permanent("refused", "no").with_hint("ask"))
    })
    .undo(|context| async move {
        let seen = (
            context.step == "one",
            context.output("one").is_some(),
            context.had_completed(),
        );
        assert!(
            matches!(seen, (true, true, true) | (false, true, false)),
            "{seen:?}"
        );
        Ok(Done::default())
    });
    let server = bench.server(definition);
    let id = server.submit("e").await;
    let operation = server.rest(id).await;
    assert_eq!(operation.state, OperationState::RolledBack);
    assert_eq!(operation.error.unwrap().code, "refused");
    let undone: Vec<_> = bench.events(id).await;
    let undone: Vec<_> = undone
        .iter()
        .filter_map(|e| {
            if let Event::UndoDone { step } = e {
                Some(step.as_str())
            } else {
                None
            }
        })
        .collect();
    assert_eq!(undone, ["two", "one"]);
}

#[tokio::test(start_paused = true)]
async fn an_end_that_cannot_be_written_calls_an_operator() {
    let bench = Bench::new();
    let healed = Arc::new(AtomicU32::new(0));
    let flag = Arc::clone(&healed);
    let definition =
        Scripted::new(vec![spec("step")], |_| async { Ok(Done::default()) }).finish(move |_| {
            if flag.load(Ordering::SeqCst) == 0 {
                return Err(Failure::transient("no_end", "the end cannot be written"));
            }
            Ok(vec![Change::End("succeeded")])
        });
    let server = bench.server(definition);
    let id = server
        .runner
        .submit(submission("e"), Vec::new())
        .await
        .unwrap()
        .operation()
        .id;
    let operation = server.rest(id).await;
    assert_eq!(operation.state, OperationState::NeedsAttention);
    assert_eq!(operation.error.unwrap().code, "no_end");
    healed.store(1, Ordering::SeqCst);
    server.runner.retry(id, "op").await.unwrap();
    let operation = server.rest(id).await;
    assert_eq!(
        (operation.state, operation.error),
        (OperationState::Succeeded, None)
    );
    assert_eq!(bench.store.domain().end.as_deref(), Some("succeeded"));
}
