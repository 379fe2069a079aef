//! The PostgreSQL driver on a real server.

#[path = "../support/beside.rs"]
mod beside;
#[path = "../support/mod.rs"]
mod support;
#[path = "../support/wanted.rs"]
mod wanted;

#[path = "../support/specs.rs"]
mod specs;

mod administrators;
mod conformance;
mod data;
mod fixture;
mod half_made;
mod hostile_tenants;
mod server;
mod variables;
