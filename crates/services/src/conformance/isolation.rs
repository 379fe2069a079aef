//! Two instances on one cluster.

use super::suite::Suite;

pub(super) async fn credentials_reach_no_other_instance(suite: &Suite<'_>) {
    let (mine, theirs) = (suite.provisioned().await, suite.provisioned().await);
    let (own, other) = (suite.bound(&mine, 1).await, suite.bound(&theirs, 1).await);
    suite
        .connect(&theirs, &other)
        .await
        .write("key", "private")
        .await
        .expect("write");
    let variables = suite.variables(&mine, &own);
    assert!(
        suite
            .fixture
            .connect_to(&variables, theirs.instance)
            .await
            .is_err(),
        "an instance's credentials connect to no other instance"
    );
    let mut session = suite.connect(&mine, &own).await;
    let read = session.try_read_other(theirs.instance, "key").await;
    assert!(
        !matches!(read, Ok(Some(_))),
        "an instance's credentials read no other instance, but got {read:?}"
    );
    let mut session = suite.connect(&mine, &own).await;
    let read = session.read("key").await;
    assert!(
        !matches!(read, Ok(Some(_))),
        "two instances share no data, but got {read:?}"
    );
    suite.destroy(&mine).await;
    suite.destroy(&theirs).await;
}

pub(super) async fn calls_for_one_instance_leave_the_other(suite: &Suite<'_>) {
    let (mine, theirs) = (suite.provisioned().await, suite.provisioned().await);
    suite.bound(&mine, 1).await;
    let other = suite.bound(&theirs, 1).await;
    let mut session = suite.connect(&theirs, &other).await;
    session.write("key", "value").await.expect("write");
    let traces = suite.fixture.traces(theirs.instance).await;
    suite.unbind(&mine, 1).await;
    suite.bound(&mine, 2).await;
    suite.destroy(&mine).await;
    assert_eq!(
        suite.fixture.traces(theirs.instance).await,
        traces,
        "the other instance is not touched"
    );
    let read = session
        .read("key")
        .await
        .expect("the other instance's session goes on");
    assert_eq!(
        read.as_deref(),
        Some("value"),
        "the other instance's data stays"
    );
    assert!(
        suite.can_login(&theirs, &other).await,
        "the other instance's binding stays valid"
    );
    suite.destroy(&theirs).await;
}
