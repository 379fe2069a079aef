//! The contract's suite, once for each sort of administrator.

use windlass_services::conformance;

use crate::fixture::Postgres;
use crate::server::shared;

#[tokio::test]
async fn a_superuser_conforms() {
    let server = shared().await;
    conformance::run(&Postgres::new(server, server.superuser.clone())).await;
}

#[tokio::test]
async fn the_least_privileged_administrator_conforms() {
    let server = shared().await;
    conformance::run(&Postgres::new(server, server.least_privileged().await)).await;
}
