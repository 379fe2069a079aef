//! What instances use, and what they do when nothing is left.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use windlass_services::{Driver, Error, InstanceSpec};

use crate::fixture::{Rabbitmq, spec};
use crate::server::shared;

/// The statistics lag by some seconds.
const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test]
async fn the_bytes_of_messages_are_counted() {
    let server = shared().await;
    let fixture = Rabbitmq::new(server, server.administrator.clone());
    let (spec, binding) = fixture.made().await;
    let tenant = fixture.tenant(&spec, &binding).await;
    for queue in ["one", "two"] {
        let message = "x".repeat(1_000);
        tenant.publish(queue, &message).await.expect("publish");
    }
    let deadline = Instant::now() + PATIENCE;
    loop {
        let usage = fixture.driver.usage(&fixture.access, spec.instance).await;
        let usage = usage.expect("usage");
        assert_eq!(usage.connections, 1, "connections do not lag");
        if usage.bytes == 2_000 {
            break;
        }
        assert!(Instant::now() < deadline, "{usage:?}");
        sleep(Duration::from_millis(100)).await;
    }
    fixture.destroy(&spec).await;
}

#[tokio::test]
async fn an_instance_without_a_free_connection_is_full() {
    let server = shared().await;
    let fixture = Rabbitmq::new(server, server.administrator.clone());
    let (driver, access) = (&fixture.driver, &fixture.access);
    let spec = InstanceSpec {
        connection_limit: 1,
        ..spec()
    };
    driver.provision(access, &spec).await.expect("provision");
    let binding = fixture.bound(&spec, 1).await;
    let tenant = fixture.tenant(&spec, &binding).await;
    let checked = driver.check(access, spec.instance).await;
    assert!(matches!(checked, Err(Error::Full { .. })), "{checked:?}");
    assert!(tenant.is_alive().await, "its only connection is left alone");
    driver
        .unbind(access, spec.instance, 1)
        .await
        .expect("unbind");
    driver.check(access, spec.instance).await.expect("check");
    fixture.destroy(&spec).await;
}
