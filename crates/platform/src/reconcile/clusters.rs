//! The servers of clusters.

use std::collections::HashSet;

use windlass_engine::Phase;
use windlass_model::id::{EnvironmentId, RegionId};
use windlass_operations::Failure;
use windlass_records::{Cluster, ClusterKind, ClusterState, InstanceFilter, PageRequest};

use super::remember;
use crate::parts::Parts;
use crate::{failures, naming};

/// The servers of clusters that hold instances run, and the environments that use them reach them.
pub(super) async fn keep(parts: &Parts, region: RegionId) -> Result<(), Failure> {
    let mut first = None;
    for cluster in parts
        .store
        .clusters()
        .await
        .map_err(|error| failures::store(&error))?
    {
        if cluster.region != region
            || cluster.state != ClusterState::Ready
            || cluster.kind == ClusterKind::External
        {
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
    // Those who need it wait until it can be used; the others' clusters do not wait for that.
    parts.start_cluster(cluster, &service).await?;
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
