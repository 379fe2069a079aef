//! The store contract: the rows, the changes that are committed together, and the queries.
//!
//! Everything is written as a list of [`Change`]s in one transaction, alone or with an operation's event.
//! A change carries what it expects of the row it changes, so that a decision made on a row that has
//! changed since is refused as a conflict instead of being written over it. Reads see only the store.

pub mod account;
pub mod application;
pub mod backup;
pub mod broker;
pub mod catalogue;
pub mod change;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod deployment;
pub mod instance;
pub mod page;
pub mod retention;
pub mod secret;
pub mod store;
pub mod transfer;
pub mod variable;

pub use account::{Organisation, Token, User};
pub use application::{Application, Environment, ReleaseCommand};
pub use backup::{
    Archive, ArchiveResult, Backup, BackupFilter, BackupState, BackupTimes, InstanceBackup,
    InstanceBackupFilter,
};
pub use broker::{Broker, BrokerPlan};
pub use catalogue::{Cluster, ClusterKind, ClusterState, Region, Service};
pub use change::Change;
pub use deployment::{
    Deployment, DeploymentStatus, Process, Release, ReleaseBinding, ReleaseVariable, VariableValue,
};
pub use instance::{Binding, BindingState, Instance, InstanceFailure, MediaDomain};
pub use page::{Page, PageRequest};
pub use retention::{CLEAN_UP_SUBJECT, Keep, Surplus, SurplusRelease, Trimmed};
pub use secret::{NewSecret, Secret};
pub use store::{
    ApplicationFilter, DeploymentFilter, InstanceFilter, OperationFilter, Store, VariableFilter,
};
pub use transfer::{BackupDownload, InstanceDownload, InstanceRestore, Received, Restore, Upload};
pub use variable::Variable;
