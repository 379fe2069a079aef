//! Making a binding: what becomes of each answer.

use serde_json::{Value, json};
use windlass_service_broker::spec::BindingAnswer;
use windlass_service_broker::{Broker, Error, Failure, Orphan, Removal};

use crate::fixture::{bind_request, binding, broker};
use crate::script::{Act, cut, error, json, silence, state, text};

const PUT: &str = "PUT /osb/i-1/service_bindings/b-1?ASYNC";
const POLL: &str = "GET /osb/i-1/service_bindings/b-1/last_operation?HINTS";
const GET: &str = "GET /osb/i-1/service_bindings/b-1?HINTS";
const DELETE: &str = "DELETE /osb/i-1/service_bindings/b-1?ASYNC&HINTS";

async fn bind(broker: &Broker) -> Result<BindingAnswer, Error> {
    let request = bind_request();
    broker
        .bind(&binding(), &request, None, Orphan::Remove)
        .await
}

fn credentials() -> Value {
    json!({
        "credentials": {"uri": "postgres://u:hunter3@h"}, "syslog_drain_url": null,
        "endpoints": [{"host": "h", "ports": ["5432", "6000-6010"], "protocol": "tcp"}],
        "metadata": {"expires_at": "2026-12-31T23:59:59.0Z", "renew_before": "2026-12-01T00:00:00.0Z"},
    })
}

fn accepted() -> Act {
    json(202, &json!({}))
}

fn gone() -> Act {
    json(410, &json!({}))
}

#[tokio::test(start_paused = true)]
async fn at_once_or_there_already() {
    for status in [200, 201] {
        let (broker, script) = broker([json(status, &credentials())]);
        let made = bind(&broker).await.expect("made");
        assert_eq!(
            made.credentials.expose()["uri"],
            json!("postgres://u:hunter3@h")
        );
        assert_eq!(made.endpoints[0].ports, ["5432", "6000-6010"]);
        assert_eq!(
            made.metadata.renew_before.as_deref(),
            Some("2026-12-01T00:00:00.0Z")
        );
        assert!(!format!("{made:?}").contains("hunter3"));
        assert_eq!(script.lines(), [PUT]);
    }
}

#[tokio::test(start_paused = true)]
async fn in_progress_and_then_fetched() {
    let (broker, script) = broker([
        // What an accepted request says of credentials does not count.
        json(202, &json!({"operation": "o", "credentials": {"x": 1}})),
        state("in progress"),
        state("succeeded"),
        json(404, &json!({})),
        error(500, "", "boom"),
        json(200, &credentials()),
    ]);
    let made = bind(&broker).await.expect("made");
    assert!(made.credentials.expose().contains_key("uri"));
    let poll = format!("{POLL}&operation=o");
    assert_eq!(script.lines(), [PUT, &poll, &poll, GET, GET, GET]);
}

#[tokio::test(start_paused = true)]
async fn credentials_that_cannot_be_fetched_are_of_no_use() {
    let acts = |fetch: Act, times: usize| {
        [accepted(), state("succeeded")]
            .into_iter()
            .chain(vec![fetch; times])
            .chain([gone()])
    };
    let (final_one, script) = broker(acts(error(403, "", "no"), 1));
    let error = bind(&final_one).await.expect_err("failed");
    assert!(matches!(error.failure, Failure::Unauthorized(_)), "{error}");
    assert_eq!(error.removal, Removal::Done);
    assert_eq!(script.lines(), [PUT, POLL, GET, DELETE]);

    // At once, after 2 s, 5 s, ... and for the last time after two minutes.
    let (never, script) = self::broker(acts(json(404, &json!({})), 10));
    let error = bind(&never).await.expect_err("failed");
    assert!(matches!(error.failure, Failure::Missing(_)), "{error}");
    assert_eq!(error.removal, Removal::Done);
    script.seen();
}

#[tokio::test(start_paused = true)]
async fn without_fetching_nothing_asynchronous_is_asked_for() {
    let mut binding = binding();
    binding.instance.target.bindings_retrievable = false;
    let (broker, script) = broker([json(201, &credentials()), accepted(), gone()]);
    let request = bind_request();
    let made = broker.bind(&binding, &request, None, Orphan::Remove);
    made.await.expect("made");
    let made = broker.bind(&binding, &request, None, Orphan::Remove);
    let error = made.await.expect_err("asynchronous all the same");
    assert!(matches!(error.failure, Failure::Malformed(_)), "{error}");
    assert_eq!(error.removal, Removal::Done);
    let put = "PUT /osb/i-1/service_bindings/b-1";
    assert_eq!(script.lines(), [put, put, DELETE]);
}

#[tokio::test(start_paused = true)]
async fn refusals_leave_nothing() {
    for act in [
        error(400, "", "no"),
        error(401, "", "no"),
        text(408, ""),
        json(409, &json!({})),
        error(422, "RequiresApp", "no"),
        error(422, "AsyncRequired", "no"),
        text(200, "<html>"),
        json(200, &json!({"credentials": "hunter3"})),
    ] {
        let (broker, script) = broker([act]);
        let error = bind(&broker).await.expect_err("refused");
        assert_eq!(error.removal, Removal::NotNeeded);
        assert!(!error.to_string().contains("hunter3"));
        assert_eq!(script.lines(), [PUT]);
    }
}

#[tokio::test(start_paused = true)]
async fn what_may_have_been_made_is_deleted() {
    for act in [
        error(500, "", "boom"),
        text(201, "<html>"),
        json(201, &json!({"credentials": ["hunter3"]})),
        text(202, ""),
        text(204, ""),
        silence(),
        cut(),
    ] {
        let (broker, script) = broker([act, json(200, &json!({}))]);
        let error = bind(&broker).await.expect_err("failed");
        assert_eq!(error.removal, Removal::Done);
        assert!(!format!("{error} {error:?}").contains("hunter3"));
        assert_eq!(script.lines(), [PUT, DELETE]);
    }
    let (broker, script) = broker([accepted(), state("failed"), gone()]);
    bind(&broker).await.expect_err("failed");
    assert_eq!(script.lines(), [PUT, POLL, DELETE]);
}

#[tokio::test(start_paused = true)]
async fn a_busy_broker_is_asked_again() {
    let busy = error(422, "ConcurrencyError", "busy");
    let (broker, script) = broker([busy, json(201, &credentials())]);
    bind(&broker).await.expect("made");
    assert_eq!(script.lines(), [PUT; 2]);
}
