//! Object storage of Azure, in an account of the operator's: the catalogue's type `azure-blob`.
//!
//! An instance is a container (of blobs), with our mark in its metadata, written in the request that makes it. A
//! binding is a stored access policy of the container, and the credential is a shared access signature (SAS) bound to
//! that policy, which we compute ourselves with the account's key: the server is not asked and keeps no copy of it.
//! Without its policy a SAS is worth nothing, so that taking the policy away revokes the binding. A container has five
//! policies at most.
//!
//! The id of a policy holds the generation, the binding's id, and a code of its password: whatever is bound anew has
//! another id, so that a revoked SAS never comes back to life.
//!
//! The policies of a container are one document, written as a whole. Azure takes no `If-Match` for containers, and dates
//! have whole seconds only. So whoever changes the policies holds a lease on the container meanwhile: the write is
//! refused when the lease has ended. The lease is the driver's own: what a dropped call leaves of it, the next takes up.
//!
//! The URL of the account is in the settings of the cluster (`{"url": "https://ACCOUNT.blob.core.windows.net"}`), its name
//! is the administrator's, its key the password. The URL says whether requests are encrypted; [`windlass_services::Tls`] of
//! the access does not.

mod account;
mod bind;
mod check;
mod client;
mod container;
mod destroy;
mod driver;
mod failure;
mod lease;
mod limits;
mod names;
mod policies;
mod prepare;
mod provision;
mod sas;
mod sign;
mod unbind;
mod variables;

pub use driver::AzureDriver;
