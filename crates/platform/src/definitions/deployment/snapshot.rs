//! The snapshot: the wished set at the start of a deployment, and the input of its operation.

use serde::{Deserialize, Serialize};
use windlass_delivery::build::{Adoption, Source};
use windlass_engine::ImageId;
use windlass_model::id::{DeploymentId, EnvironmentId, InstanceId, ReleaseId};
use windlass_model::names::Prefix;
use windlass_model::profile::Profile;
use windlass_records::{Process, ReleaseCommand, ReleaseVariable};

use crate::instance_work::Patience;

/// An instance that the new release will have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct WishedInstance {
    pub(crate) instance: InstanceId,
    pub(crate) prefix: Prefix,
    pub(crate) url_scheme: Option<String>,
    #[serde(default)]
    pub(crate) profile: Option<Profile>,
    /// The host at which everybody reads what it holds, if it is public.
    #[serde(default)]
    pub(crate) media_host: Option<String>,
    /// Whether this deployment provisions it.
    pub(crate) provision: bool,
}

/// What a rollback takes from an earlier release instead of building.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Rollback {
    pub(crate) release: ReleaseId,
    pub(crate) number: u32,
    pub(crate) image: ImageId,
    pub(crate) processes: Vec<Process>,
    pub(crate) commit: Option<String>,
}

/// The image of a release that is of the same commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Adopted {
    pub(crate) image: ImageId,
    /// The release, for people.
    pub(crate) release: String,
    /// Whether nothing is built when it is gone.
    pub(crate) only: bool,
}

impl From<Adopted> for Adoption {
    fn from(adopted: Adopted) -> Self {
        Self {
            image: adopted.image,
            release: adopted.release,
            only: adopted.only,
        }
    }
}

/// A deployment that changes nothing but the credentials of one instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Rotation {
    pub(crate) instance: InstanceId,
    /// How long the replaced credentials stay valid while they have sessions.
    pub(crate) grace_seconds: u32,
}

/// The snapshot. Secrets are references.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Params {
    pub(crate) deployment: DeploymentId,
    pub(crate) environment: EnvironmentId,
    /// The id of the release that it makes: containers are named from it.
    pub(crate) release: ReleaseId,
    /// The release that runs when it starts.
    pub(crate) previous: Option<ReleaseId>,
    pub(crate) source: Option<Source>,
    pub(crate) rollback: Option<Rollback>,
    /// With what runs as the rollback: what is rotated.
    #[serde(default)]
    pub(crate) rotation: Option<Rotation>,
    pub(crate) cache: bool,
    /// What is used instead of building the source.
    #[serde(default)]
    pub(crate) adopt: Option<Adopted>,
    pub(crate) release_commands: Vec<ReleaseCommand>,
    pub(crate) instances: Vec<WishedInstance>,
    /// Custom variables; on a rollback also the built-in ones of the release.
    pub(crate) variables: Vec<ReleaseVariable>,
    pub(crate) hosts: Vec<String>,
    /// Of every instance of the environment: those that the new release does not have are unbound.
    #[serde(default)]
    pub(crate) patience: Patience,
}

impl Params {
    /// Whether the instance gets new credentials though it has some.
    pub(crate) fn rotates(&self, instance: InstanceId) -> bool {
        let rotation = self.rotation.as_ref();
        rotation.is_some_and(|rotation| rotation.instance == instance)
    }

    /// The instances that this deployment provisions.
    pub(crate) fn to_provision(&self) -> Vec<InstanceId> {
        self.instances
            .iter()
            .filter(|wished| wished.provision)
            .map(|wished| wished.instance)
            .collect()
    }
}
