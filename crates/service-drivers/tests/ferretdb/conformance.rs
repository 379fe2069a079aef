//! The contract's suite.

use windlass_services::conformance;

use crate::fixture::Ferretdb;

#[tokio::test]
async fn the_driver_conforms() {
    let ferretdb = Ferretdb::start().await;
    conformance::run(&ferretdb).await;
}
