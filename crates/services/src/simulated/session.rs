//! A user's connection to a simulated instance.

use windlass_model::id::{ClusterId, InstanceId, short};

use super::SimulatedDriver;
use super::cluster::Instance;

/// A connection; it ends when dropped.
pub struct SimulatedSession {
    driver: SimulatedDriver,
    cluster: ClusterId,
    instance: String,
    number: u64,
}

impl SimulatedSession {
    pub(super) fn new(
        driver: SimulatedDriver,
        cluster: ClusterId,
        instance: String,
        number: u64,
    ) -> Self {
        Self {
            driver,
            cluster,
            instance,
            number,
        }
    }

    /// Writes a value.
    pub fn write(&self, key: &str, value: &str) -> Result<(), String> {
        self.with(&self.instance, |instance| {
            instance.data.insert(key.to_owned(), value.to_owned());
        })
    }

    /// Reads a value.
    pub fn read(&self, key: &str) -> Result<Option<String>, String> {
        self.with(&self.instance, |instance| instance.data.get(key).cloned())
    }

    /// Tries to read a value of another instance.
    pub fn read_other(&self, other: InstanceId, key: &str) -> Result<Option<String>, String> {
        self.with(&short(other), |instance| instance.data.get(key).cloned())
    }

    /// Whether the server has not ended it.
    pub fn is_alive(&self) -> bool {
        self.with(&self.instance, |_| ()).is_ok()
    }

    fn with<T>(&self, short: &str, work: impl FnOnce(&mut Instance) -> T) -> Result<T, String> {
        let mut state = self.driver.lock();
        let cluster = state
            .clusters
            .get_mut(&self.cluster)
            .ok_or("connection closed")?;
        let instance = cluster
            .instances
            .get_mut(short)
            .ok_or("connection closed")?;
        // A session is open in one instance only, which makes this the check of both.
        if !instance.sessions.contains_key(&self.number) {
            return Err("not allowed, or the connection is closed".to_owned());
        }
        Ok(work(instance))
    }
}

impl Drop for SimulatedSession {
    fn drop(&mut self) {
        let mut state = self.driver.lock();
        if let Some(cluster) = state.clusters.get_mut(&self.cluster)
            && let Some(instance) = cluster.instances.get_mut(&self.instance)
        {
            instance.sessions.remove(&self.number);
        }
    }
}
