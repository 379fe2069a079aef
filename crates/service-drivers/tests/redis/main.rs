//! The driver of Redis and Valkey on a real server.

#[path = "../support/mod.rs"]
mod support;
#[path = "../support/wanted.rs"]
mod wanted;

#[path = "../support/specs.rs"]
mod specs;

mod administrators;
mod conformance;
mod fixture;
mod half_made;
mod hostile_tenants;
mod restarts;
mod server;
mod variables;
