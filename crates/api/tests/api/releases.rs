//! Releases, the way back to one, and operations.

use serde_json::json;

use crate::support::shapes::{DEPLOYMENT, ENVIRONMENT, OPERATION};
use crate::support::{World, assert_keys};

#[tokio::test]
async fn releases_and_the_way_back() {
    let world = World::new().await;
    let client = &world.client;
    let demo = world.demo("shop").await;
    world.add(&demo.live, "DEFAULT").await;
    world.deploy(&demo.live).await;
    let second = world.deploy(&demo.live).await;
    let path = format!("/apps/v3/environments/{}", demo.live);

    let environment = client.get(&path).await.expect(200).body.clone();
    assert_keys(&environment, &format!("{ENVIRONMENT} live_status"));
    assert_eq!(environment["site_url"], "http://shop-live.localhost:8080/");
    assert_eq!(
        environment["live_status"]["site_url"],
        environment["site_url"]
    );
    assert_eq!(
        environment["last_finished_deployment"],
        json!({ "uuid": second["uuid"] })
    );

    let releases = client.get(&format!("{path}/releases/")).await;
    let release = &releases.results()[0];
    assert_keys(
        release,
        "uuid number commit image created_at is_running rollback_of deployment services processes",
    );
    assert_keys(&release["services"][0], "instance prefix");
    assert_keys(&release["processes"][0], "name command count port");
    assert_eq!(
        (
            &release["number"],
            &release["is_running"],
            &release["deployment"]
        ),
        (&json!(2), &json!(true), &second["uuid"])
    );

    let back = client
        .post(&format!("{path}/rollback/"), &json!({ "release": 1 }))
        .await;
    let back = world.ended(&back.expect(201).body).await;
    assert_eq!(
        (&back["success"], &back["release_number"]),
        (&json!(true), &json!(3))
    );
    let newest = &client.get(&format!("{path}/releases/")).await.results()[0].clone();
    assert_eq!(newest["rollback_of"], releases.results()[1]["uuid"]);
    let running = client
        .post(&format!("{path}/rollback/"), &json!({ "release": "3" }))
        .await;
    running.refusal(400, "running");
    client
        .post(&format!("{path}/rollback/"), &json!({ "release": 77 }))
        .await
        .refusal(404, "not_found");

    let list = client
        .get(&format!(
            "/apps/v3/deployments/?application={}&environment={}",
            demo.application, demo.live
        ))
        .await;
    let numbers: Vec<_> = list
        .results()
        .iter()
        .map(|row| row["number"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, [3, 2, 1]);
    assert_keys(&list.results()[0], DEPLOYMENT);

    let path = format!("/apps/v3/deployments/{}", second["uuid"].as_str().unwrap());
    let log = client.get(&format!("{path}/logs")).await;
    assert_keys(&log.expect(200).body, "uuid logs");
    assert!(!log.body["logs"].as_str().unwrap().is_empty());
    let hidden = client.get(&format!("{path}/environment-variables")).await;
    assert_keys(
        &hidden.expect(200).body,
        "uuid environment environment_variables",
    );
    let values = &hidden.body["environment_variables"];
    assert_eq!(
        (
            &values["STAGE"],
            &values["SECRET_KEY"],
            &values["DATABASE_URL"]
        ),
        (&json!("live"), &json!(null), &json!(null))
    );
    let shown = client
        .get(&format!("{path}/environment-variables?reveal=true"))
        .await;
    let values = &shown.body["environment_variables"];
    assert_eq!(values["SECRET_KEY"].as_str().unwrap().len(), 50);
    assert!(
        values["DATABASE_URL"]
            .as_str()
            .unwrap()
            .starts_with("simulated://"),
        "{values:#}"
    );
    client
        .post(&format!("{path}/cancel/"), &json!({}))
        .await
        .refusal(400, "finished");
}

#[tokio::test]
async fn operations() {
    let world = World::new().await;
    let client = &world.client;
    let demo = world.demo("shop").await;
    let deployment = world.deploy(&demo.test).await;
    let id = deployment["operation"].as_str().unwrap();
    let operation = client
        .get(&format!("/apps/v3/operations/{id}/"))
        .await
        .expect(200)
        .body
        .clone();
    assert_keys(&operation, OPERATION);
    assert_keys(
        &operation["steps"][0],
        "name state attempt pivot error started_at finished_at",
    );
    assert_eq!(
        (&operation["state"], &operation["actor"]),
        (&json!("succeeded"), &json!("admin@localhost"))
    );
    assert_eq!(
        client
            .get("/apps/v3/operations/?state=succeeded")
            .await
            .results()[0],
        operation
    );
    assert_eq!(
        client
            .get("/apps/v3/operations/?state=pending,running")
            .await
            .body["count"],
        0
    );
    assert!(
        client
            .get("/apps/v3/operations/?state=done")
            .await
            .field("state")
            .contains("needs_attention")
    );
    assert!(
        client
            .get(&format!("/apps/v3/operations/{id}/?wait=61"))
            .await
            .field("wait")
            .contains("60")
    );

    let events = client
        .get(&format!("/apps/v3/operations/{id}/events/?page_size=2"))
        .await;
    assert_keys(&events.body, "count next previous results");
    let numbers: Vec<_> = events
        .results()
        .iter()
        .map(|row| row["number"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, [1, 2]);
    assert_eq!(events.results()[0]["kind"], "step_started");
    let next = client.get(events.body["next"].as_str().unwrap()).await;
    assert_eq!(next.results()[0]["number"], 3);

    // What has ended cannot be changed, and each says why.
    for (verb, body) in [
        ("cancel", json!({})),
        ("retry", json!({})),
        ("skip", json!({ "step": "build", "reason": "by hand" })),
        ("abandon", json!({ "reason": "given up" })),
    ] {
        let answer = client
            .post(&format!("/apps/v3/operations/{id}/{verb}/"), &body)
            .await;
        assert!(!answer.refusal(400, "refused").is_empty(), "{verb}");
    }
    let empty = client
        .post(
            &format!("/apps/v3/operations/{id}/abandon/"),
            &json!({ "reason": " " }),
        )
        .await;
    assert!(empty.field("reason").contains("1 to 1000"));
}
