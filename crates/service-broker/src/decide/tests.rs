//! The table, row by row.

use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};

use super::Attempt::{Bind, Deprovision, Provision, Unbind, Update};
use super::{Attempt, Decision, Failed, Unanswered, decide, decide_fetch, decide_poll};
use crate::answer::{Answer, Body, Outcome};
use crate::failure::Failure;
use crate::spec::{BindingAnswer, DeletionAnswer, InstanceAnswer, State};

const ALL: [Attempt; 5] = [Provision, Bind, Update, Deprovision, Unbind];

/// A decision without its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Short {
    Success,
    InProgress,
    Retry,
    /// Failed; nothing is left, the same again is of no use.
    Rejected,
    /// Failed; something may be left.
    Mitigate,
    /// Failed; the same again.
    Repeat,
}

use Short::{InProgress, Mitigate, Rejected, Repeat, Retry, Success};

fn short<T>(decision: &Decision<T>) -> Short {
    match decision {
        Decision::Success(_) => Success,
        Decision::InProgress { .. } => InProgress,
        Decision::Retry(_) => Retry,
        Decision::Failed(Failed {
            mitigate, repeat, ..
        }) => match (mitigate, repeat) {
            (false, false) => Rejected,
            (true, false) => Mitigate,
            (false, true) => Repeat,
            (true, true) => panic!("what is to be deleted is not asked for again"),
        },
    }
}

fn decided(attempt: Attempt, outcome: &Outcome) -> Short {
    match attempt {
        Provision | Update => short(&decide::<InstanceAnswer>(attempt, outcome)),
        Bind => short(&decide::<BindingAnswer>(attempt, outcome)),
        Deprovision | Unbind => short(&decide::<DeletionAnswer>(attempt, outcome)),
    }
}

fn answer(status: u16, body: impl AsRef<[u8]>) -> Outcome {
    with_body(status, Body::Whole(Bytes::copy_from_slice(body.as_ref())))
}

fn with_body(status: u16, body: Body) -> Outcome {
    Outcome::Answered(Answer {
        status: StatusCode::from_u16(status).expect("a status"),
        retry_after: Some(Duration::from_secs(7)),
        etag: None,
        body,
    })
}

fn error(code: &str) -> Outcome {
    answer(
        422,
        json!({"error": code, "description": "words"}).to_string(),
    )
}

/// What is decided of that outcome for provision, bind, update, deprovision and unbind.
fn row(what: &str, outcome: &Outcome, expected: [Short; 5]) {
    for (attempt, expected) in ALL.into_iter().zip(expected) {
        assert_eq!(decided(attempt, outcome), expected, "{what}: {attempt:?}");
    }
}

#[test]
fn successes() {
    row("200", &answer(200, "{}"), [Success; 5]);
    row("200 in white space", &answer(200, " \n{} "), [Success; 5]);
    row(
        "200, unknown fields",
        &answer(200, "{\"x\": [1]}"),
        [Success; 5],
    );
    row(
        "201",
        &answer(201, "{}"),
        [Success, Success, Rejected, Repeat, Repeat],
    );
    row("202", &answer(202, "{}"), [InProgress; 5]);
    row(
        "202 null",
        &answer(202, "{\"operation\": null}"),
        [InProgress; 5],
    );
    row(
        "410",
        &answer(410, "{}"),
        [Rejected, Rejected, Rejected, Success, Success],
    );
    row(
        "410 without a body",
        &answer(410, ""),
        [Rejected, Rejected, Rejected, Success, Success],
    );
}

#[test]
fn successes_that_cannot_be_read() {
    for body in ["", " ", "<html>", "{", "[]", "null", "\"ok\"", "{\"a\":1}x"] {
        row(
            "200 malformed",
            &answer(200, body),
            [Rejected, Rejected, Rejected, Repeat, Repeat],
        );
        for status in [201, 202] {
            row(
                "201 or 202 malformed",
                &answer(status, body),
                [Mitigate, Mitigate, Rejected, Repeat, Repeat],
            );
        }
    }
    let malformed = [Mitigate, Mitigate, Rejected, Repeat, Repeat];
    row("operation", &answer(202, "{\"operation\": 1}"), malformed);
    let long = json!({"operation": "o".repeat(10_001)}).to_string();
    row("long operation", &answer(202, long), malformed);
    let longest = json!({"operation": "é".repeat(10_000)}).to_string();
    row("longest operation", &answer(202, longest), [InProgress; 5]);
    row("too large", &with_body(201, Body::TooLarge), malformed);
    row(
        "too large",
        &with_body(200, Body::TooLarge),
        [Rejected, Rejected, Rejected, Repeat, Repeat],
    );
    assert_eq!(
        decided(Bind, &answer(201, "{\"credentials\": \"x\"}")),
        Mitigate
    );
    assert_eq!(
        decided(Bind, &answer(200, "{\"credentials\": \"x\"}")),
        Rejected
    );
    assert_eq!(
        decided(Provision, &answer(201, "{\"dashboard_url\": 1}")),
        Mitigate
    );
}

#[test]
fn other_successes() {
    for status in [203, 204, 205, 206, 299] {
        row(
            "other 2xx",
            &answer(status, "{}"),
            [Mitigate, Mitigate, Rejected, Repeat, Repeat],
        );
    }
}

#[test]
fn refusals() {
    row(
        "408",
        &answer(408, "{}"),
        [Rejected, Rejected, Retry, Retry, Retry],
    );
    for status in [400, 401, 403, 404, 405, 409, 412, 413, 418, 422, 429, 499] {
        row("4xx", &answer(status, "{}"), [Rejected; 5]);
        row("4xx, no JSON", &answer(status, "<html>"), [Rejected; 5]);
        row(
            "4xx, large",
            &with_body(status, Body::TooLarge),
            [Rejected; 5],
        );
        let cut = with_body(status, Body::Cut("cut".to_owned()));
        row("4xx, cut", &cut, [Rejected; 5]);
    }
    for code in [
        "AsyncRequired",
        "RequiresApp",
        "MaintenanceInfoConflict",
        "Other",
        "concurrencyerror",
    ] {
        row(code, &error(code), [Rejected; 5]);
    }
    row("ConcurrencyError", &error("ConcurrencyError"), [Retry; 5]);
    let elsewhere = json!({"error": "ConcurrencyError"}).to_string();
    row("only with 422", &answer(400, elsewhere), [Rejected; 5]);
}

#[test]
fn redirects_are_not_followed() {
    for status in [300, 301, 302, 303, 304, 307, 308] {
        row("3xx", &answer(status, ""), [Rejected; 5]);
    }
}

#[test]
fn failures_with_an_effect_that_nobody_knows() {
    let unclear = [Mitigate, Mitigate, Rejected, Repeat, Repeat];
    for status in [500, 502, 503, 504, 599, 600, 999] {
        row("5xx", &answer(status, "{}"), unclear);
    }
    let after = Duration::from_mins(1);
    row("no answer", &Outcome::NoAnswer(after), unclear);
    row("cut", &Outcome::Cut("reset".to_owned()), unclear);
    for status in [200, 201, 202] {
        let cut = with_body(status, Body::Cut("reset".to_owned()));
        row("cut in the body", &cut, unclear);
    }
}

#[test]
fn what_was_not_sent_is_sent_again() {
    row("away", &Outcome::NotSent("refused".to_owned()), [Retry; 5]);
}

#[test]
fn the_operation_comes_back_exactly() {
    let body = json!({"operation": "a b/ü?&=%", "dashboard_url": "https://d"}).to_string();
    let decision = decide::<InstanceAnswer>(Provision, &answer(202, body));
    let Decision::InProgress {
        answer,
        operation,
        retry_after,
    } = decision
    else {
        panic!("{decision:?}");
    };
    assert_eq!(operation.as_deref(), Some("a b/ü?&=%"));
    assert_eq!(answer.dashboard_url.as_deref(), Some("https://d"));
    assert_eq!(retry_after, Some(Duration::from_secs(7)));
}

#[test]
fn each_refusal_has_its_words() {
    let failure = |outcome: &Outcome| match decide::<InstanceAnswer>(Update, outcome) {
        Decision::Failed(failed) => failed.failure,
        Decision::Retry(failure) => failure,
        other => panic!("{other:?}"),
    };
    let body = json!({"error": "X", "description": "a\nb\u{1b}[0m"}).to_string();
    let words = |status: u16| format!("a b [0m (HTTP {status}, X)");
    for (status, expected) in [
        (401, Failure::Unauthorized(words(401))),
        (403, Failure::Unauthorized(words(403))),
        (409, Failure::Conflict(words(409))),
        (412, Failure::Version(words(412))),
        (500, Failure::Server(words(500))),
    ] {
        assert_eq!(failure(&answer(status, &body)), expected);
    }
    let code = |code| failure(&error(code));
    let said = |code: &str| format!("words (HTTP 422, {code})");
    assert_eq!(
        code("ConcurrencyError"),
        Failure::Busy(said("ConcurrencyError"))
    );
    assert_eq!(
        code("RequiresApp"),
        Failure::NeedsApplication(said("RequiresApp"))
    );
    assert_eq!(
        code("MaintenanceInfoConflict"),
        Failure::OutdatedCatalogue(said("MaintenanceInfoConflict"))
    );
    let body = json!({"instance_usable": false, "update_repeatable": false}).to_string();
    assert_eq!(
        failure(&answer(422, body)),
        Failure::Refused {
            status: 422,
            description: "HTTP 422 without a description".to_owned(),
            instance_usable: false,
            update_repeatable: false,
        }
    );
}

#[test]
fn what_stands_in_a_broken_answer_is_not_repeated() {
    for body in [
        "{\"credentials\": \"hunter2\"}",
        "{\"credentials\": hunter2}",
        "hunter2",
    ] {
        let decision = decide::<BindingAnswer>(Bind, &answer(201, body));
        assert!(!format!("{decision:?}").contains("hunter2"), "{decision:?}");
    }
    let good = decide::<BindingAnswer>(
        Bind,
        &answer(201, "{\"credentials\": {\"password\": \"hunter2\"}}"),
    );
    assert!(!format!("{good:?}").contains("hunter2"));
}

fn polled(attempt: Attempt, outcome: &Outcome) -> Short {
    short(&decide_poll(attempt, outcome))
}

fn poll_row(what: &str, outcome: &Outcome, expected: [Short; 5]) {
    for (attempt, expected) in ALL.into_iter().zip(expected) {
        assert_eq!(polled(attempt, outcome), expected, "{what}: {attempt:?}");
    }
}

#[test]
fn polls() {
    let state = |state: Value| answer(200, json!({"state": state}).to_string());
    poll_row("succeeded", &state("succeeded".into()), [Success; 5]);
    poll_row("in progress", &state("in progress".into()), [InProgress; 5]);
    poll_row(
        "failed",
        &state("failed".into()),
        [Mitigate, Mitigate, Rejected, Repeat, Repeat],
    );
    poll_row(
        "410",
        &answer(410, "{}"),
        [Retry, Retry, Retry, Success, Success],
    );
    // Decides nothing: the specification goes on until the time is over.
    for outcome in [
        state("done".into()),
        state(Value::Null),
        answer(200, "{}"),
        answer(200, "<html>"),
        answer(201, "{\"state\": \"succeeded\"}"),
        answer(202, "{}"),
        answer(302, ""),
        answer(400, "{}"),
        answer(401, "{}"),
        answer(404, "{}"),
        answer(500, "{}"),
        error("ConcurrencyError"),
        Outcome::NoAnswer(Duration::from_mins(1)),
        Outcome::NotSent("refused".to_owned()),
        Outcome::Cut("reset".to_owned()),
        with_body(200, Body::TooLarge),
    ] {
        poll_row("no valid answer", &outcome, [Retry; 5]);
    }
}

#[test]
fn a_poll_says_what_a_failed_update_left() {
    let body = json!({"state": "failed", "description": " over quota\n", "instance_usable": false,
        "update_repeatable": false});
    let Decision::Failed(failed) = decide_poll(Update, &answer(200, body.to_string())) else {
        panic!("failed");
    };
    assert_eq!(
        failed.failure,
        Failure::Reported {
            description: "over quota".to_owned(),
            instance_usable: false,
            update_repeatable: false
        }
    );
    let Decision::Failed(failed) = decide_poll(Update, &answer(200, "{\"state\": \"failed\"}"))
    else {
        panic!("failed");
    };
    assert_eq!(
        failed.failure,
        Failure::Reported {
            description: "without a description".to_owned(),
            instance_usable: true,
            update_repeatable: true
        }
    );
}

#[test]
fn a_poll_keeps_the_brokers_wish_to_wait() {
    let decision = decide_poll(Bind, &answer(200, "{\"state\": \"in progress\"}"));
    let Decision::InProgress {
        answer,
        retry_after,
        ..
    } = decision
    else {
        panic!("{decision:?}");
    };
    assert_eq!(answer.state, State::InProgress);
    assert_eq!(retry_after, Some(Duration::from_secs(7)));
}

#[test]
fn questions() {
    let fetched = |outcome: &Outcome| decide_fetch::<BindingAnswer>(outcome).map(drop);
    assert_eq!(fetched(&answer(200, "{}")), Ok(()));
    for outcome in [
        answer(200, "x"),
        answer(202, "{}"),
        answer(404, "{}"),
        answer(410, "{}"),
        answer(500, "{}"),
        error("ConcurrencyError"),
        Outcome::Cut("reset".to_owned()),
    ] {
        let unanswered = fetched(&outcome).expect_err("no answer");
        assert!(matches!(unanswered, Unanswered::Retry(_)), "{outcome:?}");
    }
    for status in [301, 400, 401, 403, 412, 422] {
        let unanswered = fetched(&answer(status, "{}")).expect_err("no answer");
        assert!(matches!(unanswered, Unanswered::Final(_)), "{status}");
    }
}
