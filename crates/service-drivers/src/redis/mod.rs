//! Redis, versions 7 and 8, and Valkey, 7.2 and 8: one server for each instance.
//!
//! Numbered databases keep nobody out and key prefixes keep from an application half of the commands that
//! frameworks use, so that a server is never shared. The administrator is an ACL user of its own. The users
//! are kept in a file beside the data, which every change writes, so that they survive a restart.
//!
//! A binding is an ACL user with all keys and all commands but those that concern the server itself (`rights`). As some libraries drop the user's
//! name from a URL, its password is good for the user `default` too; `default` is derived from the bindings
//! whenever one of them changes.
//!
//! The mark of an instance is a user that is switched off, whose key patterns say whose it is and what it
//! was made with: nobody but the administrator can see or change it. The mark of a binding is a selector
//! without any right. Before each change the administrator's other connections are ended: what a dropped
//! call had on its way can no longer arrive.
//!
//! The connection limit is the server's own. It keeps no connection free for the administrator, so that it
//! is set a few higher ([`RESERVED_CONNECTIONS`]): an application that takes those too keeps us out, and
//! calls say that the server is full until it lets go.

mod bind;
mod check;
mod destroy;
mod driver;
mod failure;
mod flavour;
mod limits;
mod names;
mod prepare;
mod profiles;
mod provision;
mod resp;
mod rights;
mod server;
mod session;
mod unbind;
mod users;
mod variables;

pub use driver::RedisDriver;
pub use limits::RESERVED_CONNECTIONS;
