//! The contract that a store fulfils.

use async_trait::async_trait;
use serde_json::Value;
use windlass_model::backup::retention::Candidate;
use windlass_model::id::{
    ApplicationId, BackupDownloadId, BackupId, BindingId, BrokerId, ClusterId, DeploymentId,
    EnvironmentId, InstanceBackupId, InstanceDownloadId, InstanceId, OrganisationId, RegionId,
    ReleaseId, RestoreId, SecretId, ServiceId, UserId,
};
use windlass_model::names::{ApplicationSlug, EnvironmentSlug, VariableName};
use windlass_model::time::Timestamp;
use windlass_operations::{Operation, OperationState, OperationStore, StoreError};

use crate::account::{Organisation, Token, User};
use crate::application::{Application, Environment};
use crate::backup::{Backup, BackupFilter, BackupTimes, InstanceBackup, InstanceBackupFilter};
use crate::broker::{Broker, BrokerPlan};
use crate::catalogue::{Cluster, Region, Service};
use crate::change::Change;
use crate::deployment::{Deployment, Release};
use crate::instance::{Binding, Instance};
use crate::page::{Page, PageRequest};
use crate::retention::{Keep, Surplus, Trimmed};
use crate::secret::Secret;
use crate::transfer::{BackupDownload, InstanceDownload, InstanceRestore, Restore, Upload};
use crate::variable::Variable;

/// Which applications.
#[derive(Debug, Clone, Default)]
pub struct ApplicationFilter {
    /// Of this organisation.
    pub organisation: Option<OrganisationId>,
    /// With this name.
    pub slug: Option<ApplicationSlug>,
}

/// Which deployments. Newest first.
#[derive(Debug, Clone, Default)]
pub struct DeploymentFilter {
    /// Of any environment of this application.
    pub application: Option<ApplicationId>,
    /// Of this environment.
    pub environment: Option<EnvironmentId>,
    /// Only those that have not ended.
    pub unfinished: bool,
}

/// Which instances. Sorted by kind (`DATABASE`, `STORAGE`, then others), `DEFAULT` first, then by prefix.
#[derive(Debug, Clone, Default)]
pub struct InstanceFilter {
    /// Of any environment of this application.
    pub application: Option<ApplicationId>,
    /// Of this environment.
    pub environment: Option<EnvironmentId>,
    /// On this cluster.
    pub cluster: Option<ClusterId>,
    /// `REMOVED` ones too.
    pub with_removed: bool,
}

/// Which custom variables. Sorted by environment's position and name.
#[derive(Debug, Clone, Default)]
pub struct VariableFilter {
    /// Of any environment of this application.
    pub application: Option<ApplicationId>,
    /// Of this environment.
    pub environment: Option<EnvironmentId>,
    /// With this name.
    pub name: Option<VariableName>,
}

/// Which operations. Newest first.
#[derive(Debug, Clone, Default)]
pub struct OperationFilter {
    /// Of this organisation.
    pub tenant: Option<String>,
    /// In one of these states; empty: in any.
    pub states: Vec<OperationState>,
    /// About this subject: kind and id.
    pub subject: Option<(String, String)>,
}

/// A store: operations and rows in one.
///
/// Contract: each method is one transaction or one consistent read. `after` of a page that is not one of
/// ours is `StoreError::Refused`.
#[async_trait]
pub trait Store: OperationStore<Change = Change> {
    /// Commits changes without an operation.
    async fn commit(&self, changes: Vec<Change>) -> Result<(), StoreError>;

    /// Opens secrets, in the order asked for. An unknown id is `NotFound`.
    async fn reveal(&self, ids: &[SecretId]) -> Result<Vec<Secret>, StoreError>;

    /// A setting of the installation.
    async fn setting(&self, name: &str) -> Result<Option<Value>, StoreError>;
    /// The user and token with that hash.
    async fn token_by_hash(&self, hash: &str) -> Result<Option<(Token, User)>, StoreError>;
    /// A user.
    async fn user(&self, id: UserId) -> Result<Option<User>, StoreError>;
    /// All organisations, by creation.
    async fn organisations(&self) -> Result<Vec<Organisation>, StoreError>;

    /// All regions, by creation.
    async fn regions(&self) -> Result<Vec<Region>, StoreError>;
    /// A region.
    async fn region(&self, id: RegionId) -> Result<Option<Region>, StoreError>;
    /// The services of a region, or of all, by identifier.
    async fn services(&self, region: Option<RegionId>) -> Result<Vec<Service>, StoreError>;
    /// A service.
    async fn service(&self, id: ServiceId) -> Result<Option<Service>, StoreError>;
    /// The clusters that are not removed, by creation.
    async fn clusters(&self) -> Result<Vec<Cluster>, StoreError>;
    /// A cluster, removed or not.
    async fn cluster(&self, id: ClusterId) -> Result<Option<Cluster>, StoreError>;
    /// Registered brokers, by name.
    async fn brokers(&self) -> Result<Vec<Broker>, StoreError>;
    /// A registered broker.
    async fn broker(&self, id: BrokerId) -> Result<Option<Broker>, StoreError>;
    /// The plans of all brokers, by broker and plan.
    async fn broker_plans(&self) -> Result<Vec<BrokerPlan>, StoreError>;

    /// Applications by slug.
    async fn applications(
        &self,
        filter: &ApplicationFilter,
        page: &PageRequest,
    ) -> Result<Page<Application>, StoreError>;
    /// An application.
    async fn application(&self, id: ApplicationId) -> Result<Option<Application>, StoreError>;
    /// An application's environments by position, then creation.
    async fn environments(
        &self,
        application: ApplicationId,
    ) -> Result<Vec<Environment>, StoreError>;
    /// Every environment of the installation, for reconcilers.
    async fn all_environments(&self) -> Result<Vec<Environment>, StoreError>;
    /// An environment.
    async fn environment(&self, id: EnvironmentId) -> Result<Option<Environment>, StoreError>;
    /// The environment of that name.
    async fn environment_by_slug(
        &self,
        application: ApplicationId,
        slug: &EnvironmentSlug,
    ) -> Result<Option<Environment>, StoreError>;
    /// The `count` lowest subnet numbers that neither an environment nor a cluster of the region uses.
    async fn free_subnets(&self, region: RegionId, count: u32) -> Result<Vec<u32>, StoreError>;

    /// Instances.
    async fn instances(
        &self,
        filter: &InstanceFilter,
        page: &PageRequest,
    ) -> Result<Page<Instance>, StoreError>;
    /// An instance, removed or not.
    async fn instance(&self, id: InstanceId) -> Result<Option<Instance>, StoreError>;
    /// The bindings of an instance that are not `Revoked`, oldest first.
    async fn bindings(&self, instance: InstanceId) -> Result<Vec<Binding>, StoreError>;
    /// The bindings that were replaced and whose users are not gone yet, oldest first.
    async fn replaced_bindings(&self) -> Result<Vec<Binding>, StoreError>;
    /// A binding.
    async fn binding(&self, id: BindingId) -> Result<Option<Binding>, StoreError>;

    /// Custom variables.
    async fn variables(
        &self,
        filter: &VariableFilter,
        page: &PageRequest,
    ) -> Result<Page<Variable>, StoreError>;

    /// Deployments.
    async fn deployments(
        &self,
        filter: &DeploymentFilter,
        page: &PageRequest,
    ) -> Result<Page<Deployment>, StoreError>;
    /// A deployment.
    async fn deployment(&self, id: DeploymentId) -> Result<Option<Deployment>, StoreError>;
    /// The number for the next deployment of an environment.
    async fn next_deployment_number(&self, environment: EnvironmentId) -> Result<u32, StoreError>;
    /// Numbered releases of an environment, newest first.
    async fn releases(
        &self,
        environment: EnvironmentId,
        page: &PageRequest,
    ) -> Result<Page<Release>, StoreError>;
    /// A release.
    async fn release(&self, id: ReleaseId) -> Result<Option<Release>, StoreError>;

    /// Backups.
    async fn backups(
        &self,
        filter: &BackupFilter,
        page: &PageRequest,
    ) -> Result<Page<Backup>, StoreError>;
    /// A backup.
    async fn backup(&self, id: BackupId) -> Result<Option<Backup>, StoreError>;
    /// What backups have of instances.
    async fn instance_backups(
        &self,
        filter: &InstanceBackupFilter,
        page: &PageRequest,
    ) -> Result<Page<InstanceBackup>, StoreError>;
    /// What a backup has of one instance.
    async fn instance_backup(
        &self,
        id: InstanceBackupId,
    ) -> Result<Option<InstanceBackup>, StoreError>;
    /// What of one instance's backups retention is about: those of completed backups, newest first.
    async fn retention_candidates(
        &self,
        instance: InstanceId,
        now: Timestamp,
    ) -> Result<Vec<Candidate<BackupId>>, StoreError>;
    /// At most `limit` backups whose time of deletion has come and of which nothing is in use, and those that are being
    /// deleted already, oldest first.
    async fn backups_to_delete(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<BackupId>, StoreError>;
    /// The last backups of every instance that is provisioned, by id.
    async fn backup_times(&self) -> Result<Vec<BackupTimes>, StoreError>;
    /// A download.
    async fn backup_download(
        &self,
        id: BackupDownloadId,
    ) -> Result<Option<BackupDownload>, StoreError>;
    /// What a download has of instances, in the order of their addition.
    async fn instance_downloads(
        &self,
        download: BackupDownloadId,
    ) -> Result<Vec<InstanceDownload>, StoreError>;
    /// What a download has of one instance.
    async fn instance_download(
        &self,
        id: InstanceDownloadId,
    ) -> Result<Option<InstanceDownload>, StoreError>;
    /// What a link opens: the link's row, if it has not ended at `now`.
    async fn download_by_link(
        &self,
        hash: &str,
        now: Timestamp,
    ) -> Result<Option<InstanceDownload>, StoreError>;
    /// The uploads of a backup, in the order of their addition.
    async fn uploads(&self, backup: BackupId) -> Result<Vec<Upload>, StoreError>;
    /// The upload with that hash of one of its links.
    async fn upload_by_link(&self, hash: &str) -> Result<Option<Upload>, StoreError>;
    /// A restore.
    async fn restore(&self, id: RestoreId) -> Result<Option<Restore>, StoreError>;
    /// What a restore does to instances, in the order of their addition.
    async fn instance_restores(
        &self,
        restore: RestoreId,
    ) -> Result<Vec<InstanceRestore>, StoreError>;

    /// Operations.
    async fn operations(
        &self,
        filter: &OperationFilter,
        page: &PageRequest,
    ) -> Result<Page<Operation>, StoreError>;

    /// At most `limit` environments that have a [`Store::surplus`]. Without those in which a deployment or a
    /// clean-up is unfinished, and those whose application is being removed.
    async fn environments_to_clean_up(
        &self,
        keep: &Keep,
        limit: u32,
    ) -> Result<Vec<EnvironmentId>, StoreError>;
    /// What of the environment need not be kept: at most `limit` deployments and as many releases, and what
    /// releases those deployments have besides. The newest deployment and the newest release are never in it,
    /// for the next numbers are counted from them.
    async fn surplus(
        &self,
        environment: EnvironmentId,
        keep: &Keep,
        limit: u32,
    ) -> Result<Surplus, StoreError>;
    /// Deletes operations that ended before that time, with their steps and events, oldest first. What a
    /// deployment, the last failure of an instance or another operation refers to stays. One short
    /// transaction: it looks at no more operations than the page's limit, and deletes about as many rows.
    async fn trim_operations(
        &self,
        ended_before: Timestamp,
        page: &PageRequest,
    ) -> Result<Trimmed, StoreError>;
}
