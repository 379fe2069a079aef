//! The changes of rows: everything that is ever written, as values.

use serde_json::Value;
use windlass_model::id::{
    ApplicationId, BackupDownloadId, BackupId, BindingId, BrokerId, ClusterId, DeploymentId,
    EnvironmentId, InstanceBackupId, InstanceId, InstanceRestoreId, ReleaseId, RestoreId, SecretId,
    TokenId, UploadId, VariableId,
};
use windlass_model::instance::InstanceState;
use windlass_model::names::{BranchName, Prefix};
use windlass_model::profile::Profile;
use windlass_model::time::Timestamp;

use crate::account::{Organisation, Token, User};
use crate::application::{Application, Environment, ReleaseCommand};
use crate::backup::{ArchiveResult, Backup, InstanceBackup};
use crate::broker::{Broker, BrokerPlan};
use crate::catalogue::{Cluster, ClusterState, Region, Service};
use crate::deployment::{Deployment, DeploymentStatus, Release};
use crate::instance::{Binding, BindingState, Instance, InstanceFailure, MediaDomain};
use crate::secret::NewSecret;
use crate::transfer::{
    BackupDownload, InstanceDownload, InstanceRestore, Received, Restore, Upload,
};
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

    /// A new application; its slug is unique in the installation.
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

    /// A new backup. Conflict while its application is being removed, but for a final one.
    InsertBackup(Backup),
    /// What it will have of one instance; its backup has not ended.
    InsertInstanceBackup(InstanceBackup),
    /// That it is being written now, if it has not ended. Conflict while another of the instance is. The backup is
    /// `Running`, if it was `Waiting`.
    StartInstanceBackup { id: InstanceBackupId, at: Timestamp },
    /// How the backup of one instance ended, if it has not ended. The key of one that is not good is forgotten.
    FinishInstanceBackup {
        id: InstanceBackupId,
        result: ArchiveResult,
        at: Timestamp,
    },
    /// The end of a backup, if it has not ended. Conflict while one of an instance has not. How it ended follows from
    /// these.
    FinishBackup { id: BackupId, at: Timestamp },
    /// Another time for its deletion, or none, unless it is being deleted.
    SetBackupDeletion { id: BackupId, at: Option<Timestamp> },
    /// A completed backup is being deleted from now on, if it is not already. Conflict while a restore of it has not
    /// ended, or a download of it may go on at `at`.
    BeginBackupDeletion { id: BackupId, at: Timestamp },
    /// Forgets a backup that is being deleted, with all that refers to it and the keys of its archives; absent is fine.
    DeleteBackup(BackupId),
    /// A new download of a completed backup.
    InsertBackupDownload(BackupDownload),
    /// A link to a good archive of that backup; its hash is unique.
    InsertInstanceDownload(InstanceDownload),
    /// Ends a download now, with its links; absent is fine.
    DeleteBackupDownload(BackupDownloadId),
    /// A new upload for what has not ended; its hashes are unique.
    InsertUpload(Upload),
    /// What was put. Conflict when something was already, or its time is over.
    ReceiveUpload { id: UploadId, received: Received },
    /// A new restore of a completed backup.
    InsertRestore(Restore),
    /// What it does to one instance, with a good archive of that backup.
    InsertInstanceRestore(InstanceRestore),
    /// The backup of what was there before.
    SetRestoreSafety {
        id: InstanceRestoreId,
        safety: InstanceBackupId,
    },
    /// How it ended for one instance, if it has not: without errors, or unchanged.
    FinishInstanceRestore {
        id: InstanceRestoreId,
        errors: Vec<String>,
        at: Timestamp,
    },
    /// The end of a restore, if it has not ended. Conflict while one of an instance has not. How it ended follows from
    /// these.
    FinishRestore { id: RestoreId, at: Timestamp },

    /// A setting of the installation by name (its id, the subnet counter, ...).
    PutSetting { name: String, value: Value },
    /// An entry of the audit log.
    Audit(AuditEntry),
}

/// An entry of the audit log: append-only, without secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// Who: a user's address, or `windlass`.
    pub actor: String,
    /// The request.
    pub request_id: String,
    /// What was done: `service.remove`.
    pub action: String,
    /// To what, for people.
    pub subject: String,
    /// The application, if any.
    pub application: Option<ApplicationId>,
    /// What else matters.
    pub detail: String,
}
