//! The contract's suite.

use windlass_service_drivers::memcached::MemcachedDriver;
use windlass_services::conformance;

use crate::fixture::Memcached;
use crate::server::Server;

#[tokio::test]
async fn the_driver_conforms() {
    let server = Server::start(&[]).await;
    let driver = MemcachedDriver::new();
    conformance::run(&Memcached { server, driver }).await;
}
