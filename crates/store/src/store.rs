//! The contracts, on this store: each method is one transaction or one snapshot.

use async_trait::async_trait;
use serde_json::Value;
use windlass_model::backup::retention::Candidate;
use windlass_model::id::{
    ApplicationId, BackupDownloadId, BackupId, BindingId, BrokerId, ClusterId, DeploymentId,
    EnvironmentId, InstanceBackupId, InstanceDownloadId, InstanceId, OperationId, RegionId,
    ReleaseId, RestoreId, SecretId, ServiceId, UserId,
};
use windlass_model::names::EnvironmentSlug;
use windlass_model::time::Timestamp;
use windlass_operations::{
    Created, Event, EventRecord, Fence, NewOperation, Operation, OperationStore, StoreError,
};
use windlass_records::{
    Application, ApplicationFilter, Backup, BackupDownload, BackupFilter, BackupTimes, Binding,
    Broker, BrokerPlan, Change, Cluster, Deployment, DeploymentFilter, Environment, Instance,
    InstanceBackup, InstanceBackupFilter, InstanceDownload, InstanceFilter, InstanceRestore, Keep,
    OperationFilter, Organisation, Page, PageRequest, Region, Release, Restore, Secret, Service,
    Store, Surplus, Token, Trimmed, Upload, User, Variable, VariableFilter,
};

use crate::inner::Durable;
use crate::{SqliteStore, change, operation, query};

/// Runs a function over the writing connection in a transaction.
macro_rules! write {
    ($self:ident, |$connection:ident| $work:expr) => {
        write!($self, Durable::Now, |$connection| $work)
    };
    ($self:ident, $durable:expr, |$connection:ident| $work:expr) => {{
        let mut transaction = $self.inner.begin_write($durable).await?;
        let $connection = &mut *transaction;
        let result = $work.await;
        $self.inner.end_write(transaction, result).await
    }};
}

/// Runs a function over a reading connection, on one snapshot.
macro_rules! read {
    ($self:ident, |$connection:ident| $work:expr) => {{
        let mut transaction = $self.inner.begin_read().await?;
        let $connection = &mut *transaction;
        let result = $work.await;
        // Nothing was written, so how the snapshot ends changes nothing.
        let _ = transaction.rollback().await;
        result.map_err(|fault| $self.inner.seen(fault))
    }};
}

#[async_trait]
impl OperationStore for SqliteStore {
    type Change = Change;

    async fn create(&self, new: NewOperation, changes: Vec<Change>) -> Result<Created, StoreError> {
        write!(self, |connection| operation::create(
            connection,
            &self.inner.vault,
            &new,
            &changes
        ))
    }

    async fn claim(
        &self,
        owner: &str,
        now: Timestamp,
        lease_millis: i64,
    ) -> Result<Option<Operation>, StoreError> {
        write!(self, Durable::WithTheNext, |connection| operation::claim(
            connection,
            owner,
            now,
            lease_millis
        ))
    }

    async fn take_over(&self, now: Timestamp) -> Result<u64, StoreError> {
        write!(self, |connection| operation::take_over(connection, now))
    }

    async fn heartbeat(
        &self,
        id: OperationId,
        epoch: i64,
        lease_until: Timestamp,
    ) -> Result<(), StoreError> {
        write!(self, Durable::WithTheNext, |connection| {
            operation::heartbeat(connection, id, epoch, lease_until)
        })
    }

    async fn record_all(
        &self,
        id: OperationId,
        fence: Fence,
        at: Timestamp,
        events: &[Event],
        changes: &[Change],
    ) -> Result<Operation, StoreError> {
        write!(self, |connection| operation::record(
            connection,
            &self.inner.vault,
            id,
            fence,
            at,
            events,
            changes
        ))
    }

    async fn release_lease(&self, id: OperationId, epoch: i64) -> Result<(), StoreError> {
        write!(self, Durable::WithTheNext, |connection| operation::release(
            connection, id, epoch
        ))
    }

    async fn load(&self, id: OperationId) -> Result<Option<Operation>, StoreError> {
        read!(self, |connection| query::operation::operation(
            connection, id
        ))
    }

    async fn events(
        &self,
        id: OperationId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<EventRecord>, StoreError> {
        read!(self, |connection| query::operation::events(
            connection, id, after, limit
        ))
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        read!(self, |connection| operation::next_due(connection))
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn commit(&self, changes: Vec<Change>) -> Result<(), StoreError> {
        write!(self, |connection| change::apply_all(
            connection,
            &self.inner.vault,
            None,
            &changes
        ))
    }

    async fn reveal(&self, ids: &[SecretId]) -> Result<Vec<Secret>, StoreError> {
        read!(self, |connection| query::secret::reveal(
            connection,
            &self.inner.vault,
            ids
        ))
    }

    async fn setting(&self, name: &str) -> Result<Option<Value>, StoreError> {
        read!(self, |connection| query::account::setting(connection, name))
    }

    async fn token_by_hash(&self, hash: &str) -> Result<Option<(Token, User)>, StoreError> {
        read!(self, |connection| query::account::token_by_hash(
            connection, hash
        ))
    }

    async fn user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        read!(self, |connection| query::account::user(connection, id))
    }

    async fn organisations(&self) -> Result<Vec<Organisation>, StoreError> {
        read!(self, |connection| query::account::organisations(connection))
    }

    async fn regions(&self) -> Result<Vec<Region>, StoreError> {
        read!(self, |connection| query::catalogue::regions(connection))
    }

    async fn region(&self, id: RegionId) -> Result<Option<Region>, StoreError> {
        read!(self, |connection| query::catalogue::region(connection, id))
    }

    async fn services(&self, region: Option<RegionId>) -> Result<Vec<Service>, StoreError> {
        read!(self, |connection| query::catalogue::services(
            connection, region
        ))
    }

    async fn service(&self, id: ServiceId) -> Result<Option<Service>, StoreError> {
        read!(self, |connection| query::catalogue::service(connection, id))
    }

    async fn clusters(&self) -> Result<Vec<Cluster>, StoreError> {
        read!(self, |connection| query::catalogue::clusters(connection))
    }

    async fn cluster(&self, id: ClusterId) -> Result<Option<Cluster>, StoreError> {
        read!(self, |connection| query::catalogue::cluster(connection, id))
    }

    async fn brokers(&self) -> Result<Vec<Broker>, StoreError> {
        read!(self, |connection| query::broker::brokers(connection))
    }

    async fn broker(&self, id: BrokerId) -> Result<Option<Broker>, StoreError> {
        read!(self, |connection| query::broker::broker(connection, id))
    }

    async fn broker_plans(&self) -> Result<Vec<BrokerPlan>, StoreError> {
        read!(self, |connection| query::broker::plans(connection))
    }

    async fn applications(
        &self,
        filter: &ApplicationFilter,
        page: &PageRequest,
    ) -> Result<Page<Application>, StoreError> {
        read!(self, |connection| query::application::applications(
            connection, filter, page
        ))
    }

    async fn application(&self, id: ApplicationId) -> Result<Option<Application>, StoreError> {
        read!(self, |connection| query::application::application(
            connection, id
        ))
    }

    async fn environments(
        &self,
        application: ApplicationId,
    ) -> Result<Vec<Environment>, StoreError> {
        read!(self, |connection| query::application::environments(
            connection,
            application
        ))
    }

    async fn all_environments(&self) -> Result<Vec<Environment>, StoreError> {
        read!(self, |connection| query::application::all_environments(
            connection
        ))
    }

    async fn environment(&self, id: EnvironmentId) -> Result<Option<Environment>, StoreError> {
        read!(self, |connection| query::application::environment(
            connection, id
        ))
    }

    async fn environment_by_slug(
        &self,
        application: ApplicationId,
        slug: &EnvironmentSlug,
    ) -> Result<Option<Environment>, StoreError> {
        read!(self, |connection| query::application::environment_by_slug(
            connection,
            application,
            slug
        ))
    }

    async fn free_subnets(&self, region: RegionId, count: u32) -> Result<Vec<u32>, StoreError> {
        read!(self, |connection| query::application::free_subnets(
            connection, region, count
        ))
    }

    async fn instances(
        &self,
        filter: &InstanceFilter,
        page: &PageRequest,
    ) -> Result<Page<Instance>, StoreError> {
        read!(self, |connection| query::instance::instances(
            connection, filter, page
        ))
    }

    async fn instance(&self, id: InstanceId) -> Result<Option<Instance>, StoreError> {
        read!(self, |connection| query::instance::instance(connection, id))
    }

    async fn bindings(&self, instance: InstanceId) -> Result<Vec<Binding>, StoreError> {
        read!(self, |connection| query::instance::bindings(
            connection, instance
        ))
    }

    async fn replaced_bindings(&self) -> Result<Vec<Binding>, StoreError> {
        read!(self, |connection| query::instance::replaced_bindings(
            connection
        ))
    }

    async fn binding(&self, id: BindingId) -> Result<Option<Binding>, StoreError> {
        read!(self, |connection| query::instance::binding(connection, id))
    }

    async fn variables(
        &self,
        filter: &VariableFilter,
        page: &PageRequest,
    ) -> Result<Page<Variable>, StoreError> {
        read!(self, |connection| query::variable::variables(
            connection, filter, page
        ))
    }

    async fn deployments(
        &self,
        filter: &DeploymentFilter,
        page: &PageRequest,
    ) -> Result<Page<Deployment>, StoreError> {
        read!(self, |connection| query::deployment::deployments(
            connection, filter, page
        ))
    }

    async fn deployment(&self, id: DeploymentId) -> Result<Option<Deployment>, StoreError> {
        read!(self, |connection| query::deployment::deployment(
            connection, id
        ))
    }

    async fn next_deployment_number(&self, environment: EnvironmentId) -> Result<u32, StoreError> {
        read!(
            self,
            |connection| query::deployment::next_deployment_number(connection, environment)
        )
    }

    async fn releases(
        &self,
        environment: EnvironmentId,
        page: &PageRequest,
    ) -> Result<Page<Release>, StoreError> {
        read!(self, |connection| query::deployment::releases(
            connection,
            environment,
            page
        ))
    }

    async fn release(&self, id: ReleaseId) -> Result<Option<Release>, StoreError> {
        read!(self, |connection| query::deployment::release(
            connection, id
        ))
    }

    async fn backups(
        &self,
        filter: &BackupFilter,
        page: &PageRequest,
    ) -> Result<Page<Backup>, StoreError> {
        read!(self, |connection| query::backup::backups(
            connection, filter, page
        ))
    }

    async fn backup(&self, id: BackupId) -> Result<Option<Backup>, StoreError> {
        read!(self, |connection| query::backup::backup(connection, id))
    }

    async fn instance_backups(
        &self,
        filter: &InstanceBackupFilter,
        page: &PageRequest,
    ) -> Result<Page<InstanceBackup>, StoreError> {
        read!(self, |connection| query::backup::instance_backups(
            connection, filter, page
        ))
    }

    async fn instance_backup(
        &self,
        id: InstanceBackupId,
    ) -> Result<Option<InstanceBackup>, StoreError> {
        read!(self, |connection| query::backup::instance_backup(
            connection, id
        ))
    }

    async fn retention_candidates(
        &self,
        instance: InstanceId,
        now: Timestamp,
    ) -> Result<Vec<Candidate<BackupId>>, StoreError> {
        read!(self, |connection| query::backup::retention_candidates(
            connection, instance, now
        ))
    }

    async fn backups_to_delete(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<BackupId>, StoreError> {
        read!(self, |connection| query::backup::to_delete(
            connection, now, limit
        ))
    }

    async fn backup_times(&self) -> Result<Vec<BackupTimes>, StoreError> {
        read!(self, |connection| query::backup::times(connection))
    }

    async fn backup_download(
        &self,
        id: BackupDownloadId,
    ) -> Result<Option<BackupDownload>, StoreError> {
        read!(self, |connection| query::transfer::download(connection, id))
    }

    async fn instance_downloads(
        &self,
        download: BackupDownloadId,
    ) -> Result<Vec<InstanceDownload>, StoreError> {
        read!(self, |connection| query::transfer::instance_downloads(
            connection, download
        ))
    }

    async fn instance_download(
        &self,
        id: InstanceDownloadId,
    ) -> Result<Option<InstanceDownload>, StoreError> {
        read!(self, |connection| query::transfer::instance_download(
            connection, id
        ))
    }

    async fn download_by_link(
        &self,
        hash: &str,
        now: Timestamp,
    ) -> Result<Option<InstanceDownload>, StoreError> {
        read!(self, |connection| query::transfer::download_by_link(
            connection, hash, now
        ))
    }

    async fn uploads(&self, backup: BackupId) -> Result<Vec<Upload>, StoreError> {
        read!(self, |connection| query::transfer::uploads(
            connection, backup
        ))
    }

    async fn upload_by_link(&self, hash: &str) -> Result<Option<Upload>, StoreError> {
        read!(self, |connection| query::transfer::upload_by_link(
            connection, hash
        ))
    }

    async fn restore(&self, id: RestoreId) -> Result<Option<Restore>, StoreError> {
        read!(self, |connection| query::transfer::restore(connection, id))
    }

    async fn instance_restores(
        &self,
        restore: RestoreId,
    ) -> Result<Vec<InstanceRestore>, StoreError> {
        read!(self, |connection| query::transfer::instance_restores(
            connection, restore
        ))
    }

    async fn operations(
        &self,
        filter: &OperationFilter,
        page: &PageRequest,
    ) -> Result<Page<Operation>, StoreError> {
        read!(self, |connection| query::operation::operations(
            connection, filter, page
        ))
    }

    async fn environments_to_clean_up(
        &self,
        keep: &Keep,
        limit: u32,
    ) -> Result<Vec<EnvironmentId>, StoreError> {
        read!(self, |connection| query::retention::environments(
            connection, keep, limit
        ))
    }

    async fn surplus(
        &self,
        environment: EnvironmentId,
        keep: &Keep,
        limit: u32,
    ) -> Result<Surplus, StoreError> {
        read!(self, |connection| query::retention::surplus(
            connection,
            environment,
            keep,
            limit
        ))
    }

    async fn trim_operations(
        &self,
        ended_before: Timestamp,
        page: &PageRequest,
    ) -> Result<Trimmed, StoreError> {
        write!(self, |connection| operation::trim(
            connection,
            ended_before,
            page
        ))
    }
}
