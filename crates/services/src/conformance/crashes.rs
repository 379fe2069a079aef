//! Crashes: a call is dropped after its first, second, third ... step, and then made again.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use super::suite::{Suite, new_spec};
use crate::spec::InstanceSpec;

/// More steps than any call has; a call that needs more is one that never ends.
const MOST_STEPS: usize = 500;

/// How a cut call ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Cut<T> {
    /// It had more to do and was dropped.
    Short,
    /// It was done before the cut.
    Done(T),
}

/// Runs a call until it has been polled `steps` times and would be polled again: what a crash of the
/// process does to it, answers that were under way included.
pub async fn cut_after<T>(steps: usize, call: impl Future<Output = T>) -> Cut<T> {
    let mut call = pin!(call);
    let mut left = steps;
    std::future::poll_fn(|context: &mut Context<'_>| {
        if left == 0 {
            return Poll::Ready(Cut::Short);
        }
        left -= 1;
        Pin::as_mut(&mut call).poll(context).map(Cut::Done)
    })
    .await
}

pub(super) async fn calls_cut_short_are_repaired(suite: &Suite<'_>) {
    for steps in 0.. {
        assert!(steps < MOST_STEPS, "provision and bind end");
        if making(suite, steps).await {
            break;
        }
    }
    if suite.traits().users {
        let spec = suite.provisioned().await;
        for steps in 0.. {
            assert!(steps < MOST_STEPS, "unbind ends");
            if revoking(suite, &spec, steps).await {
                break;
            }
        }
        suite.destroy(&spec).await;
    }
    for steps in 0.. {
        assert!(steps < MOST_STEPS, "destroy ends");
        if destroying(suite, steps).await {
            break;
        }
    }
}

/// Provision and bind, each cut after so many steps. Whether both were done before that.
async fn making(suite: &Suite<'_>, steps: usize) -> bool {
    let (driver, access, spec) = (suite.driver(), &suite.access, new_spec());
    let provisioned = cut_after(steps, driver.provision(access, &spec)).await;
    suite.provision(&spec).await;
    driver
        .check(access, spec.instance)
        .await
        .expect("a half-made instance is repaired");
    let binding = suite.new_binding(1);
    let bound = cut_after(steps, driver.bind(access, &spec, &binding)).await;
    suite.bind(&spec, &binding).await;
    let mut session = suite.connect(&spec, &binding).await;
    session
        .write("key", "value")
        .await
        .expect("a half-made binding is repaired");
    let other = suite.bound(&spec, 2).await;
    suite
        .connect(&spec, &other)
        .await
        .write("key", "other")
        .await
        .expect("it shares what it makes");
    suite
        .assert_listed(&spec, "a half-made instance is made once")
        .await;
    suite.destroy(&spec).await;

    // What is half made can be undone as well as repaired.
    let spec = new_spec();
    let undone = cut_after(steps, driver.provision(access, &spec)).await;
    suite.destroy(&spec).await;
    matches!(bound, Cut::Done(_))
        && [provisioned, undone]
            .iter()
            .all(|ended| matches!(ended, Cut::Done(_)))
}

async fn revoking(suite: &Suite<'_>, spec: &InstanceSpec, steps: usize) -> bool {
    let binding = suite.bound(spec, 1).await;
    let mut session = suite.connect(spec, &binding).await;
    session.write("key", "value").await.expect("write");
    let revoked = cut_after(
        steps,
        suite.driver().unbind(&suite.access, spec.instance, 1),
    )
    .await;
    suite.unbind(spec, 1).await;
    assert!(
        !suite.traits().ends_sessions || !session.is_alive().await,
        "half revoked is repaired: sessions end"
    );
    assert!(
        !suite.can_login(spec, &binding).await,
        "half revoked is repaired: no login"
    );
    matches!(revoked, Cut::Done(_))
}

async fn destroying(suite: &Suite<'_>, steps: usize) -> bool {
    let spec = suite.provisioned().await;
    let binding = suite.bound(&spec, 1).await;
    let mut session = suite.connect(&spec, &binding).await;
    session.write("key", "value").await.expect("write");
    let destroyed = cut_after(steps, suite.driver().destroy(&suite.access, spec.instance)).await;
    suite.destroy(&spec).await;
    assert!(
        !suite.traits().users || !suite.traits().ends_sessions || !session.is_alive().await,
        "half destroyed is repaired: sessions end"
    );
    matches!(destroyed, Cut::Done(_))
}
