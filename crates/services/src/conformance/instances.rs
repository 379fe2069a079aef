//! Making and destroying instances.

use windlass_model::id::short;

use super::suite::{Suite, new_spec};
use crate::error::Error;

pub(super) async fn provision_is_idempotent(suite: &Suite<'_>) {
    let mut spec = new_spec();
    assert_eq!(
        suite.listed(&spec).await,
        0,
        "what is not made is not listed"
    );
    suite.provision(&spec).await;
    let traces = suite.fixture.traces(spec.instance).await;
    assert!(
        !traces.is_empty() || !suite.traits().marks,
        "the instance {} is on the server",
        short(spec.instance)
    );
    suite.provision(&spec).await;
    assert_eq!(
        suite.fixture.traces(spec.instance).await,
        traces,
        "provision is idempotent"
    );
    suite
        .assert_listed(&spec, "the instance is listed once")
        .await;
    suite
        .driver()
        .check(&suite.access, spec.instance)
        .await
        .expect("an instance works without a binding");

    let binding = suite.bound(&spec, 1).await;
    suite
        .connect(&spec, &binding)
        .await
        .write("kept", "yes")
        .await
        .expect("write");
    "shop/test/RENAMED".clone_into(&mut spec.comment);
    suite.provision(&spec).await;
    let kept = suite
        .connect(&spec, &binding)
        .await
        .read("kept")
        .await
        .expect("read");
    assert_eq!(
        kept.as_deref(),
        Some("yes"),
        "provision of what is there keeps data and bindings"
    );
    suite.destroy(&spec).await;
}

pub(super) async fn other_parameters_are_a_conflict(suite: &Suite<'_>) {
    let spec = suite.provisioned().await;
    let binding = suite.bound(&spec, 1).await;
    let mut other = spec.clone();
    other.connection_limit += 1;
    let sentence = "other parameters for a provisioned id are a conflict";
    let error = suite.refused(
        suite.driver().provision(&suite.access, &other).await,
        sentence,
    );
    assert!(
        matches!(error, Error::Conflict { .. }),
        "{sentence}, not {error:?}"
    );
    suite
        .connect(&spec, &binding)
        .await
        .write("after", "conflict")
        .await
        .expect("the instance goes on");
    suite.provision(&spec).await;
    suite.destroy(&spec).await;
}

pub(super) async fn what_is_foreign_is_left_alone(suite: &Suite<'_>) {
    let spec = new_spec();
    suite.fixture.make_foreign(spec.instance).await;
    let before = suite.fixture.traces(spec.instance).await;
    assert!(!before.is_empty(), "the fixture made something foreign");
    let sentence = "an object of that name that is not the instance's is a conflict";
    let driver = suite.driver();
    let error = suite.refused(driver.provision(&suite.access, &spec).await, sentence);
    assert!(
        matches!(error, Error::Conflict { .. }),
        "{sentence}, not {error:?}"
    );
    suite.refused(
        driver
            .bind(&suite.access, &spec, &suite.new_binding(1))
            .await,
        sentence,
    );
    suite.refused(driver.destroy(&suite.access, spec.instance).await, sentence);
    // Whether a user of that name is looked at or not, it is not touched.
    drop(driver.unbind(&suite.access, spec.instance, 1).await);
    let after = suite.fixture.traces(spec.instance).await;
    assert_eq!(
        after, before,
        "nothing is done to objects that are not the instance's"
    );
    assert_eq!(
        suite.listed(&spec).await,
        0,
        "what is foreign is not listed"
    );
    suite.fixture.remove_foreign(spec.instance).await;
}

pub(super) async fn absent_may_be_revoked_and_destroyed(suite: &Suite<'_>) {
    let never = new_spec();
    suite.unbind(&never, 1).await;
    suite.destroy(&never).await;
    let spec = suite.provisioned().await;
    suite.unbind(&spec, 7).await;
    suite.destroy(&spec).await;
    suite.unbind(&spec, 1).await;
    suite.destroy(&spec).await;
}

pub(super) async fn absent_is_missing(suite: &Suite<'_>) {
    let spec = new_spec();
    let (driver, access) = (suite.driver(), &suite.access);
    let sentence = "what should be there is not";
    let errors = [
        suite.refused(driver.check(access, spec.instance).await, sentence),
        suite.refused(driver.usage(access, spec.instance).await, sentence),
        suite.refused(
            driver.bind(access, &spec, &suite.new_binding(1)).await,
            sentence,
        ),
    ];
    for error in errors {
        assert!(
            matches!(error, Error::Missing { .. }),
            "{sentence}: Missing, not {error:?}"
        );
    }
    let traces = suite.fixture.traces(spec.instance).await;
    assert!(
        traces.is_empty(),
        "a refused call leaves nothing, but there is {traces:?}"
    );
}

pub(super) async fn destroy_leaves_nothing(suite: &Suite<'_>) {
    let spec = suite.provisioned().await;
    let one = suite.bound(&spec, 1).await;
    let two = suite.bound(&spec, 2).await;
    let mut first = suite.connect(&spec, &one).await;
    let mut second = suite.connect(&spec, &two).await;
    first.write("key", "value").await.expect("write");
    suite.destroy(&spec).await;
    suite.destroy(&spec).await;
    if suite.traits().users {
        assert!(
            !suite.traits().ends_sessions || !first.is_alive().await && !second.is_alive().await,
            "destroy ends open sessions"
        );
        assert!(
            !suite.can_login(&spec, &one).await,
            "destroyed credentials are refused"
        );
    }
    assert_eq!(
        suite.listed(&spec).await,
        0,
        "what is destroyed is not listed"
    );

    suite.provision(&spec).await;
    let again = suite.bound(&spec, 1).await;
    let read = suite.connect(&spec, &again).await.read("key").await;
    assert!(
        !matches!(read, Ok(Some(_))),
        "destroyed data does not come back"
    );
    assert!(
        !suite.traits().users || !suite.can_login(&spec, &two).await,
        "destroyed credentials do not come back"
    );
    suite.destroy(&spec).await;
}
