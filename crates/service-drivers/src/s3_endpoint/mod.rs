//! Object storage at an S3 endpoint of the operator's, with whose keys Windlass makes buckets and users: the catalogue's
//! type `s3-endpoint`. AWS, Ceph and others have the two APIs that it takes: S3, and IAM's query API
//! (<https://docs.aws.amazon.com/IAM/latest/APIReference/>). An endpoint without the second is refused, for one key
//! pair alone keeps nobody apart (`docs/decisions/0019-any-s3-endpoint.md`).
//!
//! An instance is a bucket, and a user of IAM without rights or keys beside it, the steward. Its name holds the whole id
//! of the instance, so that it is the instance's mark; a policy of it says what the instance was made with. It is made
//! before the bucket and goes after it, so that whatever a crash leaves is known as ours. A bucket of the name without
//! a steward is somebody else's.
//!
//! A binding is a user of its own with one policy, which allows objects of that bucket and nothing else, and one key.
//! The server chooses the key's secret and tells it once. So that a repeated call gives the same key again, the secret
//! is kept in the name of a statement of that policy, sealed with what only the binding's password opens. A key that is
//! not the sealed one is one whose answer was lost, or of an earlier password: it is deleted, and another made.
//!
//! IAM is eventually consistent: what was just made may be unknown for some seconds. What follows waits for it, and a
//! new key is tried until it works. A deleted one may be taken for some seconds more, which nobody can look at without
//! its secret.
//!
//! The credential that `bind` gives is a URL (`credential.rs`), for it must say all that variables are made
//! from. The URL of the account is in the settings of the cluster (`{"url": "https://HOST?region=...&iam=...&style=..."}`),
//! the id of its key is the administrator's name, the secret the password.

mod bind;
mod bucket;
mod check;
mod client;
mod credential;
mod destroy;
mod driver;
mod failure;
mod iam;
mod limits;
mod names;
mod objects;
mod place;
mod policy;
mod prepare;
mod provision;
mod seal;
mod sign;
mod state;
mod unbind;
mod uploads;
mod users;
mod variables;

pub use driver::S3EndpointDriver;
