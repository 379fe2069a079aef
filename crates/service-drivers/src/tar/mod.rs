//! Objects as a tar archive (POSIX.1-2001, pax), written and read as streams.
//!
//! The names of objects may be anything; those of files in an archive that somebody unpacks may not. An object whose
//! name is no clean relative path stands under [`ODD`] with its name encoded, and has its true name in a record of its
//! header; what S3 keeps about an object besides, such as its content type, is in records too. What is read was made by
//! anybody: only plain files with clean names come in.

mod gunzip;
mod header;
mod name;
mod read;
mod write;

pub(crate) use gunzip::Plain;
pub(crate) use read::{Reader, Trouble};
pub(crate) use write::Writer;

/// Where objects stand whose names are no paths.
const ODD: &str = "windlass-odd-names";
/// What our records begin with.
const OURS: &str = "WINDLASS.";
const BLOCK: usize = 512;

/// An object as an archive has it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Entry {
    /// The object's name.
    pub(crate) key: String,
    pub(crate) size: u64,
    /// When it was changed last, in seconds since the epoch.
    pub(crate) changed: u64,
    /// What is kept about it: headers by their names in lower case.
    pub(crate) headers: Vec<(String, String)>,
}
