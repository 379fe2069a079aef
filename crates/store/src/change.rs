//! Makes changes: one function per kind of change, in order, in the caller's transaction.

mod account;
mod application;
mod backup;
mod binding;
mod broker;
mod catalogue;
mod cluster;
mod delete_application;
mod deployment;
mod environment;
mod instance;
mod other;
mod release;
mod secret;
mod transfer;
mod variable;

use sqlx::sqlite::{SqliteConnection, SqliteQueryResult};
use windlass_model::id::OperationId;
use windlass_records::Change;

use crate::fault::{Fault, missing};
use crate::key::Vault;

/// What the changes of one transaction have in common.
pub(crate) struct Changes<'a> {
    connection: &'a mut SqliteConnection,
    vault: &'a Vault,
    /// The operation that they are committed with.
    operation: Option<OperationId>,
    /// Secrets that new rows refer to, and secrets that were forgotten: looked at when all changes are
    /// made, so that their order does not matter.
    references: secret::References,
}

/// Makes the changes in order.
pub(crate) async fn apply_all(
    connection: &mut SqliteConnection,
    vault: &Vault,
    operation: Option<OperationId>,
    changes: &[Change],
) -> Result<(), Fault> {
    let mut all = Changes {
        connection,
        vault,
        operation,
        references: secret::References::default(),
    };
    for change in changes {
        all.apply(change).await?;
    }
    all.check_references().await
}

impl Changes<'_> {
    async fn apply(&mut self, change: &Change) -> Result<(), Fault> {
        match change {
            Change::InsertOrganisation(row) => self.insert_organisation(row).await,
            Change::InsertUser(row) => self.insert_user(row).await,
            Change::InsertToken(row) => self.insert_token(row).await,
            Change::DeleteToken(id) => self.delete_token(*id).await,
            Change::PutRegion(row) => self.put_region(row).await,
            Change::PutService(row) => self.put_service(row).await,
            Change::InsertCluster(row) => self.insert_cluster(row).await,
            Change::SetClusterSettings { id, settings } => {
                self.set_cluster_settings(*id, settings.as_ref()).await
            }
            Change::PutBroker(row) => self.put_broker(row).await,
            Change::PutBrokerPlan(row) => self.put_broker_plan(row).await,
            Change::DeleteBrokerPlan { broker, plan } => {
                self.delete_broker_plan(*broker, plan).await
            }
            Change::DeleteBroker(id) => self.delete_broker(*id).await,
            Change::SetClusterState { id, from, to } => {
                self.set_cluster_state(*id, *from, *to).await
            }
            Change::SetClusterAccess {
                id,
                host,
                port,
                administrator,
                password,
                database,
                administration_port,
                settings,
            } => {
                let access = cluster::Access {
                    host,
                    port: *port,
                    administrator,
                    password: *password,
                    database,
                    administration_port: *administration_port,
                    settings: settings.as_ref(),
                };
                self.set_cluster_access(*id, access).await
            }
            Change::InsertApplication(row) => self.insert_application(row).await,
            Change::SetReleaseCommands { id, commands } => {
                self.set_release_commands(*id, commands).await
            }
            Change::SetApplicationRemoving { id, removing } => {
                self.set_application_removing(*id, *removing).await
            }
            Change::ExpectApplicationStays(id) => self.expect_application_stays(*id).await,
            Change::DeleteApplication(id) => self.delete_application(*id).await,
            Change::InsertEnvironment(row) => self.insert_environment(row).await,
            Change::SetBranch { id, branch } => self.set_branch(*id, branch).await,
            Change::SetRunningRelease { id, from, to } => {
                self.set_running_release(*id, *from, *to).await
            }
            Change::InsertInstance(row) => self.insert_instance(row).await,
            Change::SetInstanceState { id, from, to, at } => {
                self.set_instance_state(*id, *from, *to, *at).await
            }
            Change::ExpectInstanceState { id, states } => {
                self.expect_instance_state(*id, states).await
            }
            Change::ExpectInstanceUnused { id } => self.expect_instance_unused(*id).await,
            Change::SetInstanceCluster { id, cluster } => {
                self.set_instance_cluster(*id, *cluster).await
            }
            Change::SetInstancePrefix { id, prefix, at } => {
                self.set_instance_prefix(*id, prefix, *at).await
            }
            Change::SetInstanceUrlScheme { id, url_scheme, at } => {
                self.set_instance_url_scheme(*id, url_scheme.as_deref(), *at)
                    .await
            }
            Change::SetInstanceProfile { id, profile, at } => {
                self.set_instance_profile(*id, *profile, *at).await
            }
            Change::SetInstancePublic { id, public, at } => {
                self.set_instance_public(*id, *public, *at).await
            }
            Change::SetInstanceMediaDomain { id, domain, at } => {
                self.set_instance_media_domain(*id, domain.as_ref(), *at)
                    .await
            }
            Change::SetInstanceGivenUrl { id, given_url, at } => {
                self.set_instance_given_url(*id, *given_url, *at).await
            }
            Change::SetInstanceError { id, error, at } => {
                self.set_instance_error(*id, error.as_ref(), *at).await
            }
            Change::InsertBinding(row) => self.insert_binding(row).await,
            Change::SetBindingState { id, from, to } => {
                self.set_binding_state(*id, *from, *to).await
            }
            Change::SetBindingPassword { id, password } => {
                self.set_binding_password(*id, *password).await
            }
            Change::ReplaceBinding { id, grace_ends_at } => {
                self.replace_binding(*id, *grace_ends_at).await
            }
            Change::InsertSecret(new) => self.insert_secret(new).await,
            Change::DeleteSecret(id) => self.delete_secret(*id).await,
            Change::PutVariable(row) => self.put_variable(row).await,
            Change::DeleteVariable(id) => self.delete_variable(*id).await,
            Change::InsertDeployment(row) => self.insert_deployment(row).await,
            Change::SetDeploymentStatus { id, status } => {
                self.set_deployment_status(*id, *status).await
            }
            Change::SetDeploymentCommit { id, commit } => {
                self.set_deployment_commit(*id, commit).await
            }
            Change::FinishDeployment {
                id,
                status,
                failed_step,
                error,
                hint,
                at,
            } => {
                let end = deployment::End {
                    status: *status,
                    failed_step: failed_step.as_deref(),
                    error: error.as_deref(),
                    hint: hint.as_deref(),
                    at: *at,
                };
                self.finish_deployment(*id, end).await
            }
            Change::ExpectNoDeployment(id) => self.expect_no_deployment_in(*id).await,
            Change::DeleteDeployment(id) => self.delete_deployment(*id).await,
            Change::InsertRelease(row) => self.insert_release(row).await,
            Change::NumberRelease { id } => self.number_release(*id).await,
            Change::ExpectRelease(id) => self.expect_release(*id).await,
            Change::DeleteRelease(id) => self.delete_release(*id).await,
            Change::InsertBackup(row) => self.insert_backup(row).await,
            Change::InsertInstanceBackup(row) => self.insert_instance_backup(row).await,
            Change::StartInstanceBackup { id, at } => self.start_instance_backup(*id, *at).await,
            Change::FinishInstanceBackup { id, result, at } => {
                self.finish_instance_backup(*id, result, *at).await
            }
            Change::FinishBackup { id, at } => self.finish_backup(*id, *at).await,
            Change::SetBackupDeletion { id, at } => self.set_backup_deletion(*id, *at).await,
            Change::BeginBackupDeletion { id, at } => self.begin_backup_deletion(*id, *at).await,
            Change::DeleteBackup(id) => self.delete_backup(*id).await,
            Change::InsertBackupDownload(row) => self.insert_backup_download(row).await,
            Change::InsertInstanceDownload(row) => self.insert_instance_download(row).await,
            Change::DeleteBackupDownload(id) => self.delete_backup_download(*id).await,
            Change::InsertUpload(row) => self.insert_upload(row).await,
            Change::ReceiveUpload { id, received } => self.receive_upload(*id, received).await,
            Change::InsertRestore(row) => self.insert_restore(row).await,
            Change::InsertInstanceRestore(row) => self.insert_instance_restore(row).await,
            Change::SetRestoreSafety { id, safety } => self.set_restore_safety(*id, *safety).await,
            Change::FinishInstanceRestore { id, errors, at } => {
                self.finish_instance_restore(*id, errors, *at).await
            }
            Change::FinishRestore { id, at } => self.finish_restore(*id, *at).await,
            Change::PutSetting { name, value } => self.put_setting(name, value).await,
            Change::Audit(entry) => self.audit(entry).await,
        }
    }
}

/// `NotFound` when the statement met no row.
fn found(result: &SqliteQueryResult, what: impl FnOnce() -> String) -> Result<(), Fault> {
    if result.rows_affected() == 0 {
        Err(missing(what()))
    } else {
        Ok(())
    }
}
