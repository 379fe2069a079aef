//! The Azure Blob driver on Azurite, Microsoft's own emulator, which `scripts/prepare-azurite` makes ready.

#[path = "../support/given.rs"]
mod given;
#[path = "../support/specs.rs"]
mod specs;

mod account;
mod blobs;
mod conformance;
mod encrypted;
mod fixture;
mod half_made;
mod hostile_tenants;
mod imposter;
mod policies;
mod server;
mod usage;
mod variables;
