//! Brokers: registered, shown, changed and removed; their passwords are said to nobody.

use serde_json::{Value, json};

use crate::support::{BROKER, World, assert_keys};
use windlass_services::simulated::offer;

const PATH: &str = "/apps/v3/service-brokers/";
const KEYS: &str = "uuid name region url user profile ca_pem services created_at refreshed_at";

fn acme(password: &str) -> Value {
    json!({ "name": "acme", "url": BROKER, "user": "windlass", "password": password })
}

#[tokio::test]
async fn a_broker_from_its_registration_to_its_removal() {
    let world = World::new().await;
    let made = world.client.post(PATH, &acme("let me in")).await;
    let made = made.expect(201).body.clone();
    assert_keys(&made, KEYS);
    assert_eq!(made["profile"], "cloudfoundry");
    let service = &made["services"][0];
    assert_keys(
        service,
        "uuid identifier name type description offered obstacle",
    );
    assert_eq!(service["identifier"], "acme-mysql-small");
    let path = format!("{PATH}{}/", made["uuid"].as_str().unwrap());
    assert_eq!(world.client.get(&path).await.expect(200).body, made);
    let listed = world.client.get(PATH).await;
    assert_eq!(listed.results()[..], *std::slice::from_ref(&made));
    let services = world.client.get("/apps/v3/services/").await;
    let mut services = services.results().iter();
    assert!(services.any(|item| item["uuid"] == service["uuid"]));

    let offers = [
        offer("mysql", "small", "DATABASE"),
        offer("mysql", "large", "DATABASE"),
    ];
    world.marketplace.offer(BROKER, "another", &offers);
    let refresh = format!("{path}refresh/");
    let refused = world.client.post(&refresh, &json!({})).await;
    refused.refusal(400, "refused");
    let changed = world
        .client
        .patch(
            &path,
            &json!({ "password": "another", "profile": "native" }),
        )
        .await;
    let changed = changed.expect(200).body.clone();
    assert_eq!(changed["profile"], "native");
    assert_eq!(changed["services"].as_array().unwrap().len(), 2);
    let refreshed = world.client.post(&refresh, &json!({})).await;
    refreshed.expect(200);
    for answer in [&made, &changed, &refreshed.body] {
        let text = answer.to_string();
        assert!(!text.contains("let me in") && !text.contains("another"));
    }

    world.client.delete(&path).await.expect(204);
    world.client.get(&path).await.refusal(404, "not_found");
    assert!(world.client.get(PATH).await.results().is_empty());
}

#[tokio::test]
async fn what_cannot_be_registered_is_refused_without_its_password() {
    let world = World::new().await;
    let post = async |body: Value| world.client.post(PATH, &body).await;
    let answer = post(json!({ "name": "acme", "url": BROKER })).await;
    assert_eq!(answer.field("password"), "This field is required.");
    let answer = post(json!({ "name": "A C M E", "url": BROKER, "password": "hunter2" })).await;
    assert!(answer.field("name").contains("2 to 32"));
    let answer = post(json!({ "name": "postgres", "url": BROKER, "password": "hunter2" })).await;
    assert!(answer.field("name").contains("type of service"));
    let text = post(acme("hunter2")).await.refusal(400, "refused");
    assert!(!text.contains("hunter2"), "{text}");
    world.marketplace.spoil(
        BROKER,
        "let me in",
        &["services[0].name is missing", "services[1].id is empty"],
    );
    let text = post(acme("let me in"))
        .await
        .refusal(400, "invalid_catalogue");
    for words in ["services[0].name is missing", "services[1].id is empty"] {
        assert!(text.contains(words), "{text}");
    }
    world.marketplace.take_away(BROKER);
    let text = post(acme("let me in")).await.refusal(503, "unavailable");
    assert!(text.contains("broker 'acme'"), "{text}");
    assert!(world.client.get(PATH).await.results().is_empty());
}
