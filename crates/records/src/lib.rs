//! The store contract: the rows, the changes that are committed together, and the queries.
//!
//! Everything is written as a list of [`Change`]s in one transaction, alone or with an operation's event.
//! A change carries what it expects of the row it changes, so that a decision made on a row that has
//! changed since is refused as a conflict instead of being written over it. Reads see only the store.

pub mod account;
pub mod application;
pub mod audit;
pub mod broker;
pub mod catalogue;
pub mod change;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod deployment;
pub mod instance;
pub mod page;
pub mod repository;
pub mod retention;
pub mod secret;
pub mod store;
pub mod variable;

pub use account::{
    Holder, Invitation, Member, Membership, Organisation, Scope, Token, User, UserKind,
};
pub use application::{Application, Environment, ReleaseCommand};
pub use audit::{AuditEntry, AuditFilter, AuditOutcome, AuditRecord};
pub use broker::{Broker, BrokerPlan};
pub use catalogue::{Cluster, ClusterKind, ClusterState, Region, Service};
pub use change::Change;
pub use deployment::{
    Deployment, DeploymentStatus, Process, Release, ReleaseBinding, ReleaseVariable, VariableValue,
};
pub use instance::{Binding, BindingState, Instance, InstanceFailure, MediaDomain};
pub use page::{Page, PageRequest};
pub use repository::{Repository, RepositoryAccess};
pub use retention::{CLEAN_UP_SUBJECT, Keep, Surplus, SurplusRelease, Trimmed};
pub use secret::{NewSecret, Secret};
pub use store::{
    ApplicationFilter, DeploymentFilter, InstanceFilter, OperationFilter, Store, VariableFilter,
};
pub use variable::Variable;
