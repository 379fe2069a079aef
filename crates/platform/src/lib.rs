//! The use cases of Windlass, its operations and its reconcilers.
//!
//! This crate knows contracts only: no engine, database server, web framework or store by name. An edge
//! calls one method of [`Platform`] per request; that method checks, then writes operation, steps and rows
//! in one transaction. The runner does the rest.

mod authorize;
mod catalogue;
mod clusters;
mod context;
mod definitions;
mod error;
mod failures;
mod housekeeping;
mod ids;
mod instance_work;
mod locks;
mod naming;
mod parts;
mod platform;
mod probe;
mod reconcile;
mod regions;
mod replaced;
mod routes;
mod scene;
mod seed;
mod stock;
mod subnets;
mod templates;
#[cfg(feature = "testing")]
pub mod testing;
mod use_cases;
mod uses;
mod workloads;

pub use context::Context;
pub use error::{Error, FieldError};
pub use ids::{mint, token, token_hash};
pub use parts::{Backends, ExternalCluster, KEPT_RELEASES, LEAST_KEPT_RELEASES, Settings};
pub use platform::Platform;
pub use regions::{RegionBackends, RegionSettings};
pub use scene::Scene;
pub use seed::installation_id;
pub use subnets::{InvalidSubnetPool, SubnetPool};
pub use templates::{Template, TemplateContent, TemplateService};
pub use use_cases::applications::{ApplicationView, NewApplication};
pub use use_cases::audit_log::AuditQuery;
pub use use_cases::brokers::{BrokerChange, BrokerPlanView, BrokerView, NewBroker};
pub use use_cases::copies::CopyEnvironment;
pub use use_cases::deployments::{BuildMode, DeployRequest, DeploymentView, RequestedSource};
pub use use_cases::environments::{EnvironmentView, NewEnvironment};
pub use use_cases::instances::{InstanceView, NewInstance};
pub use use_cases::invitations::{MadeInvitation, Newcomer, Registered};
pub use use_cases::logs::RuntimeLine;
pub use use_cases::pinned::PinnedVariable;
pub use use_cases::plan::{Plan, PlannedInstance, PlannedVariable, VariableChange};
pub use use_cases::plan_groups::PlanGroup;
pub use use_cases::releases::ReleaseView;
pub use use_cases::repositories::{NewRepository, RepositoryCheck};
pub use use_cases::rotation::DEFAULT_GRACE;
pub use use_cases::tokens::{MadeToken, NewToken};
pub use use_cases::usage::InstanceUsage;
pub use use_cases::variable::VariablePatch;
pub use use_cases::variables::{EffectiveVariable, NewVariable};
