//! The RabbitMQ driver on a real server.

#[path = "../support/mod.rs"]
mod support;
#[path = "../support/wanted.rs"]
mod wanted;

#[path = "../support/given.rs"]
mod given;
#[path = "../support/specs.rs"]
mod specs;

mod administrators;
mod amqp;
mod conformance;
mod fixture;
mod half_made;
mod hostile_tenants;
mod imposter;
mod server;
mod usage;
mod variables;
