//! Garage, versions 2.3 to 2.x, object storage that speaks S3: the catalogue's type `s3`.
//!
//! An instance is a bucket; a binding is an access key that reads and writes in it and in no other, and owns
//! nothing: owners may delete the bucket and open it to the world. Everything is done through the
//! administration's HTTP API (version 2), but for the deletion of objects, which only S3 knows.
//!
//! Buckets have nothing to write a mark on; keys have a name, which tenants can neither see nor change. So
//! each instance has a key of its own beside those of its bindings, the steward: its name is the instance's
//! mark, it owns the bucket, and with it the objects are deleted in the end. Its secret stays on the server.
//! The steward is made before the bucket and goes after it, so that whatever a crash leaves is known as ours.
//!
//! The secret of a key cannot be changed, and an id that was ever used cannot be used again. So a binding's
//! id is derived from its password too: a new password is a new key, which takes the place of the one before,
//! and the next binding of a generation that was revoked gets another id. What cannot be is the same password
//! for the same generation after it was revoked: that is a conflict, and nobody's loss.
//!
//! What is public is read at another port than S3's, the web endpoint's, which serves buckets whose owner says so and
//! knows no keys: the `Host` of a request is the bucket's name there, and the router's to set. Requests to S3 without
//! a signature are refused in any case.
//!
//! Calls for one instance follow one another in `turns`, as the server locks nothing between requests, and
//! making a bucket or a key twice makes two.
//!
//! Requests are not encrypted yet: [`windlass_services::Tls`] other than `Off` is refused as not supported.

mod bind;
mod bucket;
mod check;
mod client;
mod destroy;
mod driver;
mod failure;
mod keys;
mod layout;
mod limits;
mod media;
mod names;
mod prepare;
mod provision;
mod server;
mod site;
mod state;
mod storage;
mod unbind;
mod variables;
mod version;

pub use driver::GarageDriver;
