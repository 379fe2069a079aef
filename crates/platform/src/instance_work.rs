//! What operations do to one service instance: shared by provisioning, deployment and removal.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use windlass_model::id::{ClusterId, InstanceId};
use windlass_model::instance::{InstanceEvent, InstanceState, transition};
use windlass_operations::{Effect, Failure, Operation, StepContext, StepRecord, StepState};
use windlass_records::{
    Change, Cluster, ClusterKind, ClusterState, Instance, InstanceFailure, Service,
};
use windlass_services::{Error, InstanceSpec, Owner};

use crate::failures;
use crate::parts::Parts;
use crate::scene::Scene;

/// An instance with its service.
pub(crate) struct InstanceScene {
    pub(crate) instance: Instance,
    pub(crate) service: Service,
}

/// How much longer than others the calls for some instances may take, in seconds. Part of an operation's input,
/// because the time-outs of its steps never change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Patience(BTreeMap<InstanceId, u64>);

impl Patience {
    /// For that instance.
    pub(crate) fn of(&self, instance: InstanceId) -> Duration {
        Duration::from_secs(self.0.get(&instance).copied().unwrap_or_default())
    }

    /// For all of them, one after the other.
    pub(crate) fn total(&self) -> Duration {
        Duration::from_secs(self.0.values().sum())
    }
}

/// What a provisioning that did not succeed has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Left {
    /// It was taken back.
    Nothing,
    /// It was given up in the middle: something may be on the cluster, which stays on record for the next
    /// provisioning or the removal to find.
    Something,
}

impl Parts {
    pub(crate) async fn instance_scene(&self, id: InstanceId) -> Result<InstanceScene, Failure> {
        let instance = self
            .store
            .instance(id)
            .await
            .map_err(|error| failures::store(&error))?
            .ok_or_else(|| failures::internal(format!("instance {id} is not in the store")))?;
        let service = self.service(instance.service).await?;
        Ok(InstanceScene { instance, service })
    }

    /// The instance as its driver is told of it.
    pub(crate) async fn instance_spec(
        &self,
        scene: &InstanceScene,
    ) -> Result<InstanceSpec, Failure> {
        let owner = self.scene(scene.instance.environment).await?;
        Ok(InstanceSpec {
            instance: scene.instance.id,
            connection_limit: scene.service.connection_limit,
            storage_bytes: scene
                .service
                .storage_bytes
                .and_then(|bytes| bytes.try_into().ok()),
            comment: format!("{}/{}", owner.title(), scene.instance.id),
            given: match scene.instance.given_url {
                Some(given) => Some(self.reveal(given).await?),
                None => None,
            },
            owner: Some(self.owner(&owner, &scene.instance)),
        })
    }

    fn owner(&self, scene: &Scene, instance: &Instance) -> Owner {
        let organisation = scene.application.organisation.to_string();
        Owner {
            // Organisations have no names of their own yet that differ.
            organisation_name: organisation.clone(),
            organisation,
            application: scene.application.id.to_string(),
            application_name: scene.application.slug.to_string(),
            environment: scene.environment.id.to_string(),
            environment_name: scene.environment.slug.to_string(),
            installation: self.installation.clone(),
            prefix: instance.prefix.to_string(),
        }
    }

    /// How much longer than others the calls for these instances may take, in seconds: only of those for whom it
    /// is more than nothing.
    pub(crate) async fn patience(&self, instances: &[Instance]) -> Result<Patience, Failure> {
        let mut patience = Patience::default();
        let mut clusters = None;
        for instance in instances {
            let service = self.service(instance.service).await?;
            let Some(driver) = self
                .regions
                .get(service.region)
                .and_then(|region| region.drivers.get(service.driver.as_str()))
            else {
                continue;
            };
            if clusters.is_none() {
                let all = self.store.clusters().await;
                clusters = Some(all.map_err(|error| failures::store(&error))?);
            }
            let cluster = clusters.iter().flatten().find(|cluster| {
                cluster.service == service.id && cluster.kind == ClusterKind::External
            });
            let settings = cluster.and_then(|cluster| cluster.settings.as_ref());
            let seconds = driver.patience(settings).as_secs();
            if seconds > 0 {
                patience.0.insert(instance.id, seconds);
            }
        }
        Ok(patience)
    }

    /// The cluster that the instance is on, or will be.
    pub(crate) async fn instance_cluster(&self, scene: &InstanceScene) -> Result<Cluster, Failure> {
        match scene.instance.cluster {
            Some(id) => self.cluster(id).await,
            None => self.cluster_for(&scene.instance, &scene.service).await,
        }
    }

    /// The first step of provisioning: the cluster's server is made, and can be used.
    pub(crate) async fn run_cluster_step(&self, id: InstanceId) -> Result<Vec<Change>, Failure> {
        let scene = self.instance_scene(id).await?;
        let cluster = self.instance_cluster(&scene).await?;
        // Whether one that was ready still is, the next step finds out in any case.
        if cluster.state == ClusterState::New {
            self.ensure_cluster(&cluster, &scene.service).await?;
        }
        Ok(Vec::new())
    }

    /// Takes the first step back: a private server goes, a shared one stays.
    pub(crate) async fn undo_cluster_step(&self, id: InstanceId) -> Result<Vec<Change>, Failure> {
        let scene = self.instance_scene(id).await?;
        if scene.instance.state.is_provisioned() {
            return Ok(Vec::new());
        }
        self.drop_private_cluster(&scene).await
    }

    /// The private cluster of an instance goes for good, its row and password with it.
    pub(crate) async fn drop_private_cluster(
        &self,
        scene: &InstanceScene,
    ) -> Result<Vec<Change>, Failure> {
        let clusters = self
            .store
            .clusters()
            .await
            .map_err(|error| failures::store(&error))?;
        let private = clusters.into_iter().find(|cluster| {
            cluster.kind == ClusterKind::Private && cluster.instance == Some(scene.instance.id)
        });
        let Some(cluster) = private else {
            return Ok(Vec::new());
        };
        let _lock = self.locks.lock(cluster.id).await;
        self.remove_private_cluster(&cluster, &scene.service)
            .await?;
        Ok(vec![Change::SetClusterState {
            id: cluster.id,
            from: cluster.state,
            to: ClusterState::Removed,
        }])
    }

    /// The second step of provisioning: the instance exists on the cluster and works.
    pub(crate) async fn run_provision_step(&self, id: InstanceId) -> Result<(), Failure> {
        let scene = self.instance_scene(id).await?;
        let cluster = self.instance_cluster(&scene).await?;
        let driver = self.driver(&scene.service)?;
        let spec = self.instance_spec(&scene).await?;
        let mut access = self.usable_cluster(&cluster, &scene.service).await?;
        let mut provisioned = driver.provision(&access, &spec).await;
        // Not after a lost answer: of that attempt it has to be on record that it may have made something.
        if matches!(provisioned, Err(Error::Unreachable { .. })) {
            // Its server runs but is still starting, or is not back yet.
            access = self.ensure_cluster(&cluster, &scene.service).await?;
            provisioned = driver.provision(&access, &spec).await;
        }
        provisioned.map_err(|error| failures::service(&error))?;
        if scene.instance.public {
            let opened = driver.set_public(&access, id, true).await;
            opened.map_err(|error| Failure {
                // Whatever became of this, the instance itself has been made.
                effect: Effect::Unknown,
                ..failures::service(&error)
            })?;
        }
        Ok(())
    }

    /// The changes that say that an instance exists and works.
    pub(crate) async fn provisioned(&self, id: InstanceId) -> Result<Vec<Change>, Failure> {
        let scene = self.instance_scene(id).await?;
        let cluster = self.instance_cluster(&scene).await?;
        let now = self.now();
        let to = internal_transition(scene.instance.state, InstanceEvent::Provisioned)?;
        Ok(vec![
            Change::SetInstanceState {
                id,
                from: scene.instance.state,
                to,
                at: now,
            },
            Change::SetInstanceCluster {
                id,
                cluster: Some(cluster.id),
            },
            Change::SetInstanceError {
                id,
                error: None,
                at: now,
            },
        ])
    }

    /// Takes the second step back if it had not ended: what it half made is destroyed. An instance that
    /// is provisioned stays so, whatever became of the deployment that wanted it.
    pub(crate) async fn undo_provision_step(
        &self,
        context: &StepContext,
        id: InstanceId,
    ) -> Result<Vec<Change>, Failure> {
        let scene = self.instance_scene(id).await?;
        let record = context.operation.step(&context.step);
        if scene.instance.state.is_provisioned() || record.is_some_and(never_reached) {
            return Ok(Vec::new());
        }
        let cluster = self.instance_cluster(&scene).await?;
        if cluster.kind != ClusterKind::Private {
            let access = self.access(&cluster, &scene.service).await?;
            self.driver(&scene.service)?
                .destroy(&access, id)
                .await
                .map_err(|error| failures::service(&error))?;
        }
        Ok(Vec::new())
    }

    /// The changes with which a failed operation gives an instance back that it was provisioning.
    pub(crate) async fn provisioning_failed(
        &self,
        id: InstanceId,
        operation: &Operation,
        failure: Option<&Failure>,
        left: Left,
    ) -> Result<Vec<Change>, Failure> {
        let scene = self.instance_scene(id).await?;
        if scene.instance.state != InstanceState::Provisioning {
            return Ok(Vec::new());
        }
        let cluster = match left {
            Left::Nothing => still_left(&scene, operation),
            Left::Something => Some(self.instance_cluster(&scene).await?.id),
        };
        let now = self.now();
        let to = internal_transition(
            InstanceState::Provisioning,
            InstanceEvent::ProvisioningFailed,
        )?;
        Ok(vec![
            Change::SetInstanceState {
                id,
                from: InstanceState::Provisioning,
                to,
                at: now,
            },
            Change::SetInstanceCluster { id, cluster },
            Change::SetInstanceError {
                id,
                error: Some(instance_failure(operation, failure, now)),
                at: now,
            },
        ])
    }
}

/// The shared cluster that holds what an earlier provisioning left when it was given up, unless this
/// operation has destroyed that. A private cluster goes whole.
fn still_left(scene: &InstanceScene, operation: &Operation) -> Option<ClusterId> {
    let of_instance = format!("provision:{}", scene.instance.id);
    let is_destroyed = operation.steps.iter().any(|step| {
        (step.name == "provision" || step.name == of_instance)
            && step.state == StepState::Undone
            && !never_reached(step)
    });
    scene
        .instance
        .cluster
        .filter(|_| scene.service.shared && !is_destroyed)
}

/// Whether no attempt of the step came as far as the cluster's server: there is nothing to take back, and
/// nobody to ask for it. The record of a step tells what its attempts did together, until an undo of it fails.
pub(crate) fn never_reached(step: &StepRecord) -> bool {
    step.undo_attempt <= 1
        && !step.completed
        && step.error.as_ref().is_some_and(|failure| {
            // A refusal speaks of its own attempt only: one before it may have been cut off.
            let is_sure = failure.code == failures::UNREACHABLE
                || failure.code == failures::REFUSED && step.attempt <= 1;
            is_sure && failure.effect == Effect::None
        })
}

/// The record of a failure on an instance.
pub(crate) fn instance_failure(
    operation: &Operation,
    failure: Option<&Failure>,
    at: windlass_model::time::Timestamp,
) -> InstanceFailure {
    InstanceFailure {
        operation: operation.id,
        step: failed_step(operation).unwrap_or_default(),
        message: failure.map_or_else(
            || "the operation was cancelled".to_owned(),
            |failure| failure.message.clone(),
        ),
        hint: failure.and_then(|failure| failure.hint.clone()),
        at,
    }
}

/// The step whose failure began the rollback.
pub(crate) fn failed_step(operation: &Operation) -> Option<String> {
    let error = operation.error.as_ref()?;
    operation
        .steps
        .iter()
        .rev()
        .find(|step| step.error.as_ref() == Some(error))
        .map(|step| step.name.clone())
}

/// A transition that the operations make; a refusal of it is a fault of ours.
pub(crate) fn internal_transition(
    state: InstanceState,
    event: InstanceEvent,
) -> Result<InstanceState, Failure> {
    transition(state, event)
        .map_err(|refusal| failures::internal(format!("{event:?} in state {state}: {refusal}")))
}
