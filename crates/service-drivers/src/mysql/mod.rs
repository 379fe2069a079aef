//! MySQL, versions 8.0 to 8.4, and MariaDB, versions 10.11 and 11: two types of one code. What differs
//! between them is in `dialect.rs`; only MariaDB runs in this repository's tests.
//!
//! An instance is a database; a binding is a user with all rights in it. Neither has a place for a mark that
//! its tenant could not change, so that the marks are rows of a database of ours, `svc_windlass`, which
//! tenants cannot see (see `ledger.rs`). A row is written before its object is made, and only if there is no
//! object of that name; it goes after its object. Every call on an instance holds a lock on the server, so
//! that calls for it follow one another even when one was dropped or came from another process.
//!
//! Views, triggers, routines and events act with the rights of the user that made them, their definer: they
//! fail once it is dropped. A revoked user that is one is therefore kept, without its password and locked,
//! until nothing is left of what it made or the instance is destroyed.
//!
//! The servers limit the connections of a user and not of a database, so that an instance's limit holds for
//! each of its bindings.
//!
//! The administrator is `root`, or a user with CREATE USER, PROCESS, CONNECTION ADMIN, SELECT on `mysql`,
//! and all rights on `svc\_%` with GRANT OPTION. Connections are not encrypted yet:
//! [`windlass_services::Tls`] other than `Off` is refused as not supported.

mod administrator;
mod bind;
mod catalogue;
mod check;
mod definers;
mod destroy;
mod dialect;
mod driver;
mod failure;
mod hardening;
mod hash;
mod ledger;
mod limits;
mod names;
mod prepare;
mod profiles;
mod provision;
mod server;
mod session;
mod sessions;
mod sha_crypt;
mod sql;
mod unbind;
mod variables;

pub use driver::MysqlDriver;
pub use variables::URL_SCHEMES;
