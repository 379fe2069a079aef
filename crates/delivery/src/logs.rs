//! The log of a deployment: what the one who waits sees, kept for those who ask later.

use async_trait::async_trait;
use futures::stream::BoxStream;
use windlass_model::id::DeploymentId;

/// Why a log could not be written or read.
#[derive(Debug, thiserror::Error)]
#[error("the log of deployment {deployment} cannot be {doing}: {reason}")]
pub struct Error {
    /// Which log.
    pub deployment: String,
    /// `written`, `read`, `removed`.
    pub doing: &'static str,
    /// Why.
    pub reason: String,
}

/// Logs of deployments.
///
/// Lines are cut at 16 KiB and a log at a bound of the implementation (it says so in its last line), so
/// that no build can fill the disk.
#[async_trait]
pub trait DeploymentLogs: Send + Sync + 'static {
    /// Adds lines at the end; each is one line without its line end.
    async fn append(&self, deployment: DeploymentId, lines: &[String]) -> Result<(), Error>;

    /// The whole log as it is now; empty when nothing was written.
    async fn read(&self, deployment: DeploymentId) -> Result<String, Error>;

    /// The log from the byte `from` on, as chunks, going on as it grows until `close`.
    async fn follow(
        &self,
        deployment: DeploymentId,
        from: u64,
    ) -> Result<BoxStream<'static, Result<String, Error>>, Error>;

    /// No more lines will come; followers end.
    async fn close(&self, deployment: DeploymentId) -> Result<(), Error>;

    /// Removes the log; absent is success.
    async fn remove(&self, deployment: DeploymentId) -> Result<(), Error>;
}
