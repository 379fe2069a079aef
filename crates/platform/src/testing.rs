//! What the fault harness of `windlass-operations` plays: the definitions, and operations that are
//! composed as the use cases compose them, but not begun.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use windlass_model::id::{ApplicationId, EnvironmentId, InstanceId};
use windlass_operations::{Definition, Operation, Submission};
use windlass_records::Change;

use crate::context::Context;
use crate::definitions;
use crate::error::Error;
use crate::housekeeping::Housekeeping;
use crate::platform::Platform;
use crate::use_cases::deployments::DeployRequest;

/// An operation to be submitted, and the rows that are written with it.
pub type Composed = (Submission, Vec<Change>);

impl Platform {
    /// The definition of that kind: `deployment`, `provisioning`, `removal`, `visibility`,
    /// `application-removal`, `clean-up`.
    pub fn definition(&self, kind: &str) -> Option<Arc<dyn Definition<Change>>> {
        definitions::all(&self.parts)
            .into_iter()
            .find(|definition| definition.kind() == kind)
    }

    /// A deployment that is not begun.
    pub async fn composed_deployment(
        &self,
        context: &Context,
        request: DeployRequest,
    ) -> Result<Composed, Error> {
        self.compose_deployment(context, request).await
    }

    /// A rollback that is not begun.
    pub async fn composed_rollback(
        &self,
        context: &Context,
        environment: EnvironmentId,
        number: u32,
    ) -> Result<Composed, Error> {
        self.compose_rollback(context, environment, number).await
    }

    /// A rotation that is not begun.
    pub async fn composed_rotation(
        &self,
        context: &Context,
        id: InstanceId,
        grace: Duration,
    ) -> Result<Composed, Error> {
        self.compose_rotation(context, id, grace).await
    }

    /// A provisioning that is not begun.
    pub async fn composed_provisioning(
        &self,
        context: &Context,
        id: InstanceId,
    ) -> Result<Composed, Error> {
        self.compose_provisioning(context, id).await
    }

    /// Making an instance public, or private, not begun.
    pub async fn composed_visibility(
        &self,
        context: &Context,
        id: InstanceId,
        public: bool,
    ) -> Result<Composed, Error> {
        self.compose_visibility(context, id, public).await
    }

    /// The removal of an instance that is not begun.
    pub async fn composed_removal(
        &self,
        context: &Context,
        id: InstanceId,
        confirmation: &str,
    ) -> Result<Composed, Error> {
        self.compose_removal(context, id, confirmation).await
    }

    /// The removal of an application that is not begun.
    pub async fn composed_teardown(
        &self,
        context: &Context,
        id: ApplicationId,
        confirmation: &str,
    ) -> Result<Composed, Error> {
        self.compose_teardown(context, id, confirmation).await
    }

    /// The removal of what an environment keeps no longer, not begun.
    pub async fn composed_clean_up(&self, environment: EnvironmentId) -> Result<Composed, Error> {
        let composed = definitions::clean_up::compose(&self.parts, environment).await?;
        composed.ok_or_else(|| Error::not_found("environment", environment))
    }

    /// Begins what was composed.
    pub async fn begin_composed(&self, composed: Composed) -> Result<Operation, Error> {
        self.submit(composed.0, composed.1).await
    }

    /// One round of housekeeping; says whether something failed.
    pub async fn keep_house_once(&self) -> bool {
        let mut housekeeping = Housekeeping::default();
        housekeeping.pass(self, &CancellationToken::new()).await
    }

    /// One look at the credentials that rotations replaced; says whether something failed.
    pub async fn revoke_replaced_once(&self) -> bool {
        crate::replaced::pass(&self.parts).await
    }

    /// Drives operations without the reconcilers, until it is cancelled.
    pub async fn run_operations(&self, cancel: CancellationToken) {
        self.runner.run(cancel).await;
    }

    /// One pass of every reconciler; says whether something failed.
    pub async fn reconcile_once(&self) -> bool {
        let mut failed = false;
        for region in self.parts.regions.ids() {
            failed |= crate::reconcile::pass(&self.parts, region).await;
        }
        failed
    }
}
