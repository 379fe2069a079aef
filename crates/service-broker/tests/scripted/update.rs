//! Changing an instance: what becomes of each answer.

use serde_json::json;
use windlass_service_broker::spec::{InstanceAnswer, Opaque, PreviousValues, UpdateRequest};
use windlass_service_broker::{Broker, Error, Failure, Instance, Removal};

use crate::fixture::{broker, instance, object};
use crate::script::{Act, cut, error, json, silence, state, text};

const PATCH: &str = "PATCH /osb/i-1?ASYNC";
const POLL: &str = "GET /osb/i-1/last_operation?HINTS";
const GET: &str = "GET /osb/i-1?HINTS";

fn to_plan(plan: &str) -> UpdateRequest {
    UpdateRequest {
        service_id: "s-1".to_owned(),
        plan_id: Some(plan.to_owned()),
        context: None,
        parameters: None,
        previous_values: PreviousValues {
            plan_id: Some("p-1".to_owned()),
            maintenance_info: None,
        },
        maintenance_info: None,
    }
}

async fn update(broker: &Broker) -> Result<InstanceAnswer, Error> {
    broker.update(&instance(), &to_plan("p-2"), None).await
}

fn accepted() -> Act {
    json(202, &json!({}))
}

#[tokio::test(start_paused = true)]
async fn at_once_or_in_progress() {
    let (at_once, script) = broker([json(200, &json!({}))]);
    update(&at_once).await.expect("changed");
    assert_eq!(script.lines(), [PATCH]);
    // The hint is the plan before.
    let (later, script) = broker([accepted(), state("in progress"), state("succeeded")]);
    update(&later).await.expect("changed");
    assert_eq!(script.lines(), [PATCH, POLL, POLL]);
}

#[tokio::test(start_paused = true)]
async fn busy_and_late_requests_are_repeated() {
    let (broker, script) = broker([
        error(422, "ConcurrencyError", "busy"),
        text(408, ""),
        json(200, &json!({})),
    ]);
    update(&broker).await.expect("changed");
    assert_eq!(script.lines(), [PATCH; 3]);
}

#[tokio::test(start_paused = true)]
async fn failures_delete_nothing_and_say_what_is_left() {
    for act in [
        error(400, "", "no"),
        error(500, "", "boom"),
        text(200, "<html>"),
        text(201, "{}"),
        text(202, ""),
        error(422, "MaintenanceInfoConflict", "old"),
    ] {
        let (broker, script) = broker([act]);
        let error = update(&broker).await.expect_err("failed");
        assert_eq!(error.removal, Removal::NotNeeded);
        assert_eq!(script.lines(), [PATCH]);
    }
    let body = json!({"state": "failed", "description": "half done", "instance_usable": false, "update_repeatable": false});
    let (broker, _) = broker([accepted(), json(200, &body)]);
    let error = update(&broker).await.expect_err("failed");
    assert_eq!(
        error.failure,
        Failure::Reported {
            description: "half done".to_owned(),
            instance_usable: false,
            update_repeatable: false
        }
    );
}

#[tokio::test(start_paused = true)]
async fn an_unclear_one_is_looked_for() {
    let busy = || error(422, "ConcurrencyError", "updating");
    let seen = |plan: &str| json(200, &json!({"plan_id": plan, "dashboard_url": "https://d"}));
    let (done, script) = broker([silence(), busy(), seen("p-2")]);
    let answer = update(&done).await.expect("it was done");
    assert_eq!(answer.dashboard_link(), Some("https://d"));
    assert_eq!(script.lines(), [PATCH, GET, GET]);

    let (undone, script) = broker([cut(), seen("p-1")]);
    let error = update(&undone).await.expect_err("not to be seen");
    assert!(matches!(error.failure, Failure::Cut(_)), "{error}");
    assert_eq!(script.lines(), [PATCH, GET]);

    let (hidden, _) = broker([cut(), refusal()]);
    update(&hidden).await.expect_err("nobody knows");
}

fn refusal() -> Act {
    error(400, "", "no")
}

#[tokio::test(start_paused = true)]
async fn without_fetching_an_unclear_one_is_only_reported() {
    let mut instance: Instance = instance();
    instance.target.instances_retrievable = false;
    let (broker, script) = broker([silence()]);
    let error = broker.update(&instance, &to_plan("p-2"), None).await;
    let error = error.expect_err("nobody knows");
    assert!(error.failure.effect_unknown());
    assert_eq!(script.lines(), [PATCH]);
}

#[tokio::test(start_paused = true)]
async fn parameters_must_be_seen_to_be_believed() {
    let request = UpdateRequest {
        plan_id: None,
        parameters: Some(Opaque::from(object(json!({"size": 2})))),
        ..to_plan("p-1")
    };
    for (shown, is_done) in [
        (json!({"parameters": {"size": 2, "other": 1}}), true),
        (json!({"parameters": {"size": 1}}), false),
        (json!({"parameters": {}}), false),
        (json!({}), false),
    ] {
        let (broker, _) = broker([cut(), json(200, &shown)]);
        let done = broker.update(&instance(), &request, None).await;
        assert_eq!(done.is_ok(), is_done, "{shown}");
    }
}
