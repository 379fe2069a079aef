//! What a container uses.

use bollard::models::{ContainerMemoryStats, ContainerStatsResponse};
use bollard::query_parameters::StatsOptionsBuilder;
use futures::StreamExt;
use windlass_engine::{Error, Usage};

use crate::DockerEngine;
use crate::observing::id_of;

/// The page cache that the kernel would give back, as cgroups version 1 and 2 call it.
fn cache(memory: &ContainerMemoryStats) -> u64 {
    let value = |name: &str| {
        memory
            .stats
            .as_ref()
            .and_then(|stats| stats.get(name))
            .copied()
    };
    value("total_inactive_file")
        .or_else(|| value("inactive_file"))
        .unwrap_or(0)
}

fn usage(stats: ContainerStatsResponse) -> Usage {
    let memory = stats.memory_stats.unwrap_or_default();
    let networks = stats.networks.unwrap_or_default();
    let sum = |bytes: fn(&bollard::models::ContainerNetworkStats) -> Option<u64>| {
        networks.values().filter_map(bytes).sum()
    };
    Usage {
        memory_bytes: memory.usage.unwrap_or(0).saturating_sub(cache(&memory)),
        memory_limit_bytes: memory.limit.unwrap_or(0),
        cpu_nanos: stats
            .cpu_stats
            .and_then(|cpu| cpu.cpu_usage)
            .and_then(|usage| usage.total_usage)
            .unwrap_or(0),
        received_bytes: sum(|network| network.rx_bytes),
        sent_bytes: sum(|network| network.tx_bytes),
    }
}

impl DockerEngine {
    pub(crate) async fn do_usage(&self, name: &str) -> Result<Usage, Error> {
        let container = self.own_running(name, "measuring").await?;
        let client = self.client().await?;
        let doing = format!("measuring container '{name}'");
        // One shot: otherwise Docker waits two seconds to compare.
        let options = StatsOptionsBuilder::default()
            .stream(false)
            .one_shot(true)
            .build();
        let mut answers = client
            .docker
            .stats(id_of(&container), Some(options))
            .boxed();
        let answer = self
            .look(&doing, async { answers.next().await.transpose() })
            .await?;
        answer.map(usage).ok_or_else(|| Error::Failed {
            doing,
            reason: "Docker's answer was empty".to_owned(),
        })
    }
}
