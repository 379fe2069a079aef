//! What is left on the engine.

use crate::observation::Phase;

/// The names of everything that exists, sorted. For assertions that nothing is left.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Snapshot {
    /// Containers and their phases.
    pub containers: Vec<(String, Phase)>,
    /// Networks.
    pub networks: Vec<String>,
    /// Volumes.
    pub volumes: Vec<String>,
    /// Images by their names, and by their ids where they have none.
    pub images: Vec<String>,
}

impl Snapshot {
    /// The names of the containers.
    pub fn container_names(&self) -> Vec<&str> {
        self.containers
            .iter()
            .map(|(name, _)| name.as_str())
            .collect()
    }
}
