//! The contract's suite.

use windlass_services::conformance;

use crate::fixture::Endpoint;
use crate::server::shared;

#[tokio::test]
async fn the_endpoint_conforms() {
    conformance::run(&Endpoint::new(shared().await)).await;
}
