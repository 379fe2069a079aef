//! The containers of processes.

use windlass_engine::{Observation, Phase, labels};
use windlass_model::id::{EnvironmentId, RegionId, ReleaseId};
use windlass_operations::Failure;
use windlass_records::Environment;

use super::{is_deploying, remember};
use crate::parts::Parts;
use crate::scene::Scene;
use crate::{failures, naming};

/// The processes of running releases run; those of releases that neither run nor are being deployed go.
pub(super) async fn keep(parts: &Parts, region: RegionId) -> Result<(), Failure> {
    let filter = naming::installation_labels(&parts.installation).with(labels::ROLE, "process");
    let observed = parts
        .engine(region)?
        .observe(&filter)
        .await
        .map_err(|error| failures::engine(&error))?;
    let environments = parts.environments_of(region).await?;
    let mut first = None;
    for Scene { environment, .. } in environments {
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
    let running = environment.running_release.map(|id| id.to_string());
    let is_stray = |seen: &&Observation| seen.labels.value(labels::RELEASE) != running.as_deref();
    if own.iter().copied().any(|seen| is_stray(&seen)) {
        remove_strays(parts, environment.id, &own).await?;
    }
    Ok(())
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
    if is_deploying(parts, Some(environment)).await? {
        return Ok(());
    }
    let scene = parts.scene(environment).await?;
    let running = scene.environment.running_release.map(|id| id.to_string());
    let strays: Vec<&&Observation> = own
        .iter()
        .filter(|seen| seen.labels.value(labels::RELEASE) != running.as_deref())
        .collect();
    if strays.is_empty() || is_deploying(parts, Some(environment)).await? {
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
