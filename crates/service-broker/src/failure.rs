//! Why an attempt failed.

use std::time::Duration;

/// Why an attempt failed. Texts are the broker's, cleaned, or ours; they hold no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// No connection: the broker knows nothing of this request.
    #[error("the broker cannot be reached: {0}")]
    NotSent(String),
    /// No answer in time: it may have been done.
    #[error("the broker gave no answer within {0:?}; it may have been done")]
    NoAnswer(Duration),
    /// The connection broke after sending: it may have been done.
    #[error("the connection to the broker broke ({0}); it may have been done")]
    Cut(String),
    /// 401 or 403.
    #[error("the broker does not accept our credentials: {0}")]
    Unauthorized(String),
    /// 412.
    #[error("the broker does not support version 2.17 of the specification: {0}")]
    Version(String),
    /// 409: something else has this id, or the same with other parameters.
    #[error("the broker has something else under this id: {0}")]
    Conflict(String),
    /// `ConcurrencyError`, to the end of our patience.
    #[error("the broker is busy with another operation on this instance: {0}")]
    Busy(String),
    /// `RequiresApp`: it binds applications, and none was named.
    #[error("the broker makes credentials for applications only: {0}")]
    NeedsApplication(String),
    /// `MaintenanceInfoConflict`: fetch the catalogue, and ask the user again.
    #[error("the broker's catalogue has changed: {0}")]
    OutdatedCatalogue(String),
    /// Any other status from 300 to 499: nothing was done.
    #[error("the broker refuses: {description}")]
    Refused {
        /// The status.
        status: u16,
        /// The broker's words.
        description: String,
        /// After a refused update or deletion: whether the instance works.
        instance_usable: bool,
        /// After a refused update: whether another try is useful.
        update_repeatable: bool,
    },
    /// A status of 500 or more: it may have been done.
    #[error("the broker failed: {0}")]
    Server(String),
    /// A success in words that cannot be read, or with a status that means nothing here.
    #[error("the broker's answer does not follow the specification: {0}")]
    Malformed(String),
    /// The broker reports at a poll that it failed.
    #[error("the broker reports a failure: {description}")]
    Reported {
        /// The broker's words.
        description: String,
        /// After a failed update or deletion: whether the instance works.
        instance_usable: bool,
        /// After a failed update: whether another try is useful.
        update_repeatable: bool,
    },
    /// Still in progress when the time was over.
    #[error("the broker has not finished after {after:?}: {description}")]
    Stuck {
        /// The time.
        after: Duration,
        /// The last that the broker said.
        description: String,
    },
    /// The broker no longer knows what it has accepted.
    #[error("the broker no longer knows the operation: {0}")]
    Forgotten(String),
    /// It was looked for and is not there.
    #[error("the broker does not have it: {0}")]
    Missing(String),
}

impl Failure {
    /// Whether the broker may have done what it was asked to.
    pub fn effect_unknown(&self) -> bool {
        matches!(
            self,
            Self::NoAnswer(_)
                | Self::Cut(_)
                | Self::Server(_)
                | Self::Malformed(_)
                | Self::Reported { .. }
                | Self::Stuck { .. }
                | Self::Forgotten(_)
        )
    }

    /// With each text as that function makes it.
    pub(crate) fn map_text(mut self, change: impl Fn(&str) -> String) -> Self {
        let text = match &mut self {
            Self::NotSent(text)
            | Self::Cut(text)
            | Self::Unauthorized(text)
            | Self::Version(text)
            | Self::Conflict(text)
            | Self::Busy(text)
            | Self::NeedsApplication(text)
            | Self::OutdatedCatalogue(text)
            | Self::Server(text)
            | Self::Malformed(text)
            | Self::Forgotten(text)
            | Self::Missing(text)
            | Self::Refused {
                description: text, ..
            }
            | Self::Reported {
                description: text, ..
            }
            | Self::Stuck {
                description: text, ..
            } => text,
            Self::NoAnswer(_) => return self,
        };
        *text = change(text);
        self
    }
}
