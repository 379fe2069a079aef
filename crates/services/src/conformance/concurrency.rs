//! Calls at once.

use futures::future::join_all;

use super::suite::{Suite, new_spec};

/// As many as a busy afternoon has.
const AT_ONCE: usize = 20;

pub(super) async fn same_call_many_times_at_once(suite: &Suite<'_>) {
    let (driver, access, spec) = (suite.driver(), &suite.access, new_spec());
    for result in join_all((0..4).map(|_| driver.provision(access, &spec))).await {
        result.expect("provision may be called while it is at work");
    }
    suite
        .assert_listed(&spec, "the instance is made once")
        .await;
    let binding = suite.new_binding(1);
    // Bind may be called while it is at work.
    join_all((0..4).map(|_| suite.bind(&spec, &binding))).await;
    assert!(
        suite.can_login(&spec, &binding).await,
        "the binding is made"
    );
    for result in join_all((0..4).map(|_| driver.unbind(access, spec.instance, 1))).await {
        result.expect("unbind may be called while it is at work");
    }
    for result in join_all((0..4).map(|_| driver.destroy(access, spec.instance))).await {
        result.expect("destroy may be called while it is at work");
    }
    suite.destroy(&spec).await;
}

pub(super) async fn many_instances_at_once(suite: &Suite<'_>) {
    let specs: Vec<_> = (0..AT_ONCE).map(|_| new_spec()).collect();
    join_all(specs.iter().map(|spec| suite.provision(spec))).await;
    let bindings = join_all(specs.iter().map(|spec| suite.bound(spec, 1))).await;
    for (spec, binding) in specs.iter().zip(&bindings) {
        assert!(
            suite.can_login(spec, binding).await,
            "each of many made at once works"
        );
        assert_eq!(
            suite.listed(spec).await,
            1,
            "each of many made at once is made once"
        );
    }
    join_all(specs.iter().map(|spec| suite.destroy(spec))).await;
}
