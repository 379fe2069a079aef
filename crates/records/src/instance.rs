//! Service instances and bindings.

use serde::{Deserialize, Serialize};
use windlass_model::id::{
    BindingId, ClusterId, EnvironmentId, InstanceId, OperationId, SecretId, ServiceId,
};
use windlass_model::instance::InstanceState;
use windlass_model::names::{HostName, Prefix};
use windlass_model::profile::Profile;
use windlass_model::time::Timestamp;

/// Why the last operation on an instance failed; its state is the one it had before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceFailure {
    /// The operation.
    pub operation: OperationId,
    /// The step that failed.
    pub step: String,
    /// What happened and why.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// A name of the user's for what is public of an instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaDomain {
    /// The host; unique in the installation among those that are routed.
    pub host: HostName,
    /// Whether another network answers there and fetches from the instance's own public host: the name is given
    /// to applications, and not routed.
    pub is_cdn: bool,
}

/// A service instance of an environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instance {
    /// Its id.
    pub id: InstanceId,
    /// The environment.
    pub environment: EnvironmentId,
    /// The service.
    pub service: ServiceId,
    /// The service's kind (`DATABASE`, ...): prefixes are unique per environment and kind among the
    /// instances that are not removed.
    pub kind: String,
    /// Its prefix.
    pub prefix: Prefix,
    /// The scheme of its URL, if not the type's default.
    pub url_scheme: Option<String>,
    /// Whose names its variables have besides.
    pub profile: Option<Profile>,
    /// The URL with credentials that the user gave, of a type that Windlass makes nothing of.
    pub given_url: Option<SecretId>,
    /// Whether everybody may read what it holds.
    pub public: bool,
    /// Under which name of the user's everybody does, besides its own.
    pub media_domain: Option<MediaDomain>,
    /// Its state.
    pub state: InstanceState,
    /// The state before `REMOVING`, to which a removal that is rolled back returns.
    pub state_before_removal: Option<InstanceState>,
    /// The cluster it was provisioned on.
    pub cluster: Option<ClusterId>,
    /// The generation of its newest binding; 0 before the first.
    pub generation: u32,
    /// Why the last operation on it failed; cleared by the next that succeeds.
    pub last_error: Option<InstanceFailure>,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it changed last.
    pub updated_at: Timestamp,
}

/// Whether a binding's user exists on the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BindingState {
    /// Recorded before the user is made, so that nothing is made that no row knows.
    Pending,
    /// The user exists.
    Active,
    /// The user is to be revoked: nothing may pin it any more. At once, or when its grace time is over.
    Revoking,
    /// The user is gone.
    Revoked,
}

/// A binding: one instance's credentials for one environment's releases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// Its id.
    pub id: BindingId,
    /// The instance.
    pub instance: InstanceId,
    /// Its number among the instance's bindings, from 1.
    pub generation: u32,
    /// The user's password.
    pub password: SecretId,
    /// Whether its user exists.
    pub state: BindingState,
    /// The operation that made it.
    pub operation: OperationId,
    /// When it was recorded.
    pub created_at: Timestamp,
    /// Until when its user stays while it has sessions, if it was replaced by a rotation.
    pub grace_ends_at: Option<Timestamp>,
}
