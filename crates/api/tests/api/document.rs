//! The OpenAPI document: the committed one is the generated one, and what it says of paths is so.

use std::collections::HashSet;
use std::path::Path;

use serde_json::Value;

use crate::support::World;

#[test]
fn the_committed_document_is_the_generated_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    let generated = format!("{}\n", windlass_api::openapi().to_pretty_json().unwrap());
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(&path, &generated).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == generated,
        "crates/api/openapi.json is not what the code says; look at the difference after 'UPDATE_OPENAPI=1 cargo test -p windlass-api document'"
    );
}

#[test]
fn the_document_is_sound() {
    let document: Value =
        serde_json::from_str(&windlass_api::openapi().to_json().unwrap()).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for reference in references(&document) {
        let name = reference.strip_prefix("#/components/schemas/").unwrap();
        assert!(schemas.contains_key(name), "{name} is not described");
    }
    let mut names = HashSet::new();
    for item in document["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values() {
            let name = operation["operationId"].as_str().unwrap();
            assert!(names.insert(name.to_owned()), "{name} names two operations");
            assert!(
                operation["summary"]
                    .as_str()
                    .is_some_and(|text| !text.is_empty()),
                "{name} is not described"
            );
        }
    }
}

fn references(value: &Value) -> Vec<String> {
    match value {
        Value::Object(object) => {
            let own = object
                .get("$ref")
                .and_then(Value::as_str)
                .map(str::to_owned);
            own.into_iter()
                .chain(object.values().flat_map(references))
                .collect()
        }
        Value::Array(values) => values.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}

#[tokio::test]
async fn it_is_served_as_it_is_committed() {
    let world = World::new().await;
    let served = world.client.authorized(None).get("/openapi.json").await;
    let generated: Value =
        serde_json::from_str(&windlass_api::openapi().to_json().unwrap()).unwrap();
    assert_eq!(served.expect(200).body, generated);
}

#[tokio::test]
async fn every_path_answers_with_and_without_a_slash() {
    let world = World::new().await;
    let paths = windlass_api::openapi().paths.paths;
    assert!(!paths.is_empty());
    for path in paths.keys() {
        let path = path.replace("{id}", "0192f0c1-2345-7000-8000-000000000001");
        let bare = path.trim_end_matches('/');
        // A method that no path takes: 405 says that the route was found, without doing anything.
        for form in [bare.to_owned(), format!("{bare}/")] {
            let answer = world.client.send(http::Method::PUT, &form, &[], "").await;
            answer.refusal(405, "method_not_allowed");
            assert!(answer.headers.contains_key("allow"), "{form}");
        }
    }
    let text = world
        .client
        .get("/apps/v3/nothing")
        .await
        .refusal(404, "not_found");
    assert!(text.contains("/apps/v3/nothing"), "{text}");
}
