//! Archives of backups: their format, and where they are kept.
//!
//! A [`archive::Sealer`] makes of a stream of content a stream of what is stored, an [`archive::Opener`] the opposite;
//! between them stands a [`target::Target`], which keeps what it is given under a name. No part of this crate ever holds
//! more of a backup than its bounded buffers.

pub mod archive;
pub mod directory;
pub mod s3;
pub mod target;
