//! Wrong credentials and unreachable servers.

use super::suite::{Suite, new_spec};
use crate::error::Error;
use crate::password;
use crate::spec::Access;

pub(super) async fn wrong_password_is_unauthorized(suite: &Suite<'_>) {
    let access = Access {
        password: password::generate(),
        ..suite.access.clone()
    };
    suite.guard(&access.password);
    for error in all_calls(suite, &access, "a wrong password is refused").await {
        assert!(
            matches!(error, Error::Unauthorized { .. }),
            "a wrong password is Unauthorized, not {error:?}"
        );
        assert!(!error.effect_unknown(), "a wrong password has no effect");
        assert!(
            error.to_string().contains(&access.description),
            "the error names the cluster: {error}"
        );
    }
}

pub(super) async fn no_server_is_unreachable(suite: &Suite<'_>) {
    let access = suite.fixture.unreachable();
    for error in all_calls(suite, &access, "a server that is not there does nothing").await {
        assert!(
            matches!(error, Error::Unreachable { .. }),
            "no server is Unreachable, not {error:?}"
        );
        assert!(
            !error.effect_unknown(),
            "a server that is not there has no effect"
        );
        assert!(
            error.to_string().contains(&access.description),
            "the error names the cluster: {error}"
        );
    }
}

async fn all_calls(suite: &Suite<'_>, access: &Access, sentence: &str) -> Vec<Error> {
    let (driver, spec) = (suite.driver(), new_spec());
    let binding = suite.new_binding(1);
    let mut errors = Vec::new();
    if suite.traits().users {
        // Without users there is nothing to revoke, and no need of the server for that.
        let revoked = driver.unbind(access, spec.instance, 1).await;
        errors.push(suite.refused(revoked, sentence));
    }
    errors.extend([
        suite.refused(driver.prepare(access).await, sentence),
        suite.refused(driver.provision(access, &spec).await, sentence),
        suite.refused(driver.bind(access, &spec, &binding).await, sentence),
        suite.refused(driver.check(access, spec.instance).await, sentence),
        suite.refused(driver.usage(access, spec.instance).await, sentence),
        suite.refused(driver.destroy(access, spec.instance).await, sentence),
        suite.refused(driver.list(access).await, sentence),
    ]);
    errors
}
