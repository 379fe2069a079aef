//! MongoDB, versions 6 and 7, and FerretDB 1.24, which speaks its protocol and keeps its data in SQLite.
//!
//! An instance is a database; its users belong to that database, so that a URL needs no other
//! `authSource`. The mark of an instance is a user of the database's own name that nobody can log in as, and the mark of
//! a binding is in its user: both in what MongoDB calls custom data, which only administrators can change. Users
//! are kept by the server beside its databases and are there although a database is not yet.
//!
//! **MongoDB** keeps instances apart: a binding may do everything to its own database but manage users. A dropped
//! user's sessions lose their rights with their next command, and what they have at work is ended. There is
//! no limit of connections for a user. This half was written from MongoDB's documentation: there is no package of
//! it to test with.
//!
//! **FerretDB** knows users but no rights: who is logged in may do everything, to the users too. It is never
//! shared. An application could lock us out of the server that it has for itself, and a revoked user's open
//! connections work on until they are closed or the server is started again: there is no command that would
//! end them. Nor does it tell how many connections there are. `createUser` takes no custom data; users are
//! written to where it keeps them, as MongoDB documents that collection, and with the password hashed on our side.

mod bind;
mod check;
mod destroy;
mod driver;
mod failure;
mod flavour;
mod limits;
mod marks;
mod names;
mod prepare;
mod profiles;
mod provision;
mod scram;
mod server;
mod session;
mod unbind;
mod users;
mod variables;
mod wire;

pub use driver::MongodbDriver;
