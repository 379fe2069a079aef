//! Making and revoking bindings.

use super::suite::{Suite, eventually, new_spec};
use crate::error::Error;
use crate::password;
use crate::spec::InstanceSpec;

pub(super) async fn bind_is_idempotent(suite: &Suite<'_>) {
    let spec = suite.provisioned().await;
    let binding = suite.bound(&spec, 1).await;
    let traces = suite.fixture.traces(spec.instance).await;
    let mut open = suite.connect(&spec, &binding).await;
    open.write("key", "value").await.expect("write");
    suite.bind(&spec, &binding).await;
    assert_eq!(
        suite.fixture.traces(spec.instance).await,
        traces,
        "bind is idempotent"
    );
    assert!(
        open.is_alive().await,
        "bind again leaves the binding's sessions alone"
    );
    let read = suite
        .connect(&spec, &binding)
        .await
        .read("key")
        .await
        .expect("read");
    assert_eq!(read.as_deref(), Some("value"), "bind again keeps the data");
    suite.destroy(&spec).await;
}

pub(super) async fn bind_sets_the_password_again(suite: &Suite<'_>) {
    let spec = suite.provisioned().await;
    let old = suite.bound(&spec, 1).await;
    let mut new = old.clone();
    new.password = password::generate();
    suite.guard(&new.password);
    suite.bind(&spec, &new).await;
    assert!(
        suite.can_login(&spec, &new).await,
        "bind sets the password again"
    );
    assert!(
        !suite.can_login(&spec, &old).await,
        "the password before is no longer valid"
    );
    suite.destroy(&spec).await;
}

pub(super) async fn generation_of_another_binding_is_a_conflict(suite: &Suite<'_>) {
    let spec = suite.provisioned().await;
    let owner = suite.bound(&spec, 1).await;
    let other = suite.new_binding(1);
    let sentence = "another binding of a generation that is taken is a conflict";
    let error = suite.refused(
        suite.driver().bind(&suite.access, &spec, &other).await,
        sentence,
    );
    assert!(
        matches!(error, Error::Conflict { .. }),
        "{sentence}, not {error:?}"
    );
    assert!(
        suite.can_login(&spec, &owner).await,
        "the binding that has the generation is not touched"
    );
    assert!(
        !suite.can_login(&spec, &other).await,
        "the other one got nothing"
    );
    suite.destroy(&spec).await;
}

pub(super) async fn two_bindings_share_everything(suite: &Suite<'_>) {
    let spec = suite.provisioned().await;
    let (one, two) = (suite.bound(&spec, 1).await, suite.bound(&spec, 2).await);
    let mut first = suite.connect(&spec, &one).await;
    let mut second = suite.connect(&spec, &two).await;
    first.write("key", "first").await.expect("write");
    assert_eq!(
        second.read("key").await.expect("read").as_deref(),
        Some("first"),
        "both see one's data"
    );
    second
        .write("key", "second")
        .await
        .expect("what one makes the other can change");
    second.write("more", "second").await.expect("write");
    assert_eq!(
        first.read("key").await.expect("read").as_deref(),
        Some("second"),
        "and the other way round"
    );
    first
        .write("more", "first")
        .await
        .expect("what the other makes the one can change");
    suite.destroy(&spec).await;
}

pub(super) async fn revoking_one_leaves_the_other(suite: &Suite<'_>) {
    let spec = suite.provisioned().await;
    let (one, two) = (suite.bound(&spec, 1).await, suite.bound(&spec, 2).await);
    let mut first = suite.connect(&spec, &one).await;
    let mut idle = suite.connect(&spec, &one).await;
    let mut second = suite.connect(&spec, &two).await;
    first.write("key", "first").await.expect("write");
    suite.unbind(&spec, 1).await;
    if suite.traits().ends_sessions {
        assert!(
            !first.is_alive().await && !idle.is_alive().await,
            "revoking ends the binding's open sessions"
        );
    }
    assert!(
        !suite.can_login(&spec, &one).await,
        "a revoked user cannot log in"
    );
    assert!(
        second.is_alive().await,
        "revoking one leaves the other's sessions alone"
    );
    suite.unbind(&spec, 1).await;
    assert_eq!(
        second.read("key").await.expect("read").as_deref(),
        Some("first"),
        "the data stays"
    );
    second
        .write("key", "second")
        .await
        .expect("what the revoked one made the other can change");
    assert!(
        suite.can_login(&spec, &two).await,
        "the other can still log in"
    );
    let three = suite.bound(&spec, 3).await;
    let read = suite
        .connect(&spec, &three)
        .await
        .read("key")
        .await
        .expect("read");
    assert_eq!(
        read.as_deref(),
        Some("second"),
        "a later binding sees it all"
    );
    suite
        .driver()
        .check(&suite.access, spec.instance)
        .await
        .expect("the instance works");
    suite.destroy(&spec).await;
}

pub(super) async fn sessions_are_those_of_one_binding(suite: &Suite<'_>) {
    let spec = suite.provisioned().await;
    let sessions = async |generation| {
        let (driver, access) = (suite.driver(), &suite.access);
        let open = driver.sessions(access, spec.instance, generation).await;
        open.expect("a look at the sessions")
    };
    if !suite.traits().sessions {
        assert_eq!(sessions(1).await, None, "the server cannot tell them apart");
        return suite.destroy(&spec).await;
    }
    assert_eq!(
        sessions(1).await,
        Some(0),
        "who is not there has no session"
    );
    let (one, two) = (suite.bound(&spec, 1).await, suite.bound(&spec, 2).await);
    assert_eq!(sessions(1).await, Some(0), "nobody has connected yet");
    let first = suite.connect(&spec, &one).await;
    let second = suite.connect(&spec, &one).await;
    let mut other = suite.connect(&spec, &two).await;
    eventually(
        "each binding's sessions are counted by themselves",
        async || sessions(1).await == Some(2) && sessions(2).await == Some(1),
    )
    .await;
    drop((first, second));
    eventually("ended sessions are no longer counted", async || {
        sessions(1).await == Some(0)
    })
    .await;
    assert!(other.is_alive().await, "a look leaves the sessions alone");
    suite.destroy(&spec).await;
}

pub(super) async fn connections_are_limited_and_counted(suite: &Suite<'_>) {
    let spec = InstanceSpec {
        connection_limit: 3,
        ..new_spec()
    };
    suite.provision(&spec).await;
    let (one, two) = (suite.bound(&spec, 1).await, suite.bound(&spec, 2).await);
    let (driver, access) = (suite.driver(), &suite.access);
    assert_eq!(
        driver
            .usage(access, spec.instance)
            .await
            .expect("usage")
            .connections,
        0,
        "no connection yet"
    );
    let mut open = vec![
        suite.connect(&spec, &one).await,
        suite.connect(&spec, &two).await,
    ];
    open.push(suite.connect(&spec, &one).await);
    let mut reserved = Vec::new();
    for _ in 0..suite.traits().reserved_connections {
        reserved.push(suite.connect(&spec, &one).await);
    }
    assert!(
        !suite.can_login(&spec, &two).await,
        "all bindings together have the limited connections"
    );
    drop(reserved);
    eventually("they are counted", async || {
        driver
            .usage(access, spec.instance)
            .await
            .is_ok_and(|usage| usage.connections == 3)
    })
    .await;
    suite.unbind(&spec, 2).await;
    let (mut first, mut second) = (open.remove(0), open.remove(0));
    assert!(
        first.is_alive().await,
        "an instance without a free connection can be unbound from"
    );
    assert!(!second.is_alive().await, "and its binding is revoked");
    drop((first, second, open));
    eventually("ended connections are no longer counted", async || {
        driver
            .usage(access, spec.instance)
            .await
            .expect("usage")
            .connections
            == 0
    })
    .await;
    suite.destroy(&spec).await;
}

pub(super) async fn connections_of_each_are_limited_and_counted(suite: &Suite<'_>) {
    let spec = InstanceSpec {
        connection_limit: 2,
        ..new_spec()
    };
    suite.provision(&spec).await;
    let (one, two) = (suite.bound(&spec, 1).await, suite.bound(&spec, 2).await);
    let connections = async || {
        let usage = suite.driver().usage(&suite.access, spec.instance).await;
        usage.expect("usage").connections
    };
    assert_eq!(connections().await, 0, "no connection yet");
    let mut first = suite.connect(&spec, &one).await;
    let second = suite.connect(&spec, &one).await;
    assert!(
        !suite.can_login(&spec, &one).await,
        "a binding has the limited connections"
    );
    let mut other = suite.connect(&spec, &two).await;
    assert_eq!(connections().await, 3, "those of all bindings are counted");
    suite.bind(&spec, &one).await;
    assert!(
        !suite.can_login(&spec, &one).await,
        "bind again does not lift the limit"
    );
    suite.unbind(&spec, 1).await;
    assert!(
        !first.is_alive().await,
        "a binding without a free connection can be revoked"
    );
    assert!(other.is_alive().await, "and leaves the other's alone");
    drop((first, second, other));
    eventually("ended connections are no longer counted", async || {
        connections().await == 0
    })
    .await;
    suite.destroy(&spec).await;
}
