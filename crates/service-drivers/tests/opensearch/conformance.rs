//! The contract's suite.

use windlass_services::conformance;

use crate::fixture::Opensearch;
use crate::server::shared;

#[tokio::test]
async fn an_administrator_conforms() {
    let server = shared().await;
    conformance::run(&Opensearch::new(server, server.administrator.clone())).await;
}
