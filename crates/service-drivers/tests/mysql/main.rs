//! The driver of MySQL and MariaDB on a real server of MariaDB.

#[path = "../support/mod.rs"]
mod support;

mod conformance;
mod fixture;
mod server;
