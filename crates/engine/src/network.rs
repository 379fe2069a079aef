//! Networks: one per environment, with a subnet that Windlass chooses.

use serde::{Deserialize, Serialize};

use crate::labels::Labels;

/// A network to be ensured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkSpec {
    /// Its name, unique on the engine.
    pub name: String,
    /// Its IPv4 subnet in CIDR form, such as `10.213.4.0/24`. Chosen by Windlass: Docker's own pools end
    /// at about 30 networks.
    pub subnet: String,
    /// Its labels.
    pub labels: Labels,
}

/// A workload's place in a network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// The network's name.
    pub network: String,
    /// The names under which the others in that network find it.
    pub aliases: Vec<String>,
}
