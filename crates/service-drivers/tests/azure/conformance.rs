//! The contract's suite.

use windlass_services::conformance;

use crate::fixture::Azure;
use crate::server::shared;

#[tokio::test]
async fn the_account_conforms() {
    conformance::run(&Azure::new(shared().await)).await;
}
