//! Data out of a database and into a fresh one, by the server's own programs.
//!
//! The programs run as roles that are made for the call and gone afterwards. One that dumps is a member of the instance's
//! roles. One that loads owns the fresh database and is a member of nothing, so that what is in a dump reaches that
//! database and no other, the live one of the same instance included; in the end all that it owns becomes the group
//! role's.
//!
//! What an operation restores is in `..._restore` while it is filled and in `..._fresh` when it is whole, with the
//! operation in its comment. The swap is two renamings in one transaction, which also writes the operation into the
//! instance's mark; the old database is `..._old` until it is dropped.

mod archive;
mod back_up;
mod contract;
mod leftovers;
mod limits;
mod names;
mod restore;
mod roles;
mod settings;
mod swap;
mod tool;

pub(super) use leftovers::clear;
