//! Servers in their different states.

use uuid::Uuid;
use windlass_model::id::InstanceId;
use windlass_service_drivers::memcached::MemcachedDriver;
use windlass_services::conformance::Session as _;
use windlass_services::{Driver, Error, InstanceSpec};

use crate::server::{Client, Server};

fn spec() -> InstanceSpec {
    InstanceSpec {
        instance: InstanceId::from(Uuid::now_v7()),
        connection_limit: 10,
        comment: "shop/test/DEFAULT".to_owned(),
        given: None,
        owner: None,
        storage_bytes: None,
    }
}

fn address(server: &Server) -> String {
    format!("127.0.0.1:{}", server.access.endpoint.port)
}

#[tokio::test]
async fn use_is_measured_and_destroyed_data_is_gone() {
    let server = Server::start(&[]).await;
    let (driver, spec) = (MemcachedDriver::new(), spec());
    let address = address(&server);
    let mut client = Client::connect(&address).await.expect("a connection");
    client.write("key", &"x".repeat(1000)).await.expect("write");
    let usage = driver.usage(&server.access, spec.instance).await;
    let usage = usage.expect("usage");
    assert!((1000..2000).contains(&usage.bytes), "{usage:?}");
    assert_eq!(usage.connections, 1);
    driver
        .destroy(&server.access, spec.instance)
        .await
        .expect("destroy");
    assert_eq!(client.read("key").await, Ok(None));
}

#[tokio::test]
async fn a_full_server_says_so() {
    // The last of two counts; of these the server keeps some for files.
    let server = Server::start(&["-c", "48"]).await;
    let address = address(&server);
    let mut open = Vec::new();
    while let Ok(client) = Client::connect(&address).await {
        open.push(client);
    }
    let driver = MemcachedDriver::new();
    let refused = driver.check(&server.access, spec().instance).await;
    let error = refused.expect_err("there is no connection left");
    assert!(matches!(error, Error::Full { .. }), "{error:?}");
}

#[tokio::test]
async fn the_server_is_process_one_and_not_root() {
    let server = Server::start(&[]).await;
    let name = server.exec(&["cat", "/proc/1/comm"]).expect("a name");
    assert_eq!(name.trim(), "memcached");
    let user = server
        .exec(&["stat", "-c", "%U", "/proc/1"])
        .expect("a user");
    assert_eq!(user.trim(), "memcache");
}
