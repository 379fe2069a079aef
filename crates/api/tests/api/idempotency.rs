//! A request that is sent again with its `Idempotency-Key` is done once.

use http::Method;
use serde_json::{Value, json};

use crate::support::{Answer, World};
use windlass_engine::simulated::{Fault, Method as Call};

async fn keyed(world: &World, method: Method, path: &str, key: &str, body: &Value) -> Answer {
    world
        .client
        .json(method, path, &[("idempotency-key", key)], body)
        .await
}

#[tokio::test]
async fn a_deployment_is_begun_once() {
    let world = World::new().await;
    let demo = world.demo("shop").await;
    let body = json!({ "environment": demo.test, "image": "shop:1" });
    world.engine.plan(Call::Ensure, Fault::HangBefore);
    let first = keyed(&world, Method::POST, "/apps/v3/deployments/", "one", &body)
        .await
        .expect(201)
        .body
        .clone();
    world.engine.wait_until_hanging(Call::Ensure).await;
    let again = keyed(&world, Method::POST, "/apps/v3/deployments", "one", &body).await;
    assert_eq!(
        again.expect(201).body["uuid"],
        first["uuid"],
        "while it runs"
    );
    world.engine.poke();
    world.ended(&first).await;
    let again = keyed(&world, Method::POST, "/apps/v3/deployments/", "one", &body).await;
    assert_eq!(
        again.expect(201).body["uuid"],
        first["uuid"],
        "when it has ended"
    );
    let other = json!({ "environment": demo.live, "image": "shop:1" });
    keyed(&world, Method::POST, "/apps/v3/deployments/", "one", &other)
        .await
        .refusal(400, "idempotency_key_reused");
    let second = keyed(&world, Method::POST, "/apps/v3/deployments/", "two", &body).await;
    assert_ne!(second.expect(201).body["uuid"], first["uuid"]);
    world.ended(&second.body).await;
}

#[tokio::test]
async fn what_the_first_request_began_is_no_refusal_of_the_second() {
    let world = World::new().await;
    let demo = world.demo("shop").await;
    let instance = world.add(&demo.test, "DEFAULT").await;
    let path = format!(
        "/apps/v3/service-instances/{}/",
        instance["uuid"].as_str().unwrap()
    );
    let provision = format!("{path}provision/");
    let first = keyed(&world, Method::POST, &provision, "p", &json!({})).await;
    let operation = first.expect(202).body["uuid"].as_str().unwrap().to_owned();
    assert_eq!(
        keyed(&world, Method::POST, &provision, "p", &json!({}))
            .await
            .expect(202)
            .body["uuid"],
        *operation
    );
    world.finished(&operation).await;
    assert_eq!(
        keyed(&world, Method::POST, &provision, "p", &json!({}))
            .await
            .expect(202)
            .body["uuid"],
        *operation
    );
    keyed(&world, Method::POST, &provision, "q", &json!({}))
        .await
        .refusal(400, "already_provisioned");
    keyed(&world, Method::POST, &provision, "p", &json!({ "x": 1 }))
        .await
        .refusal(400, "idempotency_key_reused");

    let removal = format!("{path}?confirm=DEFAULT");
    let first = keyed(&world, Method::DELETE, &removal, "r", &json!({})).await;
    let operation = first.expect(202).body["uuid"].as_str().unwrap().to_owned();
    assert_eq!(
        keyed(&world, Method::DELETE, &removal, "r", &json!({}))
            .await
            .expect(202)
            .body["uuid"],
        *operation
    );
    world.finished(&operation).await;
    assert_eq!(
        keyed(&world, Method::DELETE, &removal, "r", &json!({}))
            .await
            .expect(202)
            .body["uuid"],
        *operation
    );
    keyed(&world, Method::DELETE, &removal, "s", &json!({}))
        .await
        .refusal(400, "removed");
    let kinds = world.client.get("/apps/v3/operations/").await;
    assert_eq!(kinds.body["count"], 2, "{:#}", kinds.body);
}

#[tokio::test]
async fn keys_are_checked() {
    let world = World::new().await;
    let demo = world.demo("shop").await;
    let body = json!({ "environment": demo.test, "image": "shop:1" });
    for key in ["", &"k".repeat(256)] {
        let answer = keyed(&world, Method::POST, "/apps/v3/deployments/", key, &body).await;
        assert!(answer.refusal(400, "malformed").contains("Idempotency-Key"));
    }
}
