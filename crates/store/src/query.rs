//! Queries: functions over a connection, which is in a transaction where several statements have to see
//! the same rows.

pub(crate) mod account;
pub(crate) mod application;
pub(crate) mod backup;
pub(crate) mod broker;
pub(crate) mod catalogue;
pub(crate) mod deployment;
pub(crate) mod instance;
mod list;
pub(crate) mod operation;
pub(crate) mod retention;
pub(crate) mod secret;
pub(crate) mod transfer;
pub(crate) mod variable;

pub(crate) use instance::instance_from;
pub(crate) use list::{Limit, Where};
