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
        /// The server's stable code for it, where it comes from there.
        code: Option<String>,
    },
    /// The server, the network or the machine failed.
    #[error("{message}")]
    Unexpected {
        /// What happened.
        message: String,
        /// What to do.
        hint: Option<String>,
    },
    /// The reader of our output went away (`windlass ... | head`): nothing is wrong.
    #[error("the output was closed")]
    OutputClosed,
}

impl Error {
    pub(crate) fn user(message: impl Into<String>) -> Self {
        Self::User {
            message: message.into(),
            hint: None,
            code: None,
        }
    }

    /// What the server refuses, with its code.
    pub(crate) fn refused(message: impl Into<String>, code: Option<&str>) -> Self {
        Self::User {
            message: message.into(),
            hint: None,
            code: code.map(str::to_owned),
        }
    }

    pub(crate) fn unexpected(message: impl Into<String>) -> Self {
        Self::Unexpected {
            message: message.into(),
            hint: None,
        }
    }

    /// The same error with what to do about it.
    pub(crate) fn with_hint(self, text: impl Into<String>) -> Self {
        let hint = Some(text.into());
        match self {
            Self::User { message, code, .. } => Self::User {
                message,
                hint,
                code,
            },
            Self::Unexpected { message, .. } => Self::Unexpected { message, hint },
            Self::OutputClosed => Self::OutputClosed,
        }
    }

    /// The same error of the user's with what to do about it, if it does not say so yet.
    pub(crate) fn or_hint(self, text: impl Into<String>) -> Self {
        match self {
            Self::User { hint: None, .. } => self.with_hint(text),
            other => other,
        }
    }

    /// The same for what the server refuses with that code.
    pub(crate) fn or_hint_if(self, wanted: &str, text: impl FnOnce() -> String) -> Self {
        match &self {
            Self::User {
                code: Some(code), ..
            } if code == wanted => self.or_hint(text()),
            _ => self,
        }
    }

    pub(crate) fn hinted(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::user(message).with_hint(hint)
    }

    pub(crate) fn hint(&self) -> Option<&str> {
        match self {
            Self::User { hint, .. } | Self::Unexpected { hint, .. } => hint.as_deref(),
            Self::OutputClosed => None,
        }
    }

    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::User { .. } => 1,
            Self::Unexpected { .. } => 2,
            Self::OutputClosed => 0,
        }
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self::OutputClosed
        } else {
            Self::unexpected(error.to_string())
        }
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        // A full or closed pipe comes through the serializer, too.
        match error.io_error_kind() {
            Some(kind) => io::Error::from(kind).into(),
            None => Self::unexpected(format!("the server's answer cannot be read: {error}"))
                .with_hint("Is there a Windlass server of about this version at that address?"),
        }
    }
}
