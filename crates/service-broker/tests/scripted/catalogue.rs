//! Fetching the catalogue, instances and bindings.

use serde_json::json;
use windlass_service_broker::broker::{CatalogueError, Fetched};
use windlass_service_broker::{Failure, Settings};

use crate::fixture::{binding, broker, broker_with, catalogue, instance, settings};
use crate::script::{Act, cut, error, json, silence, text};

#[tokio::test(start_paused = true)]
async fn it_is_fetched_once_for_each_version() {
    let (broker, script) = broker([
        json(200, &catalogue()).header("etag", "\"v1\""),
        text(304, ""),
        json(200, &catalogue()),
    ]);
    let Fetched::Changed { catalogue, etag } = broker.catalogue(None).await.expect("new") else {
        panic!("new");
    };
    assert_eq!(catalogue.services[0].name, "postgres");
    let unchanged = broker.catalogue(etag.as_deref()).await.expect("the same");
    assert_eq!(unchanged, Fetched::Unchanged);
    let Fetched::Changed { etag, .. } = broker.catalogue(Some("\"v1\"")).await.expect("new") else {
        panic!("new");
    };
    assert_eq!(etag, None);
    let seen = script.seen();
    let known = |number: usize| seen[number].headers.get("if-none-match");
    assert_eq!(known(0), None);
    assert_eq!(known(1).map(String::as_str), Some("\"v1\""));
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_with_it_is_said() {
    let (broker, _) = broker([json(200, &json!({"services": [{"id": 1}]}))]);
    let error = broker.catalogue(None).await.expect_err("invalid");
    let CatalogueError::Invalid(problems) = &error else {
        panic!("{error}");
    };
    assert_eq!(problems.len(), 5, "{problems:?}");
    assert!(
        error
            .to_string()
            .contains("services[0].id must be a string; ")
    );
}

#[tokio::test(start_paused = true)]
async fn failures_are_said() {
    let small = || Settings {
        answer_bytes: 100,
        ..settings()
    };
    for (act, expected) in [
        (
            error(401, "", "who?"),
            "the broker does not accept our credentials: who? (HTTP 401)",
        ),
        (
            error(412, "", "old"),
            "the broker does not support version 2.17 of the specification: old (HTTP 412)",
        ),
        (
            text(404, ""),
            "the broker does not have it: HTTP 404 without a description",
        ),
        (
            text(500, ""),
            "the broker failed: HTTP 500 without a description",
        ),
        (
            text(304, ""),
            "the broker's answer does not follow the specification: it says that nothing has changed (HTTP 304), and was not asked that",
        ),
        (
            json(200, &catalogue()),
            "the broker's answer does not follow the specification: the catalogue is larger than 100 bytes",
        ),
        (
            Act::Refuse,
            "the broker cannot be reached: connection refused",
        ),
        (
            Act::Hang,
            "the broker cannot be reached: no connection within 5s",
        ),
        (
            silence(),
            "the broker gave no answer within 60s; it may have been done",
        ),
    ] {
        let (broker, _) = broker_with(small(), [act]);
        let error = broker.catalogue(None).await.expect_err(expected);
        assert_eq!(
            error.to_string(),
            format!("fetching the catalogue failed: {expected}")
        );
    }
}

#[tokio::test(start_paused = true)]
async fn instances_and_bindings_are_fetched() {
    let (broker, script) = broker([
        json(
            200,
            &json!({"plan_id": "p-1", "parameters": {"password": "hunter3"}}),
        ),
        json(404, &json!({})),
        json(200, &json!({"credentials": {"uri": "x"}})),
        cut(),
    ]);
    let seen = broker
        .fetch_instance(&instance(), None)
        .await
        .expect("there");
    assert_eq!(seen.plan_id.as_deref(), Some("p-1"));
    assert!(!format!("{seen:?}").contains("hunter3"));
    let error = broker
        .fetch_instance(&instance(), None)
        .await
        .expect_err("missing");
    assert!(matches!(error.failure, Failure::Missing(_)));
    let seen = broker.fetch_binding(&binding(), None).await.expect("there");
    assert_eq!(seen.credentials.expose().len(), 1);
    broker
        .fetch_binding(&binding(), None)
        .await
        .expect_err("cut");
    let (of_instance, of_binding) = (
        "GET /osb/i-1?HINTS",
        "GET /osb/i-1/service_bindings/b-1?HINTS",
    );
    assert_eq!(
        script.lines(),
        [of_instance, of_instance, of_binding, of_binding]
    );
}
