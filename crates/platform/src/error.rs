//! What a use case refuses, without a word of HTTP.

use windlass_model::id::OperationId;
use windlass_model::instance::Refusal;
use windlass_model::names::InvalidName;
use windlass_operations::StoreError;

/// One field of a request that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The field's name on the wire.
    pub field: &'static str,
    /// What is wrong and what is allowed.
    pub message: String,
}

/// Why a use case did not do as asked. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Fields of the request cannot be used.
    #[error("{}", .0.iter().map(|field| format!("{}: {}", field.field, field.message)).collect::<Vec<_>>().join("; "))]
    Invalid(Vec<FieldError>),
    /// A rule refuses it.
    #[error("{message}")]
    Refused {
        /// A stable code for programs.
        code: &'static str,
        /// What is refused, why, and the way out.
        message: String,
        /// The operation that stands in the way.
        operation: Option<OperationId>,
    },
    /// There is no such object, or the caller may not know of it.
    #[error("{what} '{name}' does not exist")]
    NotFound {
        /// The kind of object.
        what: &'static str,
        /// What was asked for.
        name: String,
    },
    /// The token is missing, unknown or revoked.
    #[error("a valid token is needed; 'windlass login' stores one")]
    Unauthenticated,
    /// Something that is needed does not answer.
    #[error("{0}")]
    Unavailable(String),
    /// A fault of Windlass.
    #[error("an internal fault: {0}")]
    Internal(String),
}

impl Error {
    /// A refusal by a rule.
    pub fn refused(code: &'static str, message: impl Into<String>) -> Self {
        Self::Refused {
            code,
            message: message.into(),
            operation: None,
        }
    }

    /// One field that cannot be used.
    pub fn invalid(field: &'static str, message: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError {
            field,
            message: message.into(),
        }])
    }

    /// A name that cannot be used, in that field.
    pub fn name(field: &'static str, error: &InvalidName) -> Self {
        Self::invalid(field, error.to_string())
    }

    /// An object that is not there for the caller.
    pub fn not_found(what: &'static str, name: impl std::fmt::Display) -> Self {
        Self::NotFound {
            what,
            name: name.to_string(),
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::SubjectBusy { active, .. } => Self::Refused {
                code: "busy",
                message: error.to_string(),
                operation: Some(active),
            },
            StoreError::IdempotencyMismatch => {
                Self::refused("idempotency_key_reused", error.to_string())
            }
            StoreError::Refused(message) => Self::refused("refused", message),
            StoreError::Conflict(message) => Self::refused("conflict", message),
            StoreError::NotFound(name) => Self::NotFound {
                what: "object",
                name,
            },
            StoreError::Unavailable { .. } => Self::Unavailable(error.to_string()),
            StoreError::LostLease(_) => Self::Internal(error.to_string()),
        }
    }
}

/// The stable code of a refusal of the state table.
pub(crate) fn refusal_code(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::AlreadyProvisioned => "already_provisioned",
        Refusal::BeingProvisioned => "being_provisioned",
        Refusal::BeingRemoved => "being_removed",
        Refusal::Gone => "removed",
        Refusal::AlreadyAttached => "already_attached",
        Refusal::AlreadyPendingAttachment => "already_pending_attachment",
        Refusal::CancelDetachInstead => "cancel_detach_instead",
        Refusal::NotAttached => "not_attached",
        Refusal::AlreadyPendingDetachment => "already_pending_detachment",
        Refusal::AlreadyDetached => "already_detached",
        Refusal::NothingToCancel => "nothing_to_cancel",
        Refusal::DetachFirst => "detach_first",
        Refusal::DeployFirst => "deploy_first",
        Refusal::Impossible => "impossible",
    }
}
