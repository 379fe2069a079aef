//! Deployments.

use std::sync::Arc;

use super::sample::{NOW, Sample, finish, id};
use super::{conflict, not_found};
use crate::{Change, Deployment, DeploymentFilter, DeploymentStatus, PageRequest, Store};

/// A second is refused with the id of the first, until that has ended.
pub async fn one_unfinished_per_environment(store: Arc<dyn Store>) {
    let sample = Sample::new(store).await;
    let store = &sample.store;
    let first = sample.deployment(&sample.test, Vec::new());
    let second = Deployment {
        number: 2,
        ..sample.deployment(&sample.test, Vec::new())
    };
    let elsewhere = sample.deployment(&sample.live, Vec::new());
    assert_eq!(
        store
            .next_deployment_number(sample.test.id)
            .await
            .expect("a number"),
        1
    );
    sample
        .commit([
            Change::InsertDeployment(first.clone()),
            Change::InsertDeployment(elsewhere),
        ])
        .await;
    assert_eq!(
        store
            .next_deployment_number(sample.test.id)
            .await
            .expect("a number"),
        2
    );
    let text = conflict(
        store
            .commit(vec![Change::InsertDeployment(second.clone())])
            .await,
    );
    assert!(text.contains(&first.id.to_string()), "{text}");
    sample
        .commit([
            finish(&first, DeploymentStatus::Failed),
            Change::InsertDeployment(second),
        ])
        .await;
    let third = sample.deployment(&sample.live, Vec::new());
    not_found(
        store
            .commit(vec![Change::InsertDeployment(Deployment {
                environment: id(),
                ..third
            })])
            .await,
    );
}

/// It moves until it ends, and ends once.
pub async fn status_until_the_end(store: Arc<dyn Store>) {
    let sample = Sample::new(store).await;
    let store = &sample.store;
    let mut deployment = sample.deployment(&sample.test, vec![id()]);
    let status = |id, status| Change::SetDeploymentStatus { id, status };
    let commit = |id| Change::SetDeploymentCommit {
        id,
        commit: "abc".into(),
    };
    sample
        .commit([
            Change::InsertDeployment(deployment.clone()),
            status(deployment.id, DeploymentStatus::Building),
            commit(deployment.id),
        ])
        .await;
    deployment.status = DeploymentStatus::Building;
    deployment.commit = Some("abc".into());
    assert_eq!(
        store.deployment(deployment.id).await.expect("an answer"),
        Some(deployment.clone())
    );

    let end = |status, at| Change::FinishDeployment {
        id: deployment.id,
        status,
        failed_step: Some("build".into()),
        error: Some("no Dockerfile".into()),
        hint: Some("add one".into()),
        at,
    };
    sample
        .commit([end(DeploymentStatus::Failed, NOW.plus_millis(9))])
        .await;
    sample
        .commit([end(DeploymentStatus::Completed, NOW.plus_millis(10))])
        .await;
    let ended = Deployment {
        status: DeploymentStatus::Failed,
        failed_step: Some("build".into()),
        error: Some("no Dockerfile".into()),
        hint: Some("add one".into()),
        ended_at: Some(NOW.plus_millis(9)),
        ..deployment.clone()
    };
    assert_eq!(
        store.deployment(deployment.id).await.expect("an answer"),
        Some(ended)
    );
    conflict(
        store
            .commit(vec![status(deployment.id, DeploymentStatus::Scaling)])
            .await,
    );
    assert_eq!(store.deployment(id()).await.expect("an answer"), None);
    let unknown = Deployment {
        id: id(),
        ..deployment
    };
    for change in [
        status(unknown.id, DeploymentStatus::Scaling),
        commit(unknown.id),
        finish(&unknown, DeploymentStatus::Failed),
    ] {
        not_found(store.commit(vec![change]).await);
    }
}

/// Newest first, by application, environment and whether it has ended.
pub async fn newest_first(store: Arc<dyn Store>) {
    let sample = Sample::new(store).await;
    let store = &sample.store;
    for number in 1..=5 {
        let environment = if number % 2 == 0 {
            &sample.live
        } else {
            &sample.test
        };
        let deployment = Deployment {
            number,
            started_at: NOW.plus_millis(i64::from(number)),
            ..sample.deployment(environment, Vec::new())
        };
        sample
            .commit([Change::InsertDeployment(deployment.clone())])
            .await;
        if number < 4 {
            sample
                .commit([finish(&deployment, DeploymentStatus::Completed)])
                .await;
        }
    }
    let (mut seen, mut page) = (Vec::new(), PageRequest::first(2));
    let of_shop = DeploymentFilter {
        application: Some(sample.shop.id),
        ..DeploymentFilter::default()
    };
    loop {
        let answer = store.deployments(&of_shop, &page).await.expect("a page");
        assert_eq!(answer.count, 5);
        seen.extend(answer.rows.into_iter().map(|row| row.number));
        match answer.next {
            Some(next) => page.after = Some(next),
            None => break,
        }
    }
    assert_eq!(seen, [5, 4, 3, 2, 1]);
    let numbers = async |filter: DeploymentFilter| {
        let answer = store
            .deployments(&filter, &PageRequest::first(9))
            .await
            .expect("a page");
        answer.rows.iter().map(|row| row.number).collect::<Vec<_>>()
    };
    let all = DeploymentFilter::default();
    assert_eq!(
        numbers(DeploymentFilter {
            environment: Some(sample.live.id),
            ..all.clone()
        })
        .await,
        [4, 2]
    );
    assert_eq!(
        numbers(DeploymentFilter {
            unfinished: true,
            ..all.clone()
        })
        .await,
        [5, 4]
    );
    let of_test = DeploymentFilter {
        unfinished: true,
        environment: Some(sample.test.id),
        ..all.clone()
    };
    assert_eq!(numbers(of_test).await, [5]);
    assert_eq!(
        numbers(DeploymentFilter {
            application: Some(id()),
            ..all
        })
        .await,
        [0_u32; 0]
    );
}
