//! The driver of MySQL and MariaDB on a real server of MariaDB.

#[path = "../support/mod.rs"]
mod support;
#[path = "../support/wanted.rs"]
mod wanted;

#[path = "../support/specs.rs"]
mod specs;

mod administrators;
mod conformance;
mod definers;
mod fixture;
mod half_made;
mod hostile_tenants;
mod server;
mod variables;
