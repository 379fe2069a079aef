//! Making an instance: what becomes of each answer.

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;
use windlass_service_broker::spec::InstanceAnswer;
use windlass_service_broker::{Broker, Error, Failure, Instance, Orphan, Removal, Settings};

use crate::fixture::{
    broker, broker_with, catalogue, instance, provision_request, seconds, settings, user,
};
use crate::script::{Act, cut, error, json, silence, state, text};

async fn provision(broker: &Broker) -> Result<InstanceAnswer, Error> {
    provision_of(broker, &instance()).await
}

async fn provision_of(broker: &Broker, instance: &Instance) -> Result<InstanceAnswer, Error> {
    let request = provision_request();
    let user = user();
    broker
        .provision(instance, &request, Some(&user), Orphan::Remove)
        .await
}

const PUT: &str = "PUT /osb/i-1?ASYNC";
const POLL: &str = "GET /osb/i-1/last_operation?HINTS";
const DELETE: &str = "DELETE /osb/i-1?ASYNC&HINTS";

fn accepted() -> Act {
    json(202, &json!({}))
}

fn gone() -> Act {
    json(410, &json!({}))
}

#[tokio::test(start_paused = true)]
async fn at_once_or_there_already() {
    for status in [200, 201] {
        let answer = json!({"dashboard_url": "https://d.example", "metadata": {"labels": {}}});
        let (broker, script) = broker([json(status, &answer)]);
        let made = provision(&broker).await.expect("made");
        assert_eq!(made.dashboard_link(), Some("https://d.example"));
        assert_eq!(script.lines(), [PUT]);
    }
}

#[tokio::test(start_paused = true)]
async fn in_progress_and_then_there() {
    let (broker, script) = broker([
        json(
            202,
            &json!({"dashboard_url": "https://d.example", "operation": "o"}),
        ),
        state("in progress"),
        state("in progress"),
        state("succeeded"),
    ]);
    let made = provision(&broker).await.expect("made");
    assert_eq!(made.dashboard_url.as_deref(), Some("https://d.example"));
    let poll = format!("{POLL}&operation=o");
    assert_eq!(script.lines(), [PUT, &poll, &poll, &poll]);
    let seen = script.seen();
    let waits: Vec<Duration> = seen.windows(2).map(|two| two[1].at - two[0].at).collect();
    let expected = [2_000, 3_000, 4_500].map(Duration::from_millis);
    for (wait, expected) in waits.iter().zip(expected) {
        assert!(
            *wait >= expected && *wait < expected + Duration::from_millis(10),
            "{waits:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn the_broker_says_how_long_to_wait() {
    let (broker, script) = broker([
        accepted().header("retry-after", "100"),
        state("in progress").header("retry-after", "1"),
        state("in progress").header("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT"),
        state("succeeded"),
    ]);
    provision(&broker).await.expect("made");
    let seen = script.seen();
    assert!((seen[1].at - seen[0].at).as_secs_f64() >= 100.0);
    assert!(seen[2].at - seen[1].at >= seconds(2));
    assert!(seen[3].at - seen[2].at < seconds(6));
}

#[tokio::test(start_paused = true)]
async fn a_busy_broker_is_asked_the_same_again() {
    let busy = || error(422, "ConcurrencyError", "busy");
    let (broker, script) = broker([
        busy(),
        busy().header("retry-after", "60"),
        Act::Refuse,
        json(201, &json!({})),
    ]);
    provision(&broker).await.expect("made");
    let seen = script.seen();
    assert_eq!(script.lines(), [PUT; 3]);
    assert!(seen.iter().all(|request| request.body == seen[0].body));
    assert!(seen[2].at - seen[1].at >= seconds(60));
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_stays_busy_is_left_alone_and_nothing_is_deleted() {
    let few = Settings {
        patience: seconds(5),
        ..settings()
    };
    let (broker, script) = broker_with(few, vec![error(422, "ConcurrencyError", "busy"); 3]);
    let error = provision(&broker).await.expect_err("busy");
    assert!(matches!(error.failure, Failure::Busy(_)), "{error}");
    assert_eq!(error.removal, Removal::NotNeeded);
    assert_eq!(script.lines(), [PUT; 3]);
}

#[tokio::test(start_paused = true)]
async fn our_patience_with_a_busy_broker_is_a_quarter_of_an_hour() {
    let (broker, _) = broker(vec![error(422, "ConcurrencyError", "busy"); 200]);
    let began = Instant::now();
    provision(&broker).await.expect_err("busy");
    let minutes = began.elapsed().as_secs() / 60;
    assert_eq!(minutes, 15);
}

#[tokio::test(start_paused = true)]
async fn refusals_leave_nothing_and_are_not_repeated() {
    for (act, expected) in [
        (
            error(400, "", "no such size"),
            "the broker refuses: no such size (HTTP 400)",
        ),
        (
            error(401, "", "who?"),
            "the broker does not accept our credentials: who? (HTTP 401)",
        ),
        (error(404, "", "?"), "the broker refuses: ? (HTTP 404)"),
        (
            text(408, ""),
            "the broker refuses: HTTP 408 without a description",
        ),
        (
            json(409, &json!({})),
            "the broker has something else under this id: HTTP 409 without a description",
        ),
        (
            json(410, &json!({})),
            "the broker refuses: HTTP 410 without a description",
        ),
        (
            error(412, "", "2.18"),
            "the broker does not support version 2.17 of the specification: 2.18 (HTTP 412)",
        ),
        (
            error(422, "AsyncRequired", "a"),
            "the broker refuses: a (HTTP 422, AsyncRequired)",
        ),
        (
            error(422, "RequiresApp", "a"),
            "the broker makes credentials for applications only: a (HTTP 422, RequiresApp)",
        ),
        (
            error(422, "MaintenanceInfoConflict", "old"),
            "the broker's catalogue has changed: old (HTTP 422, MaintenanceInfoConflict)",
        ),
        (
            error(422, "Quota", "full"),
            "the broker refuses: full (HTTP 422, Quota)",
        ),
        (
            text(200, "<html>"),
            "the broker's answer does not follow the specification: the answer is no JSON object (HTTP 200)",
        ),
        (
            text(302, "").header("location", "http://elsewhere.example/"),
            "the broker refuses: it redirects to another address (HTTP 302), which is not followed: register the final one",
        ),
    ] {
        let (broker, script) = broker([act]);
        let error = provision(&broker).await.expect_err(expected);
        assert_eq!(
            error.to_string(),
            format!("provisioning the instance failed: {expected}")
        );
        assert_eq!(error.removal, Removal::NotNeeded);
        assert!(!error.is_id_spent());
        assert_eq!(script.lines(), [PUT]);
    }
}

#[tokio::test(start_paused = true)]
async fn what_may_have_been_made_is_deleted() {
    let huge = "x".repeat(9 * 1024 * 1024);
    for act in [
        error(500, "", "boom"),
        text(502, "<html>"),
        text(201, "{"),
        text(201, ""),
        text(202, "accepted"),
        text(201, &huge),
        json(202, &json!({"operation": 7})),
        text(204, ""),
        json(206, &json!({})),
        silence(),
        cut(),
        Act::Bytes(b"HTTP/1.1 201 X\r\ncontent-length: 100\r\n\r\n{\"dash".to_vec()),
        Act::Silence(b"HTTP/1.1 201 X\r\ncontent-length: 100\r\n\r\n{\"dash".to_vec()),
        Act::Bytes(b"SSH-2.0-OpenSSH\r\n".to_vec()),
    ] {
        let shown: String = format!("{act:?}").chars().take(100).collect();
        let (broker, script) = broker([act, json(200, &json!({}))]);
        let error = provision(&broker).await.expect_err("failed");
        assert_eq!(error.removal, Removal::Done, "{shown}: {error}");
        assert!(error.is_id_spent() && !error.is_removal_owed());
        assert_eq!(script.lines(), [PUT, DELETE], "{shown}");
        let seen = script.seen();
        let name = "x-broker-api-originating-identity";
        assert!(seen[0].headers.contains_key(name));
        assert!(!seen[1].headers.contains_key(name), "nobody asked for it");
    }
}

#[tokio::test(start_paused = true)]
async fn what_failed_while_in_progress_is_deleted() {
    let (broker, script) = broker([
        accepted(),
        json(200, &json!({"state": "failed", "description": "no disk"})),
        accepted(),
        state("in progress"),
        gone(),
    ]);
    let error = provision(&broker).await.expect_err("failed");
    assert_eq!(
        error.to_string(),
        "provisioning the instance failed: the broker reports a failure: no disk; what it may have left was removed"
    );
    assert_eq!(script.lines(), [PUT, POLL, DELETE, POLL, POLL]);
}

#[tokio::test(start_paused = true)]
async fn a_deletion_is_repeated_until_it_is_done() {
    let (broker, script) = broker([
        error(500, "", "boom"),
        error(500, "", "boom"),
        error(422, "ConcurrencyError", "busy"),
        cut(),
        silence(),
        Act::Refuse,
        text(200, "not JSON"),
        text(204, ""),
        accepted(),
        state("failed"),
        accepted(),
        json(404, &json!({})),
        gone(),
    ]);
    let error = provision(&broker).await.expect_err("failed");
    assert_eq!(error.removal, Removal::Done);
    let lines = script.lines();
    assert_eq!(lines.iter().filter(|line| *line == DELETE).count(), 9);
}

#[tokio::test(start_paused = true)]
async fn a_removal_that_cannot_be_finished_is_owed() {
    let few = Settings {
        mitigation: seconds(5),
        ..settings()
    };
    let (down, script) = broker_with(few, vec![error(503, "", "down"); 4]);
    let failed = provision(&down).await.expect_err("failed");
    assert!(failed.is_removal_owed() && failed.is_id_spent());
    assert_eq!(
        failed.to_string(),
        "provisioning the instance failed: the broker failed: down (HTTP 503); \
         what it may have left must still be removed: the broker failed: down (HTTP 503)"
    );
    script.seen();

    // A refusal will not change by itself.
    let (broker, script) = broker([error(500, "", "boom"), error(400, "", "no")]);
    let failed = provision(&broker).await.expect_err("failed");
    assert!(failed.is_removal_owed());
    assert_eq!(script.lines(), [PUT, DELETE]);
}

#[tokio::test(start_paused = true)]
async fn what_may_be_in_use_is_left() {
    let (broker, script) = broker([error(500, "", "boom")]);
    let request = provision_request();
    let made = broker
        .provision(&instance(), &request, None, Orphan::Leave)
        .await;
    let error = made.expect_err("failed");
    assert_eq!(error.removal, Removal::Left);
    assert!(!error.is_removal_owed() && !error.is_id_spent());
    assert_eq!(script.lines(), [PUT]);
}

#[tokio::test(start_paused = true)]
async fn one_that_cannot_be_reached_is_said_at_once() {
    for act in [Act::Refuse, Act::Hang] {
        let (broker, script) = broker([act]);
        let began = Instant::now();
        let error = provision(&broker).await.expect_err("away");
        assert!(matches!(error.failure, Failure::NotSent(_)), "{error}");
        assert_eq!(error.removal, Removal::NotNeeded);
        assert!(began.elapsed() <= seconds(5) + Duration::from_millis(10));
        assert!(script.lines().is_empty());
        assert!(!error.failure.effect_unknown());
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_has_a_minute() {
    let (broker, _) = broker([silence(), gone()]);
    let began = Instant::now();
    let error = provision(&broker).await.expect_err("silence");
    assert_eq!(error.failure, Failure::NoAnswer(Duration::from_mins(1)));
    assert!(began.elapsed().as_secs_f64() < 61.0);
}

#[tokio::test(start_paused = true)]
async fn bad_answers_to_a_poll_decide_nothing() {
    let (broker, script) = broker([
        accepted(),
        error(500, "", "boom"),
        text(200, "<html>"),
        state("perhaps"),
        silence(),
        cut(),
        Act::Refuse,
        error(401, "", "?"),
        text(302, ""),
        json(404, &json!({})),
        gone(),
        state("in progress"),
        json(404, &json!({})),
        state("succeeded"),
    ]);
    provision(&broker).await.expect("made");
    script.seen();
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_the_broker_has_forgotten_has_failed() {
    for status in [404, 410] {
        let forgotten = (0..5).map(|_| json(status, &json!({})));
        let acts = [accepted()].into_iter().chain(forgotten).chain([gone()]);
        let (broker, script) = broker(acts);
        let error = provision(&broker).await.expect_err("forgotten");
        assert!(matches!(error.failure, Failure::Forgotten(_)), "{error}");
        assert_eq!(error.removal, Removal::Done);
        assert_eq!(script.lines().last().map(String::as_str), Some(DELETE));
    }
}

#[tokio::test(start_paused = true)]
async fn what_never_ends_ends_at_the_plans_limit_or_ours() {
    let progress = || {
        json(
            200,
            &json!({"state": "in progress", "description": "disk 3 of 9"}),
        )
    };
    for (of_plan, expected) in [(None, 3600), (Some(120), 120), (Some(7200), 3600)] {
        let acts = [accepted()].into_iter().chain((0..300).map(|_| progress()));
        let (broker, _) = broker(acts);
        let mut instance = instance();
        instance.target.maximum_polling = of_plan.map(seconds);
        let began = Instant::now();
        // The deletion is answered with the next act, which means nothing there: it is only owed.
        let request = provision_request();
        let made = broker.provision(&instance, &request, None, Orphan::Leave);
        let error = made.await.expect_err("stuck");
        assert_eq!(
            error.failure,
            Failure::Stuck {
                after: seconds(expected),
                description: "disk 3 of 9".to_owned()
            }
        );
        assert_eq!(error.removal, Removal::Left);
        assert!(began.elapsed() < seconds(expected + 1));
    }
}

#[tokio::test(start_paused = true)]
async fn what_never_ends_is_deleted() {
    let (broker, script) = broker([
        accepted(),
        state("in progress"),
        state("in progress"),
        json(200, &json!({})),
    ]);
    let mut instance = instance();
    instance.target.maximum_polling = Some(seconds(4));
    let error = provision_of(&broker, &instance).await.expect_err("stuck");
    assert!(matches!(error.failure, Failure::Stuck { .. }));
    assert_eq!(error.removal, Removal::Done);
    assert_eq!(script.lines(), [PUT, POLL, POLL, DELETE]);
}

/// The broker is in the middle of it, then it is there: a call that is repeated goes on with that.
#[tokio::test(start_paused = true)]
async fn a_call_that_was_cut_off_anywhere_is_repeated_identically() {
    let broker_side = || {
        [
            json(202, &json!({"operation": "o"})),
            state("in progress"),
            state("in progress"),
            state("succeeded"),
        ]
    };
    for cut_after in 0..4u32 {
        // One poll is at 2 s, the next at 5 s, the last at 9.5 s, more or less.
        let within = [0.001, 1.0, 3.5, 7.0][cut_after as usize];
        let first = broker_side().into_iter().take(cut_after.max(1) as usize);
        let (broker, script) = broker(first.chain(broker_side()));
        let attempt = provision(&broker);
        let cut_off = tokio::time::timeout(Duration::from_secs_f64(within), attempt);
        assert!(cut_off.await.is_err(), "cut off");
        provision(&broker).await.expect("made");
        let seen = script.seen();
        let puts: Vec<_> = seen.iter().filter(|seen| seen.method == "PUT").collect();
        assert_eq!(puts.len(), 2);
        assert_eq!(
            (&puts[0].target, &puts[0].body),
            (&puts[1].target, &puts[1].body)
        );
        assert!(seen.iter().all(|seen| seen.method != "DELETE"));
    }
}

#[tokio::test(start_paused = true)]
async fn the_brokers_words_are_cleaned_and_our_password_is_taken_out() {
    let words = format!(
        "line\n\u{1b}[2J\u{202e}your password {} is wrong {}",
        crate::fixture::PASSWORD,
        "x".repeat(10_000)
    );
    let (broker, _) = broker([error(400, "Bad", &words)]);
    let text = provision(&broker).await.expect_err("refused").to_string();
    assert!(
        text.contains("line [2Jyour password [secret] is wrong xxx"),
        "{text}"
    );
    assert!(text.len() < 600 && !text.contains(crate::fixture::PASSWORD));
}

#[tokio::test(start_paused = true)]
async fn a_page_that_is_not_the_brokers_is_not_shown() {
    let (broker, _) = broker([text(403, "<html><script>alert(1)</script>")]);
    let text = provision(&broker).await.expect_err("refused").to_string();
    assert!(text.ends_with("HTTP 403 without a description"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_deletion_that_meets_404_is_believed_if_the_broker_is_there() {
    let not_found = || json(404, &json!({"description": "Not Found"}));
    let (broker, script) = broker([error(500, "", ""), not_found(), json(200, &catalogue())]);
    let error = provision(&broker).await.expect_err("failed");
    assert_eq!(error.removal, Removal::Done);
    assert_eq!(script.lines(), [PUT, DELETE, "GET /osb/v2/catalog"]);
}

#[tokio::test(start_paused = true)]
async fn a_removal_that_never_ends_is_owed_after_its_time() {
    let progress = (0..20).map(|_| state("in progress"));
    let acts = [error(500, "", "boom"), accepted()]
        .into_iter()
        .chain(progress);
    let (broker, _) = broker(acts);
    let began = Instant::now();
    let error = provision(&broker).await.expect_err("failed");
    assert!(error.is_removal_owed(), "{error}");
    assert_eq!(began.elapsed().as_secs(), 300);
}

#[tokio::test(start_paused = true)]
async fn a_removal_goes_on_while_the_broker_is_away() {
    let (broker, script) = broker([cut(), Act::Refuse, Act::Hang, gone()]);
    let error = provision(&broker).await.expect_err("failed");
    assert_eq!(error.removal, Removal::Done);
    assert_eq!(script.lines(), [PUT, DELETE]);
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_remembers_now_and_then_is_believed() {
    let lapse = || (0..4).map(|_| json(404, &json!({})));
    let acts = [accepted()].into_iter().chain(lapse());
    let acts = acts.chain([state("in progress")]).chain(lapse());
    let (broker, script) = broker(acts.chain([state("succeeded")]));
    provision(&broker).await.expect("made");
    script.seen();
}
