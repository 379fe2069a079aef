//! The OpenSearch driver on a real server: `scripts/make-opensearch` and `images/prepare.sh opensearch/2.19.4` make
//! its image.

#[path = "../support/mod.rs"]
mod support;

#[path = "../support/given.rs"]
mod given;
#[path = "../support/specs.rs"]
mod specs;

mod administrators;
mod conformance;
mod fixture;
mod half_made;
mod hostile_tenants;
#[path = "../rabbitmq/imposter.rs"]
mod imposter;
mod server;
mod tenant;
mod variables;
