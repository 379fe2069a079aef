//! The Memcached driver on a real server.

#[path = "../support/mod.rs"]
mod support;

mod conformance;
mod fixture;
mod server;
mod servers;
mod variables;
