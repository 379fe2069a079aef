//! The format of archives: content, compressed with zstd, encrypted as an age file.
//!
//! Both layers are formats of others, so that an archive can be opened without Windlass by who has its key:
//! `age --decrypt --identity KEYFILE ARCHIVE | zstd --decompress`. Inside the encryption, before the content, stands a
//! [`Label`] in a frame that zstd skips. The reasons are in `docs/decisions/0024-archives-of-backups.md`.

mod chunk;
mod error;
mod header;
mod key;
mod label;
mod measure;
mod open;
mod seal;

pub use error::Error;
pub use key::Key;
pub use label::Label;
pub use measure::Measured;
pub use open::Opener;
pub use seal::{Effort, Sealer, Written};
