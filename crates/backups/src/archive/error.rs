//! Why an archive cannot be opened.

use std::io;

/// Why an archive cannot be opened. In a stream it is inside the `std::io::Error`.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The stored bytes cannot be read.
    #[error("the archive cannot be read")]
    Read(#[source] io::Error),
    /// It begins like nothing that Windlass has written.
    #[error("it is no archive of a backup: {0}")]
    Foreign(&'static str),
    /// It is encrypted in a later version of the age format, or its label is of a later one.
    #[error("the archive was written by a newer version of Windlass ({0}); upgrade this one first")]
    Newer(String),
    /// The key is another archive's, or the header was changed.
    #[error(
        "the archive's header does not fit its key: it is another backup's archive, or it was changed"
    )]
    WrongKey,
    /// A chunk is not what was written: changed, moved, or another archive's.
    #[error(
        "the archive is damaged: what is stored behind byte {at} of its content is not what was written"
    )]
    Damaged {
        /// Where the chunk begins, in bytes of what is encrypted.
        at: u64,
    },
    /// Where it ends is not where it was ended.
    #[error("the archive is cut off, or its last part is not what was written")]
    Truncated,
    /// The encryption holds, but what is inside is not what Windlass writes.
    #[error("the archive's content cannot be unpacked: {0}")]
    Content(String),
}

impl Error {
    /// The archive's error inside a stream's, if it is one.
    pub fn in_stream(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }

    pub(super) fn into_stream(self) -> io::Error {
        match self {
            Self::Read(error) => error,
            Self::Truncated => io::Error::new(io::ErrorKind::UnexpectedEof, self),
            other => io::Error::new(io::ErrorKind::InvalidData, other),
        }
    }
}
