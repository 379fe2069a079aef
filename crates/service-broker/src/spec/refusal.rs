//! The body of an error.

use serde::Deserialize;

/// The body of an error; each field may be missing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct ErrorBody {
    /// A word for programs.
    #[serde(default)]
    pub error: Option<String>,
    /// Words for users.
    #[serde(default)]
    pub description: Option<String>,
    /// After a failed update or deletion: whether the instance works.
    #[serde(default)]
    pub instance_usable: Option<bool>,
    /// After a failed update: whether another try is useful.
    #[serde(default)]
    pub update_repeatable: Option<bool>,
}

/// The words for programs that the specification knows, all with status 422.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorCode {
    /// It wants `accepts_incomplete=true`.
    AsyncRequired,
    /// Something else is being done to the same instance.
    ConcurrencyError,
    /// It binds applications only.
    RequiresApp,
    /// Our copy of the catalogue is old.
    MaintenanceInfoConflict,
}

impl ErrorBody {
    /// The word for programs, if the specification knows it.
    pub fn code(&self) -> Option<ErrorCode> {
        match self.error.as_deref()? {
            "AsyncRequired" => Some(ErrorCode::AsyncRequired),
            "ConcurrencyError" => Some(ErrorCode::ConcurrencyError),
            "RequiresApp" => Some(ErrorCode::RequiresApp),
            "MaintenanceInfoConflict" => Some(ErrorCode::MaintenanceInfoConflict),
            _ => None,
        }
    }
}
