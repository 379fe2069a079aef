//! Beginning an operation, and saying who did what.

use serde::Serialize;
use windlass_model::access::Action;
use windlass_model::id::{ApplicationId, OrganisationId};
use windlass_operations::runner::{Submission, SubmitError};
use windlass_operations::{Operation, Subject};
use windlass_records::{AuditEntry, AuditOutcome, Change};

use crate::context::Context;
use crate::error::Error;
use crate::ids;
use crate::platform::Platform;

impl From<SubmitError> for Error {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::Store(inner) => inner.into(),
            other => Self::Internal(other.to_string()),
        }
    }
}

impl Platform {
    /// An operation to be submitted for the caller.
    pub(crate) fn submission<P: Serialize>(
        context: &Context,
        organisation: OrganisationId,
        kind: &str,
        subject: (&str, String),
        params: &P,
    ) -> Result<Submission, Error> {
        let params =
            serde_json::to_value(params).map_err(|error| Error::Internal(error.to_string()))?;
        let subject = Subject {
            kind: subject.0.to_owned(),
            id: subject.1,
        };
        let submission = Submission::new(
            kind,
            organisation.to_string(),
            subject,
            params,
            context.email.clone(),
            context.request_id.clone(),
        );
        Ok(match &context.idempotency {
            Some((key, hash)) => submission.with_idempotency(key, hash),
            None => submission,
        })
    }

    /// Creates the operation with its rows in one transaction.
    pub(crate) async fn submit(
        &self,
        submission: Submission,
        mut changes: Vec<Change>,
    ) -> Result<Operation, Error> {
        for change in &mut changes {
            if let Change::Audit(entry) = change {
                entry.outcome = AuditOutcome::Begun;
            }
        }
        Ok(self.runner.submit(submission, changes).await?.operation())
    }

    /// The operation that the same request with the same `Idempotency-Key` began before; otherwise the
    /// refusal. For use cases that refuse what they began themselves: a repeated "remove" finds an
    /// instance that is being removed.
    pub(crate) async fn replay(
        &self,
        context: &Context,
        again: impl Fn(OrganisationId) -> Result<Submission, Error> + Send + Sync,
        refusal: Error,
    ) -> Result<Operation, Error> {
        let refused = matches!(&refusal, Error::Refused { code, .. } if *code == "not_allowed");
        if context.idempotency.is_none() || refused {
            return Err(refusal);
        }
        // What it was about may be gone, and with it whose it was: each of the caller's organisations is tried.
        for organisation in context.organisations() {
            let begun = self.begun_before(again(organisation)?).await?;
            let Some(operation) = begun else { continue };
            let seen = self.authorize_operation(context, Action::ViewApplication, &operation);
            if seen.await.is_ok() {
                return Ok(operation);
            }
        }
        Err(refusal)
    }

    /// The operation that has the submission's key in its organisation.
    async fn begun_before(&self, submission: Submission) -> Result<Option<Operation>, Error> {
        // The store looks for the key before it writes. A change that never applies makes sure that it
        // writes nothing when the key is new.
        let never = Change::ExpectInstanceState {
            id: ids::mint(),
            states: Vec::new(),
        };
        match self.submit(submission, vec![never]).await {
            Ok(operation) => Ok(Some(operation)),
            Err(
                error @ Error::Refused {
                    code: "idempotency_key_reused",
                    ..
                },
            ) => Err(error),
            Err(_) => Ok(None),
        }
    }

    /// An entry of the audit log, about an application or about the installation.
    pub(crate) fn audit(
        &self,
        context: &Context,
        action: &str,
        subject: impl Into<String>,
        application: Option<ApplicationId>,
        detail: impl Into<String>,
    ) -> Change {
        Change::Audit(AuditEntry {
            application,
            ..self.audit_entry(context, action, subject, detail)
        })
    }

    /// An entry of the audit log about an organisation itself.
    pub(crate) fn audit_organisation(
        &self,
        context: &Context,
        action: &str,
        subject: impl Into<String>,
        organisation: OrganisationId,
        detail: impl Into<String>,
    ) -> Change {
        Change::Audit(AuditEntry {
            organisation: Some(organisation),
            ..self.audit_entry(context, action, subject, detail)
        })
    }

    /// An entry that says of nobody yet whose it is.
    pub(crate) fn audit_entry(
        &self,
        context: &Context,
        action: &str,
        subject: impl Into<String>,
        detail: impl Into<String>,
    ) -> AuditEntry {
        AuditEntry {
            at: self.parts.now(),
            actor: context.email.clone(),
            request_id: context.request_id.clone(),
            address: context.address.clone(),
            action: action.to_owned(),
            subject: subject.into(),
            organisation: None,
            application: None,
            detail: detail.into(),
            outcome: AuditOutcome::Done,
        }
    }
}
