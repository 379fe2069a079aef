//! How a simulated engine is made.

use std::time::Duration;

/// The settings of a [`SimulatedEngine`](super::SimulatedEngine).
#[derive(Debug, Clone)]
pub struct SimulatedSettings {
    /// Decides the ids of images and every random fault.
    pub seed: u64,
    /// The installation whose objects it may touch.
    pub installation: String,
    /// How likely a call is to suffer a random fault, from 0 to 1.
    pub fault_rate: f64,
    /// How long every call takes (tokio's time).
    pub latency: Duration,
}

impl Default for SimulatedSettings {
    fn default() -> Self {
        Self {
            seed: 0,
            installation: "simulated".to_owned(),
            fault_rate: 0.0,
            latency: Duration::ZERO,
        }
    }
}
