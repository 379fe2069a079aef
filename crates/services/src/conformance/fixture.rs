//! What a driver's test brings along.

use async_trait::async_trait;
use windlass_model::id::InstanceId;

use crate::contract::Driver;
use crate::data::{Input, Output};
use crate::spec::{Access, Endpoint, Variable};
use crate::tools::{Tool, ToolEnd, ToolError, Tools};

/// What a type has; what it has not is not asked of its driver.
#[derive(Debug, Clone, Copy)]
pub struct Traits {
    /// Instances share a cluster. Otherwise a cluster is one instance's, and no check uses two.
    pub shared: bool,
    /// A binding is a user of its own. Otherwise its variables are the address alone.
    pub users: bool,
    /// The connections of an instance are limited together, by [`crate::InstanceSpec::connection_limit`].
    pub connection_limit: bool,
    /// Connections beyond that limit that the server has for its administrator and cannot keep applications
    /// from taking.
    pub reserved_connections: u32,
    /// An instance leaves a mark on the server, which says whose it is and what it was made with. Otherwise
    /// there is the server alone: nothing is listed, is missing or can be in conflict.
    pub marks: bool,
    /// The limit holds for each binding by itself, because the type limits users and nothing else.
    pub connection_limit_per_binding: bool,
    /// The server tells the sessions of one user from those of another.
    pub sessions: bool,
    /// A revoked binding's open sessions end. Otherwise the server has no way to end one, and what has logged in
    /// before stays until it leaves or the server is started again.
    pub ends_sessions: bool,
}

impl Traits {
    /// Everything; the connections are limited together.
    pub const ALL: Self = Self {
        shared: true,
        users: true,
        connection_limit: true,
        reserved_connections: 0,
        marks: true,
        connection_limit_per_binding: false,
        sessions: true,
        ends_sessions: true,
    };
}

/// A driver, a real cluster, and a way to use the cluster as applications do.
#[async_trait]
pub trait Fixture: Send + Sync {
    /// What its type has.
    fn traits(&self) -> Traits {
        Traits::ALL
    }

    /// The driver.
    fn driver(&self) -> &dyn Driver;

    /// A version for [`Driver::server`].
    fn version(&self) -> &str;

    /// The cluster.
    fn access(&self) -> Access;

    /// The same with an endpoint at which nothing listens.
    fn unreachable(&self) -> Access;

    /// Where applications find the cluster; the default is where its administrator does.
    fn applications(&self) -> Endpoint {
        self.access().endpoint
    }

    /// What runs the programs that the driver needs for data; nothing, of one that needs none.
    fn tools(&self) -> &dyn Tools {
        &NoTools
    }

    /// Connects as an application that was given these variables; the error is the server's refusal.
    async fn connect(&self, variables: &[Variable]) -> Result<Box<dyn Session>, String>;

    /// Connects with these credentials, but to another instance, by every way that the type has.
    async fn connect_to(
        &self,
        variables: &[Variable],
        other: InstanceId,
    ) -> Result<Box<dyn Session>, String>;

    /// All that is on the cluster in the instance's name, users included, as its superuser sees it.
    async fn traces(&self, instance: InstanceId) -> Vec<String>;

    /// Makes an object that is not ours under the name that this instance will have.
    async fn make_foreign(&self, instance: InstanceId);

    /// Removes what `make_foreign` made.
    async fn remove_foreign(&self, instance: InstanceId);

    /// The server's log, as verbose as the server allows; empty if the type has none.
    async fn server_log(&self) -> String;
}

/// Runs no program.
pub struct NoTools;

#[async_trait]
impl Tools for NoTools {
    fn endpoint(&self, access: &Access) -> Endpoint {
        access.endpoint.clone()
    }

    async fn run(
        &self,
        tool: &Tool,
        _: Option<Input<'_>>,
        _: Option<Output<'_>>,
    ) -> Result<ToolEnd, ToolError> {
        Err(ToolError::NoImage(tool.images.clone()))
    }
}

/// An application's connection.
#[async_trait]
pub trait Session: Send {
    /// Writes a value, replacing an earlier one; makes what it needs (a table, a bucket's object).
    async fn write(&mut self, key: &str, value: &str) -> Result<(), String>;

    /// Reads a value.
    async fn read(&mut self, key: &str) -> Result<Option<String>, String>;

    /// Tries to read a value of another instance over this connection, by every way that the type has.
    /// `Ok(Some(_))` only if it was read.
    async fn try_read_other(
        &mut self,
        other: InstanceId,
        key: &str,
    ) -> Result<Option<String>, String>;

    /// Whether the server still answers over this connection.
    async fn is_alive(&mut self) -> bool;
}
