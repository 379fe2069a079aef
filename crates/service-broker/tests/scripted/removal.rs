//! Deleting instances and bindings: what becomes of each answer.

use serde_json::json;
use tokio::time::Instant;
use windlass_service_broker::{Broker, Error, Failure, Settings};

use crate::fixture::{binding, broker, broker_with, catalogue, instance, seconds, settings, user};
use crate::script::{Act, cut, error, json, silence, state, text};

const DELETE: &str = "DELETE /osb/i-1?ASYNC&HINTS";
const POLL: &str = "GET /osb/i-1/last_operation?HINTS";

async fn remove(broker: &Broker) -> Result<(), Error> {
    broker.deprovision(&instance(), Some(&user())).await
}

fn done() -> Act {
    json(200, &json!({}))
}

fn accepted() -> Act {
    json(202, &json!({}))
}

#[tokio::test(start_paused = true)]
async fn at_once_or_gone_already() {
    for act in [done(), json(410, &json!({})), text(410, "")] {
        let (broker, script) = broker([act]);
        remove(&broker).await.expect("gone");
        assert_eq!(script.lines(), [DELETE]);
    }
}

#[tokio::test(start_paused = true)]
async fn in_progress_and_then_gone() {
    for last in [state("succeeded"), json(410, &json!({})), text(410, "")] {
        let (broker, script) = broker([
            json(202, &json!({"operation": "o"})),
            state("in progress"),
            last,
        ]);
        remove(&broker).await.expect("gone");
        let poll = format!("{POLL}&operation=o");
        assert_eq!(script.lines(), [DELETE, &poll, &poll]);
        let name = "x-broker-api-originating-identity";
        let seen = script.seen();
        assert!(seen.iter().all(|seen| seen.headers.contains_key(name)));
    }
}

#[tokio::test(start_paused = true)]
async fn it_is_repeated_until_it_is_gone() {
    for act in [
        error(500, "", "boom"),
        text(200, "not JSON"),
        text(200, ""),
        text(202, ""),
        text(201, "{}"),
        text(204, ""),
        text(408, ""),
        error(422, "ConcurrencyError", "busy"),
        silence(),
        cut(),
    ] {
        let (broker, script) = broker([act.clone(), done()]);
        remove(&broker)
            .await
            .unwrap_or_else(|error| panic!("{act:?}: {error}"));
        assert_eq!(script.lines(), [DELETE; 2]);
    }
    let (broker, script) = broker([accepted(), state("failed"), accepted(), state("succeeded")]);
    remove(&broker).await.expect("gone");
    assert_eq!(script.lines(), [DELETE, POLL, DELETE, POLL]);
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_forgot_it_while_deleting_is_asked_to_delete_again() {
    let (broker, script) = broker([accepted(), json(404, &json!({})), json(410, &json!({}))]);
    remove(&broker).await.expect("gone");
    assert_eq!(script.lines(), [DELETE, POLL, DELETE]);
}

#[tokio::test(start_paused = true)]
async fn not_found_is_believed_only_of_a_broker() {
    let (good, script) = broker([text(404, "Not Found"), json(200, &catalogue())]);
    remove(&good).await.expect("gone");
    assert_eq!(script.lines(), [DELETE, "GET /osb/v2/catalog"]);

    for elsewhere in [
        text(404, "Not Found"),
        text(200, "<html>"),
        json(200, &json!({})),
        Act::Refuse,
    ] {
        let (broker, _) = broker([text(404, "Not Found"), elsewhere]);
        let error = remove(&broker).await.expect_err("nobody knows");
        assert!(
            matches!(error.failure, Failure::Refused { status: 404, .. }),
            "{error}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn refusals_are_not_repeated() {
    for status in [400, 401, 403, 409, 412, 422] {
        let (broker, script) = broker([error(status, "", "no")]);
        remove(&broker).await.expect_err("refused");
        assert_eq!(script.lines(), [DELETE]);
    }
    let (broker, script) = broker([text(301, "").header("location", "/elsewhere")]);
    remove(&broker).await.expect_err("not followed");
    assert_eq!(script.lines(), [DELETE]);
}

#[tokio::test(start_paused = true)]
async fn one_that_cannot_be_reached_is_said_at_once() {
    let (broker, _) = broker([Act::Refuse]);
    let error = remove(&broker).await.expect_err("away");
    assert!(matches!(error.failure, Failure::NotSent(_)));
}

#[tokio::test(start_paused = true)]
async fn one_that_goes_away_in_the_middle_may_have_done_it() {
    let few = Settings {
        patience: seconds(4),
        ..settings()
    };
    let (broker, script) = broker_with(few, [cut(), Act::Refuse, Act::Refuse]);
    let error = remove(&broker).await.expect_err("away");
    assert!(matches!(error.failure, Failure::Cut(_)), "{error}");
    assert!(error.failure.effect_unknown());
    script.seen();
}

#[tokio::test(start_paused = true)]
async fn it_is_repeated_for_a_quarter_of_an_hour() {
    let (broker, _) = broker(vec![error(500, "", "boom"); 200]);
    let began = Instant::now();
    let error = remove(&broker).await.expect_err("failed");
    assert!(matches!(error.failure, Failure::Server(_)));
    assert_eq!(began.elapsed().as_secs() / 60, 15);
}

#[tokio::test(start_paused = true)]
async fn one_that_never_ends_is_stuck_and_kept() {
    let acts = [accepted()]
        .into_iter()
        .chain((0..300).map(|_| state("in progress")));
    let (broker, _) = broker(acts);
    let error = remove(&broker).await.expect_err("stuck");
    assert_eq!(
        error.to_string(),
        "deleting the instance failed: the broker has not finished after 3600s: it has said nothing"
    );
}

#[tokio::test(start_paused = true)]
async fn bindings_are_deleted_in_the_same_way() {
    let (broker, script) = broker([
        error(500, "", "boom"),
        accepted(),
        state("in progress"),
        json(410, &json!({})),
    ]);
    broker.unbind(&binding(), None).await.expect("gone");
    let delete = "DELETE /osb/i-1/service_bindings/b-1?ASYNC&HINTS";
    let poll = "GET /osb/i-1/service_bindings/b-1/last_operation?HINTS";
    assert_eq!(script.lines(), [delete, delete, poll, poll]);
}
