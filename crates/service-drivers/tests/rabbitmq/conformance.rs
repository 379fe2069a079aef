//! The contract's suite.

use windlass_services::conformance;

use crate::fixture::Rabbitmq;
use crate::server::shared;

#[tokio::test]
async fn an_administrator_conforms() {
    let server = shared().await;
    conformance::run(&Rabbitmq::new(server, server.administrator.clone())).await;
}

#[tokio::test]
async fn an_administrator_without_rights_of_its_own_conforms() {
    let server = shared().await;
    let access = server.user("administrator").await;
    conformance::run(&Rabbitmq::new(server, access)).await;
}
