//! A use case that writes goes on when its client has left.

use http::Method;
use serde_json::json;

use crate::support::{World, eventually};
use windlass_engine::simulated::{Fault, Method as Call};

#[tokio::test]
async fn a_rollback_begins_although_its_client_has_left() {
    let world = World::new().await;
    let demo = world.demo("shop").await;
    world.deploy(&demo.test).await;
    world.deploy(&demo.test).await;
    // The use case asks the engine for the image before it writes anything.
    world.engine.plan(Call::Image, Fault::HangBefore);
    let client = world.client.clone();
    let path = format!("/apps/v3/environments/{}/rollback/", demo.test);
    let asked = tokio::spawn(async move {
        client
            .json(Method::POST, &path, &[], &json!({ "release": 1 }))
            .await
            .status
    });
    world.engine.wait_until_hanging(Call::Image).await;
    asked.abort();
    assert!(asked.await.unwrap_err().is_cancelled());
    world.engine.poke();
    eventually("the third release runs", async || {
        let releases = world
            .client
            .get(&format!("/apps/v3/environments/{}/releases/", demo.test))
            .await;
        releases.results()[0]["number"] == 3 && releases.results()[0]["is_running"] == true
    })
    .await;
}
