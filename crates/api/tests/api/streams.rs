//! Streams of events: whole, in order, with an end, and resumed where they broke.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{World, eventually};
use windlass_engine::simulated::{Fault, Method};

#[tokio::test]
async fn an_operation_is_followed_to_its_end() {
    let world = World::with(|settings| settings.heartbeat = Duration::from_millis(50)).await;
    let demo = world.demo("shop").await;
    world.engine.plan(Method::Ensure, Fault::HangBefore);
    let deployment = world.begin(&demo.test).await;
    let path = format!(
        "/apps/v3/operations/{}/events/",
        deployment["operation"].as_str().unwrap()
    );
    let mut events = world.client.events(&path, &[]).await;
    let first = events.next().await.unwrap();
    assert_eq!(
        (first.id.as_deref(), first.data["number"].as_u64()),
        (Some("1"), Some(1))
    );
    assert_eq!(
        (first.kind.as_str(), &first.data["kind"]),
        ("step_started", &json!("step_started"))
    );
    world.engine.wait_until_hanging(Method::Ensure).await;
    events.heartbeat().await;
    world.engine.poke();
    let rest = events.rest().await;
    let (end, followed) = rest.split_last().unwrap();
    assert_eq!(end.kind, "end");
    let last = followed.last().unwrap();
    assert_eq!(
        (last.kind.as_str(), &last.data["outcome"]),
        ("finished", &json!("succeeded"))
    );

    let listed = world.client.get(&path).await;
    let listed: Vec<&Value> = listed.results().iter().collect();
    for from in [("after", 0), ("last-event-id", 3)] {
        let headers: &[(&str, &str)] = if from.0 == "after" {
            &[]
        } else {
            &[("last-event-id", "3")]
        };
        let again = world
            .client
            .events(&format!("{path}?after=0"), headers)
            .await
            .rest()
            .await;
        let (end, again) = again.split_last().unwrap();
        assert_eq!(end.kind, "end");
        assert_eq!(
            again.iter().map(|event| &event.data).collect::<Vec<_>>(),
            listed[from.1..],
            "{from:?}"
        );
    }
}

#[tokio::test]
async fn the_log_of_a_deployment_grows_to_its_end() {
    let world = World::new().await;
    let demo = world.demo("shop").await;
    world.engine.plan(Method::Ensure, Fault::HangBefore);
    let deployment = world.begin(&demo.test).await;
    let path = format!(
        "/apps/v3/deployments/{}/logs",
        deployment["uuid"].as_str().unwrap()
    );
    let mut events = world.client.events(&format!("{path}/stream"), &[]).await;
    let first = events.next().await.unwrap();
    assert_eq!(first.kind, "log");
    world.engine.wait_until_hanging(Method::Ensure).await;
    world.engine.poke();
    let mut chunks = vec![first];
    chunks.extend(events.rest().await);
    assert_eq!(chunks.pop().unwrap().kind, "end");
    let text = |chunks: &[crate::support::Event]| {
        chunks
            .iter()
            .map(|chunk| chunk.data["text"].as_str().unwrap())
            .collect::<String>()
    };
    let whole = world.client.get(&path).await.expect(200).body["logs"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(text(&chunks), whole);
    assert_eq!(chunks.last().unwrap().id, Some(whole.len().to_string()));

    let behind = whole.find('\n').unwrap() + 1;
    let mut rest = world
        .client
        .events(&format!("{path}/stream/?from={behind}"), &[])
        .await
        .rest()
        .await;
    assert_eq!(rest.pop().unwrap().kind, "end");
    assert_eq!(text(&rest), whole[behind..]);
    let resumed = [("last-event-id", behind.to_string())];
    let resumed = [(resumed[0].0, resumed[0].1.as_str())];
    let mut rest = world
        .client
        .events(&format!("{path}/stream"), &resumed)
        .await
        .rest()
        .await;
    rest.pop();
    assert_eq!(text(&rest), whole[behind..]);
}

#[tokio::test]
async fn lines_of_processes_are_paged_and_followed() {
    let world = World::new().await;
    let demo = world.demo("shop").await;
    world.deploy(&demo.test).await;
    let container = {
        let snapshot = world.engine.snapshot();
        let names = snapshot.container_names();
        names
            .into_iter()
            .find(|name| name.contains("web"))
            .expect("the web process runs")
            .to_owned()
    };
    let path = format!("/apps/v3/environments/{}/logs/", demo.test);
    let before = world.client.get(&path).await;
    let mut next = before.expect(200).body["next"].as_str().unwrap().to_owned();
    let mut followed = world
        .client
        .events(&format!("{path}stream/?tail=0"), &[])
        .await;
    let mut seen = Vec::new();
    for number in 0..5 {
        world.engine.print(&container, &format!("line {number}"));
        let event = followed.next().await.unwrap();
        assert_eq!(
            (event.kind.as_str(), event.data["message"].as_str()),
            ("line", Some(format!("line {number}").as_str()))
        );
        assert_eq!(event.data["service"], "web");
        let page = world.client.get(&next).await;
        seen.extend(
            page.results()
                .iter()
                .map(|line| line["message"].as_str().unwrap().to_owned()),
        );
        page.body["next"].as_str().unwrap().clone_into(&mut next);
    }
    assert_eq!(seen, ["line 0", "line 1", "line 2", "line 3", "line 4"]);
    let empty = world.client.get(&next).await;
    assert_eq!(
        (empty.results().len(), empty.body["next"].as_str()),
        (0, Some(next.as_str()))
    );
    let tail = world.client.get(&format!("{path}?tail=2")).await;
    let messages: Vec<_> = tail
        .results()
        .iter()
        .map(|line| line["message"].as_str().unwrap())
        .collect();
    assert_eq!(messages, ["line 3", "line 4"]);
    assert!(
        tail.results()[0]["timestamp"]
            .as_str()
            .unwrap()
            .ends_with('Z')
    );
    world
        .client
        .get(&format!("{path}?after=x"))
        .await
        .field("after");
    // The next release takes the containers away that are followed.
    world.deploy(&demo.test).await;
    assert_eq!(followed.rest().await.pop().unwrap().kind, "end");
}

#[tokio::test]
async fn a_client_that_leaves_ends_its_stream() {
    let world = World::with(|settings| settings.max_connections = 2).await;
    let demo = world.demo("shop").await;
    world.engine.plan(Method::Ensure, Fault::HangBefore);
    let deployment = world.begin(&demo.test).await;
    let path = format!(
        "/apps/v3/operations/{}/events/",
        deployment["operation"].as_str().unwrap()
    );
    // There is room for two connections: each of these must give its own back for the next to be served.
    for _ in 0..6 {
        let mut events = world.client.events(&path, &[]).await;
        assert_eq!(events.next().await.unwrap().data["number"], 1);
        drop(events);
    }
    world.engine.wait_until_hanging(Method::Ensure).await;
    world.engine.poke();
    eventually("the deployment ends", async || {
        let path = format!(
            "/apps/v3/deployments/{}/",
            deployment["uuid"].as_str().unwrap()
        );
        world.client.get(&path).await.body["success"] == true
    })
    .await;
}
