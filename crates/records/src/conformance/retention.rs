//! What need not be kept.

use std::sync::Arc;

use windlass_model::id::{DeploymentId, OperationId, ReleaseId};
use windlass_model::time::Timestamp;
use windlass_operations::{Event, Fence, NewOperation, Outcome, Subject};

use super::sample::{self, NOW, Sample, finish, id};
use super::{conflict, refused};
use crate::{
    CLEAN_UP_SUBJECT, Change, Deployment, DeploymentStatus, Environment, InstanceFailure, Keep,
    PageRequest, Store,
};

/// A deployment of an environment that has ended, and its release unless it failed.
async fn ended(
    sample: &Sample,
    environment: &Environment,
    number: u32,
    well: bool,
) -> (DeploymentId, Option<ReleaseId>) {
    let deployment = Deployment {
        number,
        ..sample.deployment(environment, Vec::new())
    };
    let release = sample.release(&deployment);
    let store = &sample.store;
    let mut changes = vec![Change::InsertDeployment(deployment.clone())];
    if well {
        let id = release.id;
        let before = store.environment(environment.id).await.expect("an answer");
        changes.extend([
            Change::InsertRelease(release.clone()),
            Change::NumberRelease { id },
            Change::SetRunningRelease {
                id: environment.id,
                from: before.expect("it is there").running_release,
                to: Some(id),
            },
        ]);
    }
    let status = if well {
        DeploymentStatus::Completed
    } else {
        DeploymentStatus::Failed
    };
    changes.push(finish(&deployment, status));
    store.commit(changes).await.expect("it applies");
    (deployment.id, well.then_some(release.id))
}

/// The oldest go first, and the list of environments agrees with what each of them has too much.
pub async fn the_oldest_are_too_many(store: Arc<dyn Store>) {
    let sample = Sample::new(store).await;
    let store = &sample.store;
    let mut made = Vec::new();
    for number in 1..=7 {
        made.push(ended(&sample, &sample.test, number, number % 2 == 1).await);
    }
    ended(&sample, &sample.live, 1, true).await;
    let of_test = async |keep: &Keep, limit| {
        let found = store.surplus(sample.test.id, keep, limit).await;
        let found = found.expect("an answer");
        let listed = store.environments_to_clean_up(keep, 9).await;
        let wanted: &[_] = if found == crate::Surplus::default() {
            &[]
        } else {
            &[sample.test.id]
        };
        assert_eq!(listed.expect("a list"), wanted, "{keep:?}: {found:?}");
        let releases: Vec<_> = found.releases.iter().map(|it| it.number).collect();
        (releases, found.deployments)
    };
    let keep = |releases, deployments| Keep {
        releases,
        deployments,
    };
    let deployment = |number: usize| made[number - 1].0;
    assert_eq!(of_test(&keep(4, 3), 9).await, (vec![], vec![]));
    assert_eq!(of_test(&keep(3, 4), 9).await, (vec![1], vec![]));
    assert_eq!(
        of_test(&keep(4, 1), 9).await,
        (vec![], vec![deployment(2), deployment(4)])
    );
    // Without their releases the deployments 1 and 3 are among those that have none.
    assert_eq!(
        of_test(&keep(2, 3), 9).await,
        (vec![1, 2], vec![deployment(1), deployment(2)])
    );
    assert_eq!(
        of_test(&keep(2, 3), 1).await,
        (vec![1], vec![deployment(1)])
    );
    // However little is to be kept, numbers go on from the newest.
    assert_eq!(
        of_test(&keep(1, 1), 9).await,
        (vec![1, 2, 3], (1..=5).map(deployment).collect())
    );
    let found = store.surplus(sample.test.id, &keep(2, 3), 9).await;
    let found = found.expect("an answer");
    assert_eq!(
        found
            .releases
            .iter()
            .map(|it| (Some(it.id), it.deployment))
            .collect::<Vec<_>>(),
        [(made[0].1, made[0].0), (made[2].1, made[2].0)]
    );
    let unknown = store.surplus(id(), &keep(0, 0), 9).await;
    assert_eq!(unknown.expect("an answer"), crate::Surplus::default());
}

/// What an operator gave up before its pivot leaves a release without a number: it goes with its deployment.
/// The running release stays, wherever it stands.
pub async fn leftovers_go_and_what_runs_stays(store: Arc<dyn Store>) {
    let sample = Sample::new(store).await;
    let store = &sample.store;
    let (_, first) = ended(&sample, &sample.test, 1, true).await;
    let given_up = Deployment {
        number: 2,
        ..sample.deployment(&sample.test, Vec::new())
    };
    let left = sample.release(&given_up);
    sample
        .commit([
            Change::InsertDeployment(given_up.clone()),
            Change::InsertRelease(left.clone()),
            finish(&given_up, DeploymentStatus::Failed),
        ])
        .await;
    let (_, third) = ended(&sample, &sample.test, 3, true).await;
    sample
        .commit([Change::SetRunningRelease {
            id: sample.test.id,
            from: third,
            to: first,
        }])
        .await;
    let keep = Keep {
        releases: 1,
        deployments: 1,
    };
    let listed = store.environments_to_clean_up(&keep, 9).await;
    assert_eq!(listed.expect("a list"), []);
    let found = store.surplus(sample.test.id, &keep, 9).await;
    assert_eq!(found.expect("an answer"), crate::Surplus::default());

    ended(&sample, &sample.test, 4, false).await;
    let listed = store.environments_to_clean_up(&keep, 9).await;
    assert_eq!(listed.expect("a list"), [sample.test.id]);
    let found = store.surplus(sample.test.id, &keep, 9).await;
    let found = found.expect("an answer");
    assert_eq!(found.deployments, [given_up.id]);
    assert_eq!(
        found.releases.iter().map(|it| it.id).collect::<Vec<_>>(),
        [left.id]
    );
}

/// Where something is at work that makes or takes away, nobody is to clean up.
pub async fn nobody_cleans_up_where_something_is_at_work(store: Arc<dyn Store>) {
    let sample = Sample::new(store).await;
    let store = &sample.store;
    for environment in [&sample.test, &sample.live] {
        for number in 1..=3 {
            ended(&sample, environment, number, true).await;
        }
    }
    let keep = Keep {
        releases: 2,
        deployments: 9,
    };
    let listed = async |limit| {
        let found = store.environments_to_clean_up(&keep, limit).await;
        found.expect("a list")
    };
    let mut both = vec![sample.test.id, sample.live.id];
    both.sort_by_key(ToString::to_string);
    assert_eq!(listed(9).await, both);
    assert_eq!(listed(1).await, both[..1]);

    let deployment = Deployment {
        number: 4,
        ..sample.deployment(&sample.test, Vec::new())
    };
    let idle = Change::ExpectNoDeployment(sample.test.id);
    sample.commit([idle.clone()]).await;
    sample
        .commit([Change::InsertDeployment(deployment.clone())])
        .await;
    assert_eq!(listed(9).await, [sample.live.id]);
    let text = conflict(store.commit(vec![idle.clone()]).await);
    assert!(text.contains(&deployment.id.to_string()), "{text}");
    sample
        .commit([finish(&deployment, DeploymentStatus::Cancelled), idle])
        .await;
    assert_eq!(listed(9).await, both);

    let mut clean_up = sample::operation(&sample.live.id.to_string());
    clean_up.subject.kind = CLEAN_UP_SUBJECT.into();
    let created = store.create(clean_up, Vec::new()).await;
    created.expect("it is created");
    assert_eq!(listed(9).await, [sample.test.id]);
    sample
        .commit([Change::SetApplicationRemoving {
            id: sample.shop.id,
            removing: true,
        }])
        .await;
    assert_eq!(listed(9).await, []);
}

/// A deployment is forgotten after its release, and only once it has ended; the next numbers stay as they
/// would have been.
pub async fn releases_are_forgotten_before_their_deployments(store: Arc<dyn Store>) {
    let sample = Sample::new(store).await;
    let store = &sample.store;
    let (deployment, release) = ended(&sample, &sample.test, 1, true).await;
    let release = release.expect("it has one");
    ended(&sample, &sample.test, 2, true).await;
    let forget = || vec![Change::DeleteDeployment(deployment)];
    sample.commit([Change::ExpectRelease(release)]).await;
    let text = conflict(store.commit(forget()).await);
    assert!(text.contains(&release.to_string()), "{text}");
    let together = vec![
        Change::DeleteRelease(release),
        Change::DeleteDeployment(deployment),
    ];
    store.commit(together).await.expect("it applies");
    let text = conflict(store.commit(vec![Change::ExpectRelease(release)]).await);
    assert!(text.contains(&release.to_string()), "{text}");
    assert_eq!(store.deployment(deployment).await.expect("an answer"), None);
    store.commit(forget()).await.expect("twice is fine");

    let next = store.next_deployment_number(sample.test.id).await;
    assert_eq!(next.expect("a number"), 3);
    ended(&sample, &sample.test, 3, true).await;
    let listed = store
        .releases(sample.test.id, &PageRequest::first(9))
        .await
        .expect("a page");
    let numbers: Vec<_> = listed.rows.iter().map(|row| row.number).collect();
    assert_eq!(numbers, [3, 2]);

    let unfinished = Deployment {
        number: 4,
        ..sample.deployment(&sample.test, Vec::new())
    };
    sample
        .commit([Change::InsertDeployment(unfinished.clone())])
        .await;
    let early = vec![Change::DeleteDeployment(unfinished.id)];
    let text = conflict(store.commit(early).await);
    assert!(text.contains("at work"), "{text}");
}

/// An operation that was created and has ended then.
async fn operation(store: &Arc<dyn Store>, new: NewOperation, ended_at: Timestamp) -> OperationId {
    let created = store.create(new.clone(), Vec::new()).await;
    created.expect("it is created");
    let claimed = store.claim("me", NOW, 1000).await.expect("an answer");
    let claimed = claimed.expect("it is due");
    assert_eq!(claimed.id, new.id, "the others have ended");
    let done = |step: &str| {
        [
            Event::StepStarted { step: step.into() },
            Event::StepDone {
                step: step.into(),
                output: None,
            },
        ]
    };
    let mut events: Vec<_> = [done("first"), done("second")].concat();
    events.push(Event::Finished {
        outcome: Outcome::Succeeded,
    });
    let fence = Fence::Epoch(claimed.epoch);
    store
        .record_all(new.id, fence, ended_at, &events, &[])
        .await
        .expect("it ends");
    new.id
}

/// What ended long ago goes with its events, but for what is still referred to; a little at a time.
pub async fn old_operations_are_trimmed(store: Arc<dyn Store>) {
    let sample = Sample::new(store).await;
    let store = &sample.store;
    let new = |number: u32| NewOperation {
        subject: Subject {
            kind: "environment".into(),
            id: format!("subject-{number}"),
        },
        ..sample::operation("any")
    };
    let at = |number: i64| NOW.plus_millis(number);
    let mut old = Vec::new();
    for number in 0..4 {
        old.push(operation(store, new(number), at(i64::from(number))).await);
    }
    let of_deployment = operation(store, new(4), at(4)).await;
    let of_instance = operation(store, new(5), at(5)).await;
    let parent = operation(store, new(6), at(6)).await;
    let child = NewOperation {
        parent: Some(parent),
        ..new(7)
    };
    let child = operation(store, child, at(100)).await;
    let unfinished = new(8);
    store
        .create(unfinished.clone(), Vec::new())
        .await
        .expect("it is created");

    let deployment = Deployment {
        operation: of_deployment,
        ..sample.deployment(&sample.test, Vec::new())
    };
    let instance = sample
        .stored_instance(&sample.test, &sample.database, "DEFAULT")
        .await;
    let failure = InstanceFailure {
        operation: of_instance,
        step: "provision".into(),
        message: "no".into(),
        hint: None,
        at: NOW,
    };
    let last_failure = |error| Change::SetInstanceError {
        id: instance.id,
        error,
        at: NOW,
    };
    sample
        .commit([
            Change::InsertDeployment(deployment.clone()),
            finish(&deployment, DeploymentStatus::Failed),
            last_failure(Some(failure)),
        ])
        .await;

    // Three rows at a time; an operation has eight.
    let mut page = PageRequest::first(3);
    let (mut calls, mut deleted) = (0, 0);
    loop {
        let trimmed = store.trim_operations(at(100), &page).await;
        let trimmed = trimmed.expect("an answer");
        assert!(trimmed.operations <= 1, "{trimmed:?}");
        (calls, deleted) = (calls + 1, deleted + trimmed.operations);
        match trimmed.next {
            Some(next) => page.after = Some(next),
            None => break,
        }
    }
    assert_eq!(deleted, 4);
    assert!((4..30).contains(&calls), "{calls} calls");
    for gone in &old {
        assert_eq!(store.load(*gone).await.expect("an answer"), None);
        let events = store.events(*gone, 0, 9).await.expect("a list");
        assert_eq!(events, []);
    }
    for kept in [of_deployment, of_instance, parent, child, unfinished.id] {
        let loaded = store.load(kept).await.expect("an answer");
        assert!(loaded.is_some_and(|it| it.steps.len() == 2), "{kept}");
    }
    let events = store.events(of_deployment, 0, 9).await.expect("a list");
    assert_eq!(events.len(), 5);

    sample
        .commit([last_failure(None), Change::DeleteDeployment(deployment.id)])
        .await;
    let all = PageRequest::first(100);
    let trimmed = store.trim_operations(at(101), &all).await;
    // The child's parent is older, and looked at first.
    assert_eq!(trimmed.expect("an answer").operations, 3);
    let trimmed = store.trim_operations(at(101), &all).await;
    assert_eq!(trimmed.expect("an answer").operations, 1);
    let left = store.load(unfinished.id).await.expect("an answer");
    assert!(left.is_some());
    let foreign = PageRequest {
        limit: 3,
        after: Some("nothing of ours".into()),
    };
    refused(store.trim_operations(at(101), &foreign).await);
}
