//! From Docker's description of a container to an observation.

use std::net::IpAddr;

use bollard::models::{
    ContainerInspectResponse, ContainerState, ContainerStateStatusEnum, HealthStatusEnum,
};
use windlass_engine::ownership::is_own;
use windlass_engine::{ImageId, Labels, Observation, Phase};

use crate::spec::{CONTAINER, given_labels};

pub(crate) fn id_of(container: &ContainerInspectResponse) -> &str {
    container.id.as_deref().unwrap_or_default()
}

pub(crate) fn name_of(container: &ContainerInspectResponse) -> &str {
    container
        .name
        .as_deref()
        .unwrap_or_default()
        .trim_start_matches('/')
}

pub(crate) fn phase_of(container: &ContainerInspectResponse) -> Phase {
    let state = container.state.clone().unwrap_or_default();
    let code = state.exit_code.unwrap_or(0);
    match state.status {
        Some(ContainerStateStatusEnum::CREATED) => Phase::Created,
        // One that is stopping still runs.
        Some(ContainerStateStatusEnum::RUNNING | ContainerStateStatusEnum::STOPPING) => {
            Phase::Running
        }
        Some(ContainerStateStatusEnum::RESTARTING) => Phase::Restarting,
        Some(ContainerStateStatusEnum::EXITED) => Phase::Exited { code },
        Some(
            ContainerStateStatusEnum::PAUSED
            | ContainerStateStatusEnum::REMOVING
            | ContainerStateStatusEnum::DEAD
            | ContainerStateStatusEnum::EMPTY,
        )
        | None => Phase::Unknown,
    }
}

/// On its way out: it can be neither started nor adopted.
pub(crate) fn is_going(container: &ContainerInspectResponse) -> bool {
    let status = container.state.as_ref().and_then(|state| state.status);
    matches!(
        status,
        Some(ContainerStateStatusEnum::REMOVING | ContainerStateStatusEnum::DEAD)
    )
}

/// The labels that it was made with, without what its image brings.
pub(crate) fn labels_of(container: &ContainerInspectResponse) -> Labels {
    let labels = container
        .config
        .as_ref()
        .and_then(|config| config.labels.as_ref());
    labels.map(given_labels).unwrap_or_default()
}

/// Whether we made it: labelled as the installation's, and that label not inherited from an image.
pub(crate) fn is_ours(container: &ContainerInspectResponse, installation: &str) -> bool {
    let labels = container
        .config
        .as_ref()
        .and_then(|config| config.labels.as_ref());
    let marker = labels.and_then(|labels| labels.get(CONTAINER));
    marker.is_some_and(|marker| marker == name_of(container))
        && is_own(&labels_of(container), installation)
}

/// The TCP ports among `8000/tcp` and the like, lowest first.
pub(crate) fn tcp_ports(exposed: Option<&Vec<String>>) -> Vec<u16> {
    let port = |port: &String| match port.split_once('/') {
        Some((number, "tcp")) => number.parse().ok(),
        Some(_) => None,
        None => port.parse().ok(),
    };
    let mut ports: Vec<u16> = exposed.into_iter().flatten().filter_map(port).collect();
    ports.sort_unstable();
    ports.dedup();
    ports
}

fn healthy(state: &ContainerState) -> Option<bool> {
    match state.health.as_ref()?.status? {
        HealthStatusEnum::HEALTHY => Some(true),
        HealthStatusEnum::UNHEALTHY => Some(false),
        HealthStatusEnum::EMPTY | HealthStatusEnum::NONE | HealthStatusEnum::STARTING => None,
    }
}

pub(crate) fn observation(container: &ContainerInspectResponse) -> Observation {
    let state = container.state.clone().unwrap_or_default();
    let networks = container
        .network_settings
        .as_ref()
        .and_then(|settings| settings.networks.as_ref());
    let mut addresses: Vec<(String, IpAddr)> = networks
        .into_iter()
        .flatten()
        .filter_map(|(network, endpoint)| {
            Some((
                network.clone(),
                endpoint.ip_address.as_deref()?.parse().ok()?,
            ))
        })
        .collect();
    addresses.sort_unstable();
    Observation {
        name: name_of(container).to_owned(),
        image: ImageId(container.image.clone().unwrap_or_default()),
        phase: phase_of(container),
        healthy: healthy(&state),
        addresses,
        restarts: container
            .restart_count
            .and_then(|count| u64::try_from(count).ok())
            .unwrap_or(0),
        out_of_memory: state.oom_killed.unwrap_or(false),
        exposed_ports: tcp_ports(
            container
                .config
                .as_ref()
                .and_then(|config| config.exposed_ports.as_ref()),
        ),
        labels: labels_of(container),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_tcp_ports_count() {
        let exposed = ["8000/tcp", "53/udp", "80", "nonsense/tcp"]
            .map(str::to_owned)
            .to_vec();
        assert_eq!(tcp_ports(Some(&exposed)), [80, 8000]);
        assert_eq!(tcp_ports(None), [0u16; 0]);
    }
}
