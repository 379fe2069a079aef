//! PostgreSQL, versions 14 to 18.
//!
//! An instance is a database that belongs to a group role without login. A binding is a login role that
//! is a member of the group and acts as it (`ALTER ROLE ... SET role`), so that whatever one binding makes
//! belongs to all of them and outlives each of them. The database is closed to everybody else.
//!
//! The group role's comment is the mark by which an instance is known as ours, and holds what it was made
//! with; tenants can change their database's comment, but not that of a role. Every call on an instance
//! holds an advisory lock on the server, so that calls for it follow one another even when one was
//! dropped or came from another process.
//!
//! The administrator is a superuser or a role with CREATEDB, CREATEROLE and membership of
//! `pg_signal_backend`. Connections are not encrypted yet: [`windlass_services::Tls`] other than `Off` is
//! refused as not supported.

mod bind;
mod catalogue;
mod check;
mod data;
mod destroy;
mod driver;
mod failure;
mod limits;
mod names;
mod owned;
mod prepare;
mod profiles;
mod provision;
mod server;
mod session;
mod sessions;
mod sql;
mod unbind;
mod variables;

pub use driver::PostgresDriver;
pub use variables::URL_SCHEMES;
