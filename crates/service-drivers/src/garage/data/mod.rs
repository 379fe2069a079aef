//! The objects of a bucket as a tar archive, and into a fresh bucket from one.
//!
//! What an operation restores is in a bucket without a name, owned by a key that was made for it: the key's name is the
//! mark, and says what the restore has come to. The swap gives the fresh bucket the rights, the limits and the name of
//! the live one. A name changes its bucket in two requests; between them there is no bucket of that name.

mod contract;
mod filler;
mod swap;
mod transfer;

pub(super) use filler::clear;
