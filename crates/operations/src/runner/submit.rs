//! Creating an operation from its definition.

use std::collections::HashSet;

use serde_json::Value;
use uuid::Uuid;
use windlass_model::id::OperationId;

use super::{Runner, call};
use crate::definition::StepSpec;
use crate::operation::{NewOperation, StepRecord, Subject};
use crate::store::{Created, StoreError};

/// An operation to be created: everything but what its definition knows.
#[derive(Debug, Clone, PartialEq)]
pub struct Submission {
    /// Its id; made by [`Submission::new`], so that the changes can name it.
    pub id: OperationId,
    /// The kind of its definition.
    pub kind: String,
    /// The organisation it belongs to, as text.
    pub tenant: String,
    /// What it is about.
    pub subject: Subject,
    /// Its input. Secrets are references.
    pub params: Value,
    /// Who asks for it.
    pub actor: String,
    /// The request that creates it.
    pub request_id: String,
    /// The operation that it is part of.
    pub parent: Option<OperationId>,
    /// The client's `Idempotency-Key` and the hash of its request.
    pub idempotency: Option<(String, String)>,
}

impl Submission {
    /// A submission by `actor`, under a new id, without parent and `Idempotency-Key`.
    pub fn new(
        kind: impl Into<String>,
        tenant: impl Into<String>,
        subject: Subject,
        params: Value,
        actor: impl Into<String>,
        request_id: impl Into<String>,
    ) -> Self {
        Self {
            id: OperationId::from(Uuid::now_v7()),
            kind: kind.into(),
            tenant: tenant.into(),
            subject,
            params,
            actor: actor.into(),
            request_id: request_id.into(),
            parent: None,
            idempotency: None,
        }
    }

    /// The same as part of another operation.
    pub fn with_parent(mut self, parent: OperationId) -> Self {
        self.parent = Some(parent);
        self
    }

    /// The same with the client's `Idempotency-Key` and the hash of its request.
    pub fn with_idempotency(mut self, key: impl Into<String>, hash: impl Into<String>) -> Self {
        self.idempotency = Some((key.into(), hash.into()));
        self
    }
}

/// Why an operation was not created.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// No definition of this kind was given to the runner.
    #[error("this server does not know operations of kind '{0}'")]
    UnknownKind(String),
    /// The definition gave no proper list of steps.
    #[error("operations of kind '{kind}' cannot be created: {reason}")]
    InvalidSteps {
        /// The kind.
        kind: String,
        /// What is wrong with the list.
        reason: String,
    },
    /// The store refused or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl<C: Clone + Send + Sync + 'static> Runner<C> {
    /// Creates the operation with its steps and the changes in one transaction, and wakes the runner.
    pub async fn submit(
        &self,
        submission: Submission,
        changes: Vec<C>,
    ) -> Result<Created, SubmitError> {
        let inner = &self.inner;
        let Some(definition) = inner.newest(&submission.kind) else {
            return Err(SubmitError::UnknownKind(submission.kind));
        };
        let specs = call::steps(definition.as_ref(), &submission.params)
            .map_err(|failure| failure.message)
            .and_then(|specs| checked(specs).map_err(str::to_owned));
        let specs = match specs {
            Ok(specs) => specs,
            Err(reason) => {
                return Err(SubmitError::InvalidSteps {
                    kind: submission.kind,
                    reason,
                });
            }
        };
        let new = NewOperation {
            id: submission.id,
            tenant: submission.tenant,
            kind: submission.kind,
            kind_version: definition.version(),
            subject: submission.subject,
            params: submission.params,
            actor: submission.actor,
            request_id: submission.request_id,
            parent: submission.parent,
            idempotency: submission.idempotency,
            steps: specs
                .into_iter()
                .map(|spec| StepRecord::todo(spec.name, spec.pivot))
                .collect(),
            created_at: inner.clock.now(),
        };
        let created = inner.store.create(new, changes).await?;
        if let Created::New(operation) = &created {
            inner.tell(operation.id);
            self.wake();
        }
        Ok(created)
    }
}

fn checked(specs: Vec<StepSpec>) -> Result<Vec<StepSpec>, &'static str> {
    let mut names = HashSet::new();
    if !specs.iter().all(|spec| names.insert(spec.name.as_str())) {
        return Err("two steps have the same name");
    }
    if specs.iter().filter(|spec| spec.pivot).count() > 1 {
        return Err("more than one step is the pivot");
    }
    Ok(specs)
}
