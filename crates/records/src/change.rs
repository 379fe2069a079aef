//! The changes of rows: everything that is ever written, as values.

use serde_json::Value;
use windlass_model::access::Role;
use windlass_model::id::{
    ApplicationId, BindingId, BrokerId, ClusterId, DeploymentId, EnvironmentId, InstanceId,
    InvitationId, OrganisationId, ReleaseId, RepositoryId, SecretId, TokenId, UserId, VariableId,
};
use windlass_model::instance::InstanceState;
use windlass_model::names::{BranchName, Prefix};
use windlass_model::profile::Profile;
use windlass_model::repository::RepositoryState;
use windlass_model::time::Timestamp;

use crate::account::{Invitation, Membership, Organisation, Token, User};
use crate::application::{Application, Environment, ReleaseCommand};
pub use crate::audit::AuditEntry;
use crate::broker::{Broker, BrokerPlan};
use crate::catalogue::{Cluster, ClusterState, Region, Service};
use crate::deployment::{Deployment, DeploymentStatus, Release};
use crate::instance::{Binding, BindingState, Instance, InstanceFailure, MediaDomain};
use crate::repository::Repository;
use crate::secret::NewSecret;
use crate::variable::Variable;

/// One change. The changes of a list are made in order, in one transaction; one that does not apply
/// refuses them all with `StoreError::Conflict` (a guard failed, a unique rule would be broken) or
/// `StoreError::NotFound`, whose text names the object for people.
#[derive(Debug, Clone)]
pub enum Change {
    /// A new organisation.
    InsertOrganisation(Organisation),
    /// A new user; its address is unique.
    InsertUser(User),
    /// A new token.
    InsertToken(Token),
    /// Revokes a token.
    DeleteToken(TokenId),
    /// A token has been used.
    TouchToken { id: TokenId, at: Timestamp },
    /// A user becomes a member of an organisation. Conflict when it is one.
    InsertMembership(Membership),
    /// Another role of a member, if it is `from` now. Conflict when no person would be left as an owner.
    SetRole {
        user: UserId,
        organisation: OrganisationId,
        from: Role,
        to: Role,
    },
    /// A member leaves. Its tokens for the organisation go with it; all of them if it is in no other and does not
    /// operate the installation. Conflict when no person would be left as an owner.
    DeleteMembership {
        user: UserId,
        organisation: OrganisationId,
    },
    /// Forgets a user, its tokens and its memberships. Conflict when that is a person.
    DeleteServiceAccount(UserId),
    /// A new invitation.
    InsertInvitation(Invitation),
    /// An invitation is accepted or revoked.
    DeleteInvitation(InvitationId),
    /// A new region, or the new values of one.
    PutRegion(Region),
    /// A new service, or the new values of one; unique by region and identifier.
    PutService(Service),
    /// A new cluster. One shared or external cluster per service, one private one per instance, among
    /// those that are not removed.
    InsertCluster(Cluster),
    /// A cluster's state, if it is in `from`.
    SetClusterState {
        id: ClusterId,
        from: ClusterState,
        to: ClusterState,
    },
    /// A new place for an external cluster (the operator changed its URL): it is `New` again, and its old
    /// password is forgotten.
    SetClusterAccess {
        id: ClusterId,
        host: String,
        port: u16,
        administrator: String,
        password: SecretId,
        database: Option<String>,
        administration_port: Option<u16>,
        settings: Option<Value>,
    },
    /// What only the driver of a cluster understands, as it is now.
    SetClusterSettings {
        id: ClusterId,
        settings: Option<Value>,
    },
    /// A new broker, or the new values of one; its name is unique. Its former password is forgotten when nothing
    /// has it any more.
    PutBroker(Broker),
    /// A plan of a broker, or the new values of one: by broker and plan. Conflict when another broker has the
    /// plan or its offering.
    PutBrokerPlan(BrokerPlan),
    /// Forgets a plan that the broker has no longer; absent is fine. Its service stays.
    DeleteBrokerPlan { broker: BrokerId, plan: String },
    /// Forgets a broker and its plans. Refused (conflict) while an instance of one of them is not `REMOVED`.
    DeleteBroker(BrokerId),

    /// A new repository elsewhere.
    InsertRepository(Repository),
    /// What the last check of a repository found, and why it could not be read.
    SetRepositoryState {
        id: RepositoryId,
        state: RepositoryState,
        failure: Option<String>,
    },
    /// Forgets a repository elsewhere, with its password or key. Refused (conflict) while an application has it.
    DeleteRepository(RepositoryId),
    /// A new application; its slug is unique in the installation. Conflict when another application has its
    /// repository elsewhere.
    InsertApplication(Application),
    /// New release commands.
    SetReleaseCommands {
        id: ApplicationId,
        commands: Vec<ReleaseCommand>,
    },
    /// Marks an application as being removed, or not any more. Refused (conflict) while a deployment of it
    /// is unfinished.
    SetApplicationRemoving { id: ApplicationId, removing: bool },
    /// Refuses the transaction when the application is being removed.
    ExpectApplicationStays(ApplicationId),
    /// Deletes an application, its environments and what belongs to them. Refused (conflict) while an
    /// instance that is not `REMOVED` or a binding that is not `Revoked` is left, or an operation or a
    /// deployment of an environment is unfinished but the operation that this change is committed with, and
    /// clean-ups, which find nothing to do then.
    DeleteApplication(ApplicationId),
    /// A new environment; its slug is unique in its application, its subnet in the region.
    InsertEnvironment(Environment),
    /// Another branch.
    SetBranch {
        id: EnvironmentId,
        branch: BranchName,
    },
    /// The pivot of a deployment: the running release, if it is `from` now.
    SetRunningRelease {
        id: EnvironmentId,
        from: Option<ReleaseId>,
        to: Option<ReleaseId>,
    },

    /// A new instance. Conflict when one that is not removed has its prefix in its environment and kind.
    InsertInstance(Instance),
    /// The state of an instance, if it is `from` now. Moving to `Removing` keeps `from` as
    /// `state_before_removal`; leaving it clears that. `updated_at` becomes `at`.
    SetInstanceState {
        id: InstanceId,
        from: InstanceState,
        to: InstanceState,
        at: Timestamp,
    },
    /// Refuses the transaction when the instance's state is not one of these.
    ExpectInstanceState {
        id: InstanceId,
        states: Vec<InstanceState>,
    },
    /// Refuses the transaction when an unfinished deployment's snapshot has the instance.
    ExpectInstanceUnused { id: InstanceId },
    /// The cluster that holds it; `None` when it is not provisioned any more.
    SetInstanceCluster {
        id: InstanceId,
        cluster: Option<ClusterId>,
    },
    /// Another prefix, if none of its environment and kind has it.
    SetInstancePrefix {
        id: InstanceId,
        prefix: Prefix,
        at: Timestamp,
    },
    /// Another scheme of its URL.
    SetInstanceUrlScheme {
        id: InstanceId,
        url_scheme: Option<String>,
        at: Timestamp,
    },
    /// Variables by other names besides, or by none.
    SetInstanceProfile {
        id: InstanceId,
        profile: Option<Profile>,
        at: Timestamp,
    },
    /// Another URL that the user gave; the one before is forgotten when no release has it.
    SetInstanceGivenUrl {
        id: InstanceId,
        given_url: SecretId,
        at: Timestamp,
    },
    /// Everybody may read what it holds, or not.
    SetInstancePublic {
        id: InstanceId,
        public: bool,
        at: Timestamp,
    },
    /// Another name for what is public of it, or none; conflict when another instance has it that is not removed,
    /// unless one of them names a network of others.
    SetInstanceMediaDomain {
        id: InstanceId,
        domain: Option<MediaDomain>,
        at: Timestamp,
    },
    /// Why the last operation on it failed, or that it did not.
    SetInstanceError {
        id: InstanceId,
        error: Option<InstanceFailure>,
        at: Timestamp,
    },

    /// A new binding; sets the instance's `generation`, conflict when it is not one more than before.
    InsertBinding(Binding),
    /// The state of a binding, if it is `from` now.
    SetBindingState {
        id: BindingId,
        from: BindingState,
        to: BindingState,
    },
    /// The credential that the binding's server gave instead of the password that was asked for, which is
    /// forgotten.
    SetBindingPassword { id: BindingId, password: SecretId },
    /// An active binding is replaced by a newer one: nothing may pin it any more, and its user goes when it has
    /// no session left, or when its grace time is over.
    ReplaceBinding {
        id: BindingId,
        grace_ends_at: Timestamp,
    },

    /// A secret to be kept.
    InsertSecret(NewSecret),
    /// Forgets a secret. Only of what is gone for good.
    DeleteSecret(SecretId),

    /// A custom variable, new or changed: by environment and name; conflict when the version in the
    /// store is not one less than this (0: it must be new).
    PutVariable(Variable),
    /// Deletes a custom variable. Its secret stays while a release pins it.
    DeleteVariable(VariableId),

    /// A new deployment. Conflict, with the id of the first, when one of its environment is unfinished.
    InsertDeployment(Deployment),
    /// Where a deployment stands, if it has not ended.
    SetDeploymentStatus {
        id: DeploymentId,
        status: DeploymentStatus,
    },
    /// The commit that it deploys.
    SetDeploymentCommit { id: DeploymentId, commit: String },
    /// The end of a deployment; no change when it has ended.
    FinishDeployment {
        id: DeploymentId,
        status: DeploymentStatus,
        failed_step: Option<String>,
        error: Option<String>,
        hint: Option<String>,
        at: Timestamp,
    },
    /// Refuses the transaction while a deployment of the environment is unfinished.
    ExpectNoDeployment(EnvironmentId),
    /// Forgets a deployment that has ended; absent is fine. Conflict while it has not, or its release is
    /// there. Last of all that is removed with it: nothing else names its log and its image's tag.
    DeleteDeployment(DeploymentId),
    /// A new release, with number 0.
    InsertRelease(Release),
    /// Gives a release its number when its deployment passes the pivot: one more than the highest of
    /// its environment.
    NumberRelease { id: ReleaseId },
    /// Refuses the transaction when the release has been forgotten.
    ExpectRelease(ReleaseId),
    /// Forgets a release whose deployment did not get to its pivot, or one past retention.
    DeleteRelease(ReleaseId),

    /// A setting of the installation by name (its id, the subnet counter, ...).
    PutSetting { name: String, value: Value },
    /// An entry of the audit log.
    Audit(AuditEntry),
}
