//! Requests that were done and whose answer nobody got.

use windlass_services::Driver;

use crate::fixture::{Endpoint, binding, spec, steward};
use crate::server::shared;
use crate::stand_in::StandIn;

#[tokio::test]
async fn a_key_whose_secret_was_lost_is_replaced() {
    let server = shared().await;
    for action in [
        "Action=CreateUser",
        "Action=PutUserPolicy",
        "Action=CreateAccessKey",
        "windlassSealed",
    ] {
        let fixture = Endpoint::new(server);
        let spec = fixture.provisioned().await;
        let first = binding(1);
        let loses = StandIn::losing(&server.iam, action).await;
        let access = server.access_by(&server.storage, &loses.url);
        let bound = fixture.driver.bind(&access, &spec, &first).await;
        let error = bound.expect_err("the answer is lost");
        assert!(error.effect_unknown(), "{action}: {error:?}");
        assert_eq!(loses.met(), 1, "{action}");
        let tenant = fixture.bound(&spec, &first).await;
        assert!(tenant.put("key", "value").await.status.is_success());
        let user = format!("{}.1", steward(spec.instance));
        let users = server.users(&user);
        let only = format!("\"keys\":[\"{}\"]", tenant.credentials.key());
        assert!(users[0].contains(&only), "{action}: {users:?}");
        fixture.destroy(&spec).await;
    }
}

#[tokio::test]
async fn instances_are_made_and_removed_once() {
    let server = shared().await;
    for action in ["Action=CreateUser", "Action=PutUserPolicy"] {
        let fixture = Endpoint::new(server);
        let spec = spec();
        let loses = StandIn::losing(&server.iam, action).await;
        let access = server.access_by(&server.storage, &loses.url);
        let provisioned = fixture.driver.provision(&access, &spec).await;
        let error = provisioned.expect_err("the answer is lost");
        assert!(error.effect_unknown(), "{action}: {error:?}");
        let provisioned = fixture.driver.provision(&fixture.access, &spec).await;
        provisioned.expect("provision");
        let tenant = fixture.bound(&spec, &binding(1)).await;
        assert!(tenant.put("key", "value").await.status.is_success());
        for action in ["Action=DeleteAccessKey", "Action=DeleteUser&"] {
            let loses = StandIn::losing(&server.iam, action).await;
            let access = server.access_by(&server.storage, &loses.url);
            let destroyed = fixture.driver.destroy(&access, spec.instance).await;
            destroyed.expect_err("the answer is lost");
        }
        fixture.destroy(&spec).await;
    }
    let fixture = Endpoint::new(server);
    let spec = fixture.provisioned().await;
    let loses = StandIn::losing(&server.storage, "DELETE /svc-").await;
    let access = server.access_by(&loses.url, &server.iam);
    let destroyed = fixture.driver.destroy(&access, spec.instance).await;
    destroyed.expect_err("the answer is lost");
    fixture.destroy(&spec).await;
}
