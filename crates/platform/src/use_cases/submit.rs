//! Beginning an operation, and saying who did what.

use serde::Serialize;
use windlass_model::id::ApplicationId;
use windlass_operations::runner::{Submission, SubmitError};
use windlass_operations::{Operation, Subject};
use windlass_records::Change;
use windlass_records::change::AuditEntry;

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
            context.organisation.to_string(),
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
        changes: Vec<Change>,
    ) -> Result<Operation, Error> {
        Ok(self.runner.submit(submission, changes).await?.operation())
    }

    /// The operation that the same request with the same `Idempotency-Key` began before; otherwise the
    /// refusal. For use cases that refuse what they began themselves: a repeated "remove" finds an
    /// instance that is being removed.
    pub(crate) async fn replay(
        &self,
        submission: Submission,
        refusal: Error,
    ) -> Result<Operation, Error> {
        if submission.idempotency.is_none() {
            return Err(refusal);
        }
        // The store looks for the key before it writes. A change that never applies makes sure that it
        // writes nothing when the key is new.
        let never = Change::ExpectInstanceState {
            id: ids::mint(),
            states: Vec::new(),
        };
        match self.submit(submission, vec![never]).await {
            Ok(operation) => Ok(operation),
            Err(
                error @ Error::Refused {
                    code: "idempotency_key_reused",
                    ..
                },
            ) => Err(error),
            Err(_) => Err(refusal),
        }
    }

    /// An entry of the audit log.
    pub(crate) fn audit(
        &self,
        context: &Context,
        action: &str,
        subject: impl Into<String>,
        application: Option<ApplicationId>,
        detail: impl Into<String>,
    ) -> Change {
        Change::Audit(AuditEntry {
            at: self.parts.now(),
            actor: context.email.clone(),
            request_id: context.request_id.clone(),
            action: action.to_owned(),
            subject: subject.into(),
            application,
            detail: detail.into(),
        })
    }
}
