//! What goes over the wire.

use serde_json::{Value, json};
use windlass_service_broker::spec::{BindRequest, MaintenanceInfo, PreviousValues, UpdateRequest};
use windlass_service_broker::{OriginatingIdentity, Orphan, Profile};

use crate::fixture::{
    bind_request, binding, broker, catalogue, instance, object, provision_request, user,
};
use crate::script::{json, state};

fn body(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

#[tokio::test(start_paused = true)]
async fn every_request_says_who_and_which_version() {
    let (broker, script) = broker([
        json(200, &catalogue()),
        json(201, &json!({})),
        json(200, &json!({})),
    ]);
    broker.catalogue(None).await.expect("a catalogue");
    let user = user();
    broker
        .provision(
            &instance(),
            &provision_request(),
            Some(&user),
            Orphan::Remove,
        )
        .await
        .expect("made");
    broker
        .deprovision(&instance(), Some(&user))
        .await
        .expect("gone");
    let seen = script.seen();
    let mut identities = Vec::new();
    for seen in &seen {
        let header = |name: &str| seen.headers.get(name).map(String::as_str);
        assert_eq!(header("x-broker-api-version"), Some("2.17"));
        assert_eq!(
            header("authorization"),
            Some("Basic d2luZGxhc3M6aHVudGVyMi1pcy10aGUtcGFzc3dvcmQ=")
        );
        assert_eq!(header("host"), Some("broker.example"));
        assert_eq!(header("accept"), Some("application/json"));
        assert!(seen.target.starts_with("/osb/v2/"), "{}", seen.target);
        identities.push(header("x-broker-api-request-identity").expect("an identity"));
    }
    identities.sort_unstable();
    identities.dedup();
    assert_eq!(identities.len(), seen.len(), "one for each request");
    let who = |number: usize| {
        seen[number]
            .headers
            .get("x-broker-api-originating-identity")
    };
    assert_eq!(who(0), None);
    assert_eq!(
        who(1).map(String::as_str),
        Some("cloudfoundry eyJ1c2VyX2lkIjoidS0xIn0=")
    );
    assert_eq!(who(2), who(1));
    assert_eq!(
        seen[1].headers.get("content-type").map(String::as_str),
        Some("application/json")
    );
    assert_eq!(
        body(&seen[1].body),
        json!({
            "service_id": "s-1", "plan_id": "p-1", "organization_guid": "o-1", "space_guid": "e-1",
            "context": {"platform": "cloudfoundry"}, "parameters": {"size": 1},
        })
    );
    assert!(!format!("{broker:?}").contains("hunter2"));
}

#[tokio::test(start_paused = true)]
async fn ids_and_operations_are_percent_encoded_and_come_back_exactly() {
    let operation = "a b/ü?&=%\"";
    let (broker, script) = broker([
        json(202, &json!({ "operation": operation })),
        state("succeeded"),
    ]);
    let mut instance = instance();
    instance.id = "i/1?x#y z".to_owned();
    instance.target.service_id = "s&1".to_owned();
    broker
        .provision(&instance, &provision_request(), None, Orphan::Remove)
        .await
        .expect("made");
    let seen = script.seen();
    assert_eq!(
        seen[0].target,
        "/osb/v2/service_instances/i%2F1%3Fx%23y%20z?accepts_incomplete=true"
    );
    assert_eq!(
        seen[1].target,
        "/osb/v2/service_instances/i%2F1%3Fx%23y%20z/last_operation?service_id=s%261&plan_id=p-1\
         &operation=a%20b%2F%C3%BC%3F%26%3D%25%22"
    );
}

#[tokio::test(start_paused = true)]
async fn bindings_are_for_an_application_or_successors() {
    let (broker, script) = broker([json(201, &json!({})), json(201, &json!({}))]);
    let user = OriginatingIdentity::new(Profile::Native, "u", "n");
    broker
        .bind(&binding(), &bind_request(), Some(&user), Orphan::Remove)
        .await
        .expect("made");
    let rotation = BindRequest::Rotate {
        predecessor_binding_id: "b-0".to_owned(),
    };
    broker
        .bind(&binding(), &rotation, None, Orphan::Remove)
        .await
        .expect("made");
    let seen = script.seen();
    assert_eq!(
        body(&seen[0].body),
        json!({
            "service_id": "s-1", "plan_id": "p-1", "context": {"platform": "cloudfoundry"},
            "bind_resource": {"app_guid": "a-1"}, "app_guid": "a-1",
        })
    );
    assert_eq!(
        body(&seen[1].body),
        json!({"predecessor_binding_id": "b-0"})
    );
}

#[tokio::test(start_paused = true)]
async fn updates_hold_what_changes_and_what_was() {
    let (broker, script) = broker([json(200, &json!({})), json(200, &json!({}))]);
    let info = |version: &str| MaintenanceInfo {
        version: version.to_owned(),
        description: Some("not sent".to_owned()),
    };
    let plan = UpdateRequest {
        service_id: "s-1".to_owned(),
        plan_id: Some("p-2".to_owned()),
        context: None,
        parameters: None,
        previous_values: PreviousValues {
            plan_id: Some("p-1".to_owned()),
            maintenance_info: Some(info("1.0.0")),
        },
        maintenance_info: Some(info("2.0.0")),
    };
    broker
        .update(&instance(), &plan, None)
        .await
        .expect("changed");
    let names = UpdateRequest {
        plan_id: None,
        context: Some(object(json!({"instance_name": "new"}))),
        previous_values: PreviousValues::default(),
        maintenance_info: None,
        ..plan
    };
    broker
        .update(&instance(), &names, None)
        .await
        .expect("changed");
    let seen = script.seen();
    assert_eq!(
        body(&seen[0].body),
        json!({
            "service_id": "s-1", "plan_id": "p-2",
            "previous_values": {"plan_id": "p-1", "maintenance_info": {"version": "1.0.0"}},
            "maintenance_info": {"version": "2.0.0"},
        })
    );
    assert_eq!(
        body(&seen[1].body),
        json!({"service_id": "s-1", "context": {"instance_name": "new"}, "previous_values": {}})
    );
}
