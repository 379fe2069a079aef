//! Serving: slow clients, many clients, and the stop.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::World;
use windlass_engine::simulated::{Fault, Method};

#[tokio::test]
async fn a_client_that_never_ends_its_head_is_cut() {
    let world = World::with(|settings| settings.head_timeout = Duration::from_millis(200)).await;
    let mut stream = TcpStream::connect(world.address).await.unwrap();
    stream
        .write_all(b"GET /health HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        .await
        .unwrap();
    let mut answer = Vec::new();
    let ended =
        tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut answer)).await;
    assert!(ended.is_ok(), "the connection is closed");
}

#[tokio::test]
async fn connections_beyond_the_bound_wait() {
    let world = World::with(|settings| settings.max_connections = 1).await;
    let idle = TcpStream::connect(world.address).await.unwrap();
    let client = world.client.clone();
    let waiting = tokio::spawn(async move { client.get("/health").await.status });
    drop(idle);
    assert_eq!(waiting.await.unwrap(), 200);
}

#[tokio::test]
async fn a_stop_ends_streams_and_idle_connections_in_order() {
    let mut world = World::new().await;
    let demo = world.demo("shop").await;
    world.engine.plan(Method::Ensure, Fault::HangBefore);
    let deployment = world.begin(&demo.test).await;
    world.engine.wait_until_hanging(Method::Ensure).await;
    let path = format!(
        "/apps/v3/operations/{}/events/",
        deployment["operation"].as_str().unwrap()
    );
    let mut events = world.client.events(&path, &[]).await;
    events.next().await.unwrap();
    let _idle = TcpStream::connect(world.address).await.unwrap();
    let waiting = {
        let (client, path) = (world.client.clone(), path.replace("events/", "?wait=60"));
        tokio::spawn(async move { client.get(&path).await })
    };
    let served = world.stop();
    let rest = events.rest().await;
    assert!(
        rest.iter().all(|event| event.kind != "end"),
        "the operation has not ended, so its stream must not say so: {rest:?}"
    );
    tokio::time::timeout(Duration::from_secs(20), served)
        .await
        .expect("the server stops")
        .unwrap();
    // It was waiting when the server stopped, or not yet connected.
    if let Ok(answer) = waiting.await {
        assert_eq!(answer.body["state"], "running");
    }
    assert!(
        TcpStream::connect(world.address).await.is_err(),
        "nobody listens any more"
    );
    world.engine.poke();
}
