//! The contracts between deployments, the builder, the deployment logs and the router.

pub mod build;
pub mod logs;
pub mod routing;
