//! Environment variables: set, shown, hidden, changed and unset.

use serde_json::{Value, json};

use crate::support::World;

const PATH: &str = "/apps/v3/environment-variables/";

fn named<'a>(rows: &'a [Value], name: &str) -> &'a Value {
    rows.iter()
        .find(|row| row["name"] == name)
        .unwrap_or_else(|| panic!("no {name}"))
}

#[tokio::test]
async fn sensitive_values_are_shown_when_asked_for_only() {
    let world = World::new().await;
    let demo = world.demo("shop").await;
    world.add(&demo.test, "DEFAULT").await;
    let body = json!({ "environment": demo.test, "variables": [
        { "name": "OPEN", "value": "yes" },
        { "name": "HIDDEN", "value": "s3cret", "is_sensitive": true },
    ] });
    let set = world.client.post(PATH, &body).await;
    let set = set.expect(201).body["results"].as_array().unwrap();
    assert_eq!(
        (&named(set, "OPEN")["value"], &named(set, "HIDDEN")["value"]),
        (&json!("yes"), &json!(null))
    );

    let list = world
        .client
        .get(&format!("{PATH}?environment={}", demo.test))
        .await;
    assert!(!list.text.contains("s3cret"));
    let rows = list.results();
    assert_eq!(named(rows, "HIDDEN")["is_sensitive"], true);
    assert_eq!(
        (
            &named(rows, "STAGE")["source"],
            &named(rows, "STAGE")["value"]
        ),
        (&json!("builtin"), &json!("test"))
    );
    assert_eq!(
        (
            &named(rows, "DATABASE_URL")["source"],
            &named(rows, "DATABASE_URL")["uuid"]
        ),
        (&json!("service"), &json!(null))
    );
    let shown = world
        .client
        .get(&format!(
            "{PATH}?environment={}&name=HIDDEN&reveal=true",
            demo.test
        ))
        .await;
    assert_eq!(shown.results()[0]["value"], "s3cret");
    assert!(
        world
            .client
            .get(&format!("{PATH}?environment={}&reveal=maybe", demo.test))
            .await
            .field("reveal")
            .contains("true or false")
    );

    // One effective row per environment and name, of all environments of the application.
    let both = world
        .client
        .get(&format!(
            "{PATH}?application={}&name=STAGE",
            demo.application
        ))
        .await;
    let values: Vec<_> = both
        .results()
        .iter()
        .map(|row| row["value"].as_str().unwrap())
        .collect();
    assert_eq!(values, ["test", "live"]);
    assert!(
        world
            .client
            .get(PATH)
            .await
            .field("environment")
            .contains("required")
    );
}

#[tokio::test]
async fn one_is_changed_and_unset_by_its_id() {
    let world = World::new().await;
    let demo = world.demo("shop").await;
    let set = world.client.post(PATH, &json!({ "environment": demo.test, "name": "KEY", "value": "one", "is_sensitive": true })).await;
    let path = format!("{PATH}{}/", set.expect(201).body["uuid"].as_str().unwrap());
    let value = async || {
        let shown = world
            .client
            .get(&format!(
                "{PATH}?environment={}&name=KEY&reveal=true",
                demo.test
            ))
            .await;
        shown
            .results()
            .first()
            .map(|row| row["value"].as_str().unwrap().to_owned())
    };
    let changed = world.client.patch(&path, &json!({ "value": "two" })).await;
    assert_eq!(
        changed.expect(200).body["is_sensitive"],
        true,
        "what is not given stays"
    );
    assert_eq!(value().await.as_deref(), Some("two"));
    let open = world
        .client
        .patch(&path, &json!({ "is_sensitive": false }))
        .await;
    assert_eq!(open.expect(200).body["value"], "two", "the value stays");
    world.client.delete(&path).await.expect(204);
    assert_eq!(value().await, None);
    world.client.delete(&path).await.refusal(404, "not_found");
    world
        .client
        .patch(&path, &json!({ "value": "three" }))
        .await
        .refusal(404, "not_found");
}

#[tokio::test]
async fn several_are_unset_together_or_not_at_all() {
    let world = World::new().await;
    let demo = world.demo("shop").await;
    let body = json!({ "environment": demo.test, "variables": [{ "name": "A", "value": "1" }, { "name": "B", "value": "2" }] });
    world.client.post(PATH, &body).await.expect(201);
    let unset = |names: Value| json!({ "environment": demo.test, "names": names });
    let custom = async || {
        let list = world
            .client
            .get(&format!("{PATH}?environment={}", demo.test))
            .await;
        list.results()
            .iter()
            .filter(|row| row["source"] == "custom")
            .count()
    };
    world
        .client
        .post(&format!("{PATH}unset/"), &unset(json!(["A", "NOPE"])))
        .await
        .refusal(404, "not_found");
    assert_eq!(custom().await, 2);
    world
        .client
        .post(&format!("{PATH}unset/"), &unset(json!(["A", "B"])))
        .await
        .expect(204);
    assert_eq!(custom().await, 0);
}

#[tokio::test]
async fn what_would_hide_a_service_variable_is_refused() {
    let world = World::new().await;
    let demo = world.demo("shop").await;
    world.add(&demo.test, "DEFAULT").await;
    let set = |overrides: bool| json!({ "environment": demo.test, "name": "DATABASE_URL", "value": "x", "override": overrides });
    let refused = world.client.post(PATH, &set(false)).await;
    assert!(
        refused
            .field("name")
            .contains("DATABASE_URL is given by an attached service"),
        "{}",
        refused.text
    );
    world.client.post(PATH, &set(true)).await.expect(201);
}

#[tokio::test]
async fn none_of_a_list_is_set_when_one_cannot_be() {
    let world = World::new().await;
    let demo = world.demo("shop").await;
    let body = json!({ "environment": demo.test, "variables": [
        { "name": "GOOD", "value": "1" }, { "name": "1BAD", "value": "2" }, { "name": "ALSO BAD", "value": "3" },
    ] });
    let refused = world.client.post(PATH, &body).await;
    let text = refused.field("name");
    assert!(text.contains("1BAD") && text.contains("ALSO BAD"), "{text}");
    let list = world
        .client
        .get(&format!("{PATH}?environment={}&name=GOOD", demo.test))
        .await;
    assert_eq!(list.body["count"], 0);
    let nul = world
        .client
        .post(
            PATH,
            &json!({ "environment": demo.test, "name": "A", "value": "a\u{0}b" }),
        )
        .await;
    assert!(nul.field("value").contains("NUL"));
    let twice = json!({ "environment": demo.test, "variables": [{ "name": "A", "value": "1" }, { "name": "A", "value": "2" }] });
    assert!(
        world
            .client
            .post(PATH, &twice)
            .await
            .field("name")
            .contains("twice")
    );
    let neither = world
        .client
        .post(PATH, &json!({ "environment": demo.test }))
        .await;
    assert_eq!(
        (neither.field("name"), neither.field("value")),
        (
            "This field is required.".to_owned(),
            "This field is required.".to_owned()
        )
    );
    let secret = world
        .client
        .post(
            PATH,
            &json!({ "environment": demo.test, "name": "A", "value": 8_123_456 }),
        )
        .await;
    assert_eq!(secret.field("value"), "a string is expected");
    assert!(!secret.text.contains("8123456"));
}
