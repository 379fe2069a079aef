//! The logs of deployments as files.

mod cut;
mod follow;
mod topic;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use async_trait::async_trait;
use futures::stream::BoxStream;
use windlass_delivery::logs::{DeploymentLogs, Error};
use windlass_model::id::DeploymentId;

use topic::Topic;

/// The most that one log holds, in bytes.
pub(crate) const MAX_LOG_BYTES: u64 = 16 * 1024 * 1024;
/// How many forgotten logs the map may name before they are swept out.
const SWEEP_AT: usize = 64;

/// Logs as files `<deployment id>.log` in a directory.
///
/// A file that only its owner may read, and not write, is closed: that mark needs no room on a full disk.
pub struct FileLogs {
    directory: PathBuf,
    max_bytes: u64,
    /// The logs that are being written or followed. Those who write and those who follow share one.
    topics: Mutex<HashMap<DeploymentId, Weak<Topic>>>,
}

impl FileLogs {
    /// Logs in that directory, which is made if need be. Blocks for a moment.
    pub fn new(directory: impl AsRef<Path>) -> std::io::Result<Self> {
        let directory = std::path::absolute(directory)?;
        std::fs::create_dir_all(&directory)?;
        std::fs::set_permissions(
            &directory,
            std::os::unix::fs::PermissionsExt::from_mode(0o700),
        )?;
        Ok(Self {
            directory,
            max_bytes: MAX_LOG_BYTES,
            topics: Mutex::default(),
        })
    }

    fn path(&self, deployment: DeploymentId) -> PathBuf {
        self.directory.join(format!("{deployment}.log"))
    }

    fn topic(&self, deployment: DeploymentId) -> Arc<Topic> {
        let mut topics = self.topics.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(topic) = topics.get(&deployment).and_then(Weak::upgrade) {
            return topic;
        }
        if topics.len() >= SWEEP_AT {
            topics.retain(|_, topic| topic.strong_count() > 0);
        }
        let topic = Arc::new(Topic::new(self.path(deployment), self.max_bytes));
        topics.insert(deployment, Arc::downgrade(&topic));
        topic
    }

    /// Does file work where it may block.
    async fn with_topic<T: Send + 'static>(
        &self,
        deployment: DeploymentId,
        doing: &'static str,
        work: impl FnOnce(&Topic) -> std::io::Result<T> + Send + 'static,
    ) -> Result<T, Error> {
        let topic = self.topic(deployment);
        tokio::task::spawn_blocking(move || work(&topic))
            .await
            .map_err(std::io::Error::other)
            .flatten()
            .map_err(|error| failed(deployment, doing, &error))
    }
}

fn failed(deployment: DeploymentId, doing: &'static str, error: &std::io::Error) -> Error {
    Error {
        deployment: deployment.to_string(),
        doing,
        reason: error.to_string(),
    }
}

#[async_trait]
impl DeploymentLogs for FileLogs {
    async fn append(&self, deployment: DeploymentId, lines: &[String]) -> Result<(), Error> {
        let text = cut::lines(lines);
        self.with_topic(deployment, "written", move |topic| topic.append(&text))
            .await
    }

    async fn read(&self, deployment: DeploymentId) -> Result<String, Error> {
        self.with_topic(deployment, "read", Topic::read).await
    }

    async fn follow(
        &self,
        deployment: DeploymentId,
        from: u64,
    ) -> Result<BoxStream<'static, Result<String, Error>>, Error> {
        let topic = self.topic(deployment);
        let is_closed = self
            .with_topic(deployment, "read", Topic::is_closed)
            .await?;
        Ok(follow::stream(topic, deployment, from, is_closed))
    }

    async fn close(&self, deployment: DeploymentId) -> Result<(), Error> {
        self.with_topic(deployment, "written", Topic::close).await
    }

    async fn remove(&self, deployment: DeploymentId) -> Result<(), Error> {
        self.with_topic(deployment, "removed", Topic::remove).await
    }
}

#[cfg(test)]
mod tests;
