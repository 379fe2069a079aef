//! Memcached, version 1.6: one server for each instance.
//!
//! It has no users and nothing that could hold a mark, so that what keeps others out is the network alone:
//! whoever reaches the server may do everything, and a binding is its address. Making an instance is seeing
//! that the server works, revoking a binding is nothing, destroying forgets what the server holds. Its
//! connections are limited at its start ([`CONNECTIONS`]), not by the instance.

mod driver;
mod limits;
mod profiles;
mod server;
mod session;
mod variables;

pub use driver::MemcachedDriver;
pub use server::CONNECTIONS;
pub use variables::URL_SCHEMES;
