//! The Garage driver on a real server, which `scripts/make-garage` makes.

#[path = "../support/mod.rs"]
mod support;

#[path = "../support/s3.rs"]
#[expect(
    dead_code,
    reason = "what the tests on the other server of S3 need besides"
)]
mod s3;

#[path = "../support/given.rs"]
mod given;
#[path = "../support/specs.rs"]
mod specs;

mod administrators;
mod conformance;
mod fixture;
mod half_made;
mod hostile_tenants;
mod imposter;
mod leftovers;
mod media;
mod server;
mod usage;
mod variables;
