//! The contract's suite, once for each sort of administrator.

use windlass_services::conformance;

use crate::fixture::Mysql;
use crate::server::shared;

#[tokio::test]
async fn root_conforms() {
    let server = shared().await;
    conformance::run(&Mysql::new(server, server.root.clone())).await;
}

#[tokio::test]
async fn the_least_privileged_administrator_conforms() {
    let server = shared().await;
    conformance::run(&Mysql::new(server, server.least_privileged().await)).await;
}
