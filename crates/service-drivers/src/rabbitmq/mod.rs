//! RabbitMQ, versions 3.10.7 to 4.x, through the HTTP API of its management plugin.
//!
//! An instance is a virtual host; a binding is a user with all rights in it and none anywhere else. What
//! one binding makes belongs to the virtual host, so that the others can use it and it outlives them.
//!
//! The virtual host's description is the mark by which an instance is known as ours, and holds what it was
//! made with; a user's mark is a tag that gives no rights. Tenants can change neither.
//!
//! The server has no lock that lasts for a call, and stops at any point in a request whose client has
//! gone. Calls for one instance follow one another in `turns`, and every request sets what it sets whole,
//! so that the next call mends what one before it left half made.
//!
//! The administrator is a user with the tag `administrator`. Requests are not encrypted yet:
//! [`windlass_services::Tls`] other than `Off` is refused as not supported.

mod bind;
mod check;
mod client;
mod connections;
mod destroy;
mod driver;
mod failure;
mod hash;
mod limits;
mod names;
mod objects;
mod prepare;
mod profiles;
mod provision;
mod server;
mod unbind;
mod variables;
mod version;

pub use driver::RabbitmqDriver;
