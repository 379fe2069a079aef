//! What must stay true: clusters of ours run, the containers of running releases run, the router has the
//! table. No input, idempotent, on a timer and on signals of the engine; never destroys data.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use windlass_engine::{Observation, Phase, labels};
use windlass_model::id::{EnvironmentId, ReleaseId};
use windlass_operations::Failure;
use windlass_records::{
    Cluster, ClusterKind, ClusterState, DeploymentFilter, Environment, InstanceFilter, PageRequest,
};

use crate::parts::Parts;
use crate::{failures, naming};

/// Between two passes without a signal: the bound on how long a drift that no signal tells of stays.
const INTERVAL: Duration = Duration::from_secs(15);
/// After a signal others follow; one pass serves them all.
const SETTLE: Duration = Duration::from_millis(100);
/// The first passes come soon, for after a start of the machine everything comes up in some order.
const FIRST_INTERVAL: Duration = Duration::from_secs(2);

/// Runs passes until it is cancelled.
pub(crate) async fn run(parts: Arc<Parts>, cancel: CancellationToken) {
    loop {
        let signals = tokio::select! {
            () = cancel.cancelled() => return,
            signals = signals(&parts) => signals,
        };
        let mut signals = signals.unwrap_or_else(|failure| {
            tracing::warn!(
                failure.code,
                failure.message,
                "the engine's events cannot be followed"
            );
            futures::stream::pending().boxed()
        });
        // Events may have been missed while nobody watched.
        let mut failed = pass(&parts).await;
        loop {
            let again = Instant::now() + if failed { FIRST_INTERVAL } else { INTERVAL };
            tokio::select! {
                () = cancel.cancelled() => return,
                signal = signals.next() => {
                    if signal.is_none() {
                        // The engine went away: follow it anew, after a pause that a restart needs.
                        tokio::time::sleep(FIRST_INTERVAL).await;
                        break;
                    }
                    tokio::time::sleep(SETTLE).await;
                }
                () = tokio::time::sleep_until(again) => {}
            }
            failed = pass(&parts).await;
            if failed {
                break;
            }
        }
        if failed {
            tokio::time::sleep(FIRST_INTERVAL).await;
        }
    }
}

/// A hint that something changed; what, is observed.
async fn signals(parts: &Parts) -> Result<futures::stream::BoxStream<'static, ()>, Failure> {
    let filter = naming::installation_labels(&parts.installation);
    let mut all = futures::stream::SelectAll::new();
    for engine in parts.engines.values() {
        let events = engine
            .watch(&filter)
            .await
            .map_err(|error| failures::engine(&error))?;
        let changes = events
            .take_while(|event| std::future::ready(event.is_ok()))
            .filter_map(|event| {
                let relevant = event.is_ok_and(|event| {
                    matches!(event.action.as_str(), "start" | "die" | "destroy")
                });
                std::future::ready(relevant.then_some(()))
            });
        all.push(changes.boxed());
    }
    Ok(all.boxed())
}

/// One pass of everything; says whether something failed.
pub(crate) async fn pass(parts: &Parts) -> bool {
    let mut failed = false;
    for (name, outcome) in [
        ("clusters", clusters(parts).await),
        ("processes", processes(parts).await),
        ("routes", parts.publish_routes().await),
    ] {
        if let Err(failure) = outcome {
            failed = true;
            tracing::warn!(
                reconciler = name,
                failure.code,
                failure.message,
                "a reconciler's pass failed"
            );
        }
    }
    failed
}

/// The servers of clusters that hold instances run, and the environments that use them reach them.
async fn clusters(parts: &Parts) -> Result<(), Failure> {
    let mut first = None;
    for cluster in parts
        .store
        .clusters()
        .await
        .map_err(|error| failures::store(&error))?
    {
        if cluster.state != ClusterState::Ready || cluster.kind == ClusterKind::External {
            continue;
        }
        if let Err(failure) = keep_cluster(parts, &cluster).await {
            remember(
                &mut first,
                failure,
                "a cluster's server",
                &cluster.id.to_string(),
            );
        }
    }
    first.map_or(Ok(()), Err)
}

/// One object that cannot be repaired does not keep the others from it.
fn remember(first: &mut Option<Failure>, failure: Failure, what: &str, id: &str) {
    tracing::warn!(
        object = what,
        id,
        failure.code,
        failure.message,
        "it cannot be kept running"
    );
    first.get_or_insert(failure);
}

async fn keep_cluster(parts: &Parts, cluster: &Cluster) -> Result<(), Failure> {
    let engine = parts.engine(cluster.region)?;
    let name = naming::cluster_container(cluster.id);
    let observed = engine
        .inspect(&name)
        .await
        .map_err(|error| failures::engine(&error))?;
    if observed.is_none_or(|observed| observed.phase != Phase::Running) {
        restore_cluster(parts, cluster).await?;
    }
    Ok(())
}

async fn restore_cluster(parts: &Parts, cluster: &Cluster) -> Result<(), Failure> {
    let _lock = parts.locks.lock(cluster.id).await;
    // Under the lock: a removal marks the instance before it takes the lock to destroy the server.
    if let Some(instance) = cluster.instance
        && !parts
            .instance_scene(instance)
            .await?
            .instance
            .state
            .is_provisioned()
    {
        return Ok(());
    }
    let service = parts.service(cluster.service).await?;
    parts.ensure_cluster(cluster, &service).await?;
    let filter = InstanceFilter {
        cluster: Some(cluster.id),
        ..InstanceFilter::default()
    };
    let page = PageRequest::first(u32::MAX);
    let instances = parts
        .store
        .instances(&filter, &page)
        .await
        .map_err(|error| failures::store(&error))?;
    let environments: HashSet<EnvironmentId> = instances
        .rows
        .iter()
        .map(|instance| instance.environment)
        .collect();
    for environment in environments {
        parts.connect_cluster(cluster, environment).await?;
    }
    Ok(())
}

/// The processes of running releases run; those of releases that neither run nor are being deployed go.
async fn processes(parts: &Parts) -> Result<(), Failure> {
    let filter = naming::installation_labels(&parts.installation).with(labels::ROLE, "process");
    let mut observed = Vec::new();
    for engine in parts.engines.values() {
        observed.extend(
            engine
                .observe(&filter)
                .await
                .map_err(|error| failures::engine(&error))?,
        );
    }
    let environments = parts
        .store
        .all_environments()
        .await
        .map_err(|error| failures::store(&error))?;
    let mut first = None;
    for environment in environments {
        if let Err(failure) = keep_environment(parts, &environment, &observed).await {
            remember(
                &mut first,
                failure,
                "an environment's processes",
                &environment.id.to_string(),
            );
        }
    }
    first.map_or(Ok(()), Err)
}

async fn keep_environment(
    parts: &Parts,
    environment: &Environment,
    observed: &[Observation],
) -> Result<(), Failure> {
    let label = environment.id.to_string();
    let own: Vec<&Observation> = observed
        .iter()
        .filter(|seen| seen.labels.value(labels::ENVIRONMENT) == Some(label.as_str()))
        .collect();
    if let Some(release) = environment.running_release {
        restore_processes(parts, environment.id, release, &own).await?;
    }
    remove_strays(parts, environment.id, &own).await
}

async fn restore_processes(
    parts: &Parts,
    environment: EnvironmentId,
    release: ReleaseId,
    own: &[&Observation],
) -> Result<(), Failure> {
    let Some(release) = parts
        .store
        .release(release)
        .await
        .map_err(|error| failures::store(&error))?
    else {
        return Ok(());
    };
    let runs = |name: &str| {
        own.iter()
            .any(|seen| seen.name == name && seen.phase == Phase::Running)
    };
    let complete = release.processes.iter().all(|process| {
        (1..=process.count).all(|index| {
            runs(&naming::process_container(
                release.id,
                process.name.as_str(),
                index,
            ))
        })
    });
    if complete {
        return Ok(());
    }
    let _lock = parts.locks.lock(environment).await;
    // Under the lock: a deployment switches before it takes the lock to remove the old release.
    let scene = parts.scene(environment).await?;
    if scene.environment.running_release == Some(release.id) && !scene.application.removing {
        parts.ensure_environment_network(environment).await?;
        parts.ensure_release(&scene, &release, None).await?;
    }
    Ok(())
}

/// Removes containers that were there before the rows were read, of a release that the rows say neither
/// runs nor is being deployed. Containers hold no data.
async fn remove_strays(
    parts: &Parts,
    environment: EnvironmentId,
    own: &[&Observation],
) -> Result<(), Failure> {
    // No deployment before the running release is read, and none after: so none switched in between
    // and still has requests to the release before it.
    if own.is_empty() || is_deploying(parts, environment).await? {
        return Ok(());
    }
    let scene = parts.scene(environment).await?;
    let running = scene.environment.running_release.map(|id| id.to_string());
    let strays: Vec<&&Observation> = own
        .iter()
        .filter(|seen| seen.labels.value(labels::RELEASE) != running.as_deref())
        .collect();
    if strays.is_empty() || is_deploying(parts, environment).await? {
        return Ok(());
    }
    let engine = parts.engine(scene.region.id)?;
    for seen in strays {
        tracing::info!(
            container = seen.name,
            "removing a container of a release that does not run"
        );
        engine
            .remove(&seen.name)
            .await
            .map_err(|error| failures::engine(&error))?;
    }
    Ok(())
}

async fn is_deploying(parts: &Parts, environment: EnvironmentId) -> Result<bool, Failure> {
    let filter = DeploymentFilter {
        environment: Some(environment),
        unfinished: true,
        ..DeploymentFilter::default()
    };
    let page = PageRequest::first(1);
    let unfinished = parts
        .store
        .deployments(&filter, &page)
        .await
        .map_err(|error| failures::store(&error))?;
    Ok(unfinished.count > 0)
}
