//! Reading the audit log.

use windlass_model::access::Action;
use windlass_model::id::{ApplicationId, OrganisationId};
use windlass_model::time::Timestamp;
use windlass_records::{AuditFilter, AuditRecord, Page, PageRequest};

use crate::context::Context;
use crate::error::Error;
use crate::platform::Platform;

/// Which entries of an organisation's log.
#[derive(Debug, Clone, Copy, Default)]
pub struct AuditQuery {
    /// About this application; it may be gone.
    pub application: Option<ApplicationId>,
    /// At this time or later.
    pub from: Option<Timestamp>,
    /// Before this time.
    pub until: Option<Timestamp>,
}

impl Platform {
    /// The audit log of an organisation, newest first.
    pub async fn audit_log(
        &self,
        context: &Context,
        organisation: OrganisationId,
        query: AuditQuery,
        page: &PageRequest,
    ) -> Result<Page<AuditRecord>, Error> {
        let loaded = self.load_organisation(context, Action::ReadAudit, organisation);
        let filter = AuditFilter {
            organisation: Some(loaded.await?.id),
            application: query.application,
            from: query.from,
            until: query.until,
        };
        Ok(self.parts.store.audit(&filter, page).await?)
    }
}
