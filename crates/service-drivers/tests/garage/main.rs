//! The Garage driver on a real server, which `scripts/make-garage` makes.

#[path = "../support/mod.rs"]
mod support;

mod administrators;
mod conformance;
mod fixture;
mod half_made;
mod hostile_tenants;
mod imposter;
mod leftovers;
mod media;
mod s3;
mod server;
mod usage;
mod variables;
