//! The use cases: one method of [`crate::Platform`] per request of an edge.

pub(crate) mod accounts;
pub(crate) mod applications;
pub(crate) mod brokers;
pub(crate) mod deployments;
pub(crate) mod environments;
pub(crate) mod git;
pub(crate) mod given_url;
pub(crate) mod instances;
pub(crate) mod load;
pub(crate) mod logs;
pub(crate) mod media;
pub(crate) mod offered;
pub(crate) mod operations;
pub(crate) mod pinned;
pub(crate) mod plan;
mod profile;
pub(crate) mod regions;
pub(crate) mod releases;
pub(crate) mod rollback;
pub(crate) mod rotation;
pub(crate) mod submit;
pub(crate) mod usage;
pub(crate) mod variable;
pub(crate) mod variables;
pub(crate) mod wish;
