//! The driver of MongoDB and FerretDB on a real FerretDB. Needs its image, which scripts/make-ferretdb makes first, and
//! the libraries of scripts/prepare-libraries; part of `./test --all`.

#[path = "../support/mod.rs"]
#[expect(
    dead_code,
    reason = "the image of FerretDB's authors has no other program to be run in it"
)]
mod support;

#[path = "../support/specs.rs"]
mod specs;

mod administrators;
mod client;
mod conformance;
mod fixture;
mod half_made;
mod hostile_tenants;
mod imposter;
mod restarts;
mod server;
mod variables;
