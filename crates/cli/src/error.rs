//! What stops a command, and whose it is to mend.

use std::io;

/// Why a command ended without doing its work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Something that the user can mend.
    #[error("{message}")]
    User {
        /// What is wrong.
        message: String,
        /// What to do.
        hint: Option<String>,
    },
    /// The server or the machine failed.
    #[error("{0}")]
    Unexpected(String),
    /// The reader of our output went away (`windlass ... | head`): nothing is wrong.
    #[error("the output was closed")]
    OutputClosed,
}

impl Error {
    pub(crate) fn user(message: impl Into<String>) -> Self {
        Self::User {
            message: message.into(),
            hint: None,
        }
    }

    pub(crate) fn hinted(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::User {
            message: message.into(),
            hint: Some(hint.into()),
        }
    }

    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::User { .. } => 1,
            Self::Unexpected(_) => 2,
            Self::OutputClosed => 0,
        }
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self::OutputClosed
        } else {
            Self::Unexpected(error.to_string())
        }
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Self::Unexpected(format!("the server's answer cannot be read: {error}"))
    }
}
