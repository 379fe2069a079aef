//! The contract's suite.

use windlass_services::conformance;

use crate::fixture::Garage;
use crate::server::shared;

#[tokio::test]
async fn the_administrator_conforms() {
    let server = shared().await;
    conformance::run(&Garage::new(server, server.administrator.clone())).await;
}
