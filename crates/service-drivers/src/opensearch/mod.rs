//! OpenSearch, versions 2.12 to 2.x, and Elasticsearch, version 8: one driver, other names.
//!
//! An instance is a prefix of index names, `svc-<short>-`, with a role that may do everything of a tenant to
//! indices that begin so, and nothing else; a binding is a user with that role and no other. What one binding makes
//! has no owner, so that the others can use it and it outlives them.
//!
//! The role bears the mark by which an instance is known as ours, and holds what it was made with; a user's mark is
//! among its attributes. Tenants can change neither.
//!
//! The security plugin keeps all its roles in one document and all its users in another: requests that change
//! different users at once are refused as conflicts, and tried again.
//!
//! What a tenant has not, because the server does not keep it within a prefix: templates, pipelines, stored scripts,
//! settings and health of the cluster, snapshots. On OpenSearch also aliases, and copies of an index (`_clone`,
//! `_split`, `_shrink`) which can bring an alias along: it looks at the index alone, so that an alias could take the
//! name of an index that somebody else is about to make, and get what they write. What a tenant can do to its
//! neighbours: end their scrolls by ending all (`DELETE _search/scroll/_all`), which no right keeps apart from
//! ending one's own; and take the server's shards, memory and disk, of which there is no share.
//!
//! The administrator is a user who may use the security plugin's API. Requests are not encrypted yet:
//! [`windlass_services::Tls`] other than `Off` is refused as not supported.
//!
//! Run against OpenSearch 2.19.4. The flavour Elasticsearch was made from its documentation and never run.

mod bind;
mod check;
mod client;
mod destroy;
mod driver;
mod failure;
mod flavour;
mod hash;
mod indices;
mod limits;
mod names;
mod objects;
mod prepare;
mod profiles;
mod provision;
mod rights;
mod server;
mod unbind;
mod variables;

pub use driver::OpensearchDriver;
