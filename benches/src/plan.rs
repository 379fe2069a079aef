//! How much is measured.

use std::time::Duration;

/// The number and length of the rounds of each figure.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    /// Instances on the shared cluster, and as many databases by hand.
    pub(crate) shared: u32,
    /// Private servers, and as many by hand.
    pub(crate) private: u32,
    /// Deployments of each sort, and as many containers by hand.
    pub(crate) deployment: u32,
    /// Deployments under load.
    pub(crate) deployments: u32,
    /// Rounds of each proxy.
    pub(crate) proxy: u32,
    /// The length of one of these.
    pub(crate) proxy_round: Duration,
    /// Applications of the idle server.
    pub(crate) applications: u32,
    /// How many of these are deployed.
    pub(crate) deployed: u32,
    /// What the start and the deployments leave behind has settled after this.
    pub(crate) settle: Duration,
    /// How long idleness is watched.
    pub(crate) idle: Duration,
}

impl Plan {
    /// Enough for medians that are worth comparing, within about ten minutes.
    pub(crate) fn full() -> Self {
        Self {
            shared: 21,
            private: 7,
            deployment: 11,
            deployments: 100,
            proxy: 3,
            proxy_round: Duration::from_secs(10),
            applications: 20,
            deployed: 5,
            settle: Duration::from_secs(15),
            idle: Duration::from_mins(1),
        }
    }

    /// Enough to see that everything works.
    pub(crate) fn quick() -> Self {
        Self {
            shared: 3,
            private: 1,
            deployment: 2,
            deployments: 5,
            proxy: 1,
            proxy_round: Duration::from_secs(2),
            applications: 4,
            deployed: 2,
            settle: Duration::from_secs(2),
            idle: Duration::from_secs(5),
        }
    }
}
