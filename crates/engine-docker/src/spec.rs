//! From a workload to what Docker is asked for.

use std::collections::HashMap;
use std::time::Duration;

use bollard::models::{
    ContainerCreateBody, EndpointSettings, HealthConfig, HostConfig, HostConfigLogConfig,
    ImageConfig, Mount, MountType, NetworkingConfig, RestartPolicy, RestartPolicyNameEnum,
};
use secrecy::ExposeSecret;
use windlass_engine::{Attachment, Labels, Restart, Workload};

/// Holds the container's own name: labels of an image are inherited, this one cannot be.
pub(crate) const CONTAINER: &str = "windlass.engine.container";
/// The names of the labels that were asked for, since those of the image come on top.
pub(crate) const GIVEN: &str = "windlass.engine.labels";

/// Raw packets let a neighbour forge addresses and names; devices and file capabilities are nothing that
/// an application makes while it runs.
const DROPPED_CAPABILITIES: [&str; 3] = ["NET_RAW", "MKNOD", "SETFCAP"];
/// Thirty megabytes a container: enough to read after a crash, too little to fill a disk.
const LOG_FILE_SIZE: &str = "10m";
const LOG_FILES: &str = "3";
/// Docker's own size of `/dev/shm`; PostgreSQL's parallel queries need more when they have more memory.
const SMALLEST_SHM: i64 = 64 * 1024 * 1024;
const NANOS_PER_MILLI_CPU: i64 = 1_000_000;
/// A check that takes longer than this is a failed one.
const HEALTH_TIMEOUT: Duration = Duration::from_secs(10);
/// Failures in a row until it counts as unhealthy: Docker's own default.
const HEALTH_RETRIES: i64 = 3;
/// Programs that want to be process 1 themselves.
const OWN_INITS: [&str; 7] = [
    "init",
    "systemd",
    "tini",
    "docker-init",
    "dumb-init",
    "s6-svscan",
    "catatonit",
];
/// A container without networks: not Docker's bridge, on which all would meet.
pub(crate) const NO_NETWORK: &str = "none";

pub(crate) fn nanos(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

pub(crate) fn grace_seconds(grace: Duration) -> i64 {
    // Docker counts in seconds; a part of one is given as a whole.
    let seconds = i64::try_from(grace.as_secs()).unwrap_or(i64::MAX);
    seconds
        .saturating_add(i64::from(grace.subsec_nanos() > 0))
        .min(i64::from(i32::MAX))
}

/// The labels as Docker keeps them.
fn labels(workload: &Workload) -> HashMap<String, String> {
    let names: Vec<&str> = workload.labels.0.keys().map(String::as_str).collect();
    let mut labels: HashMap<_, _> = workload.labels.0.clone().into_iter().collect();
    labels.insert(GIVEN.to_owned(), names.join(","));
    labels.insert(CONTAINER.to_owned(), workload.name.clone());
    labels
}

/// The labels that were asked for.
pub(crate) fn given_labels(labels: &HashMap<String, String>) -> Labels {
    let all = || {
        labels
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    };
    Labels(labels.get(GIVEN).map_or_else(all, |names| {
        let value = |name: &str| {
            labels
                .get(name)
                .map(|value| (name.to_owned(), value.clone()))
        };
        names.split(',').filter_map(value).collect()
    }))
}

pub(crate) fn endpoint(attachment: &Attachment) -> EndpointSettings {
    EndpointSettings {
        aliases: Some(attachment.aliases.clone()),
        ..EndpointSettings::default()
    }
}

fn brings_an_init(workload: &Workload, image: &ImageConfig) -> bool {
    let entrypoint = workload
        .entrypoint
        .as_ref()
        .or(image.entrypoint.as_ref())
        .filter(|words| !words.is_empty());
    let command = workload.command.as_ref().or(image.cmd.as_ref());
    let program = entrypoint.or(command).and_then(|words| words.first());
    let name = program.and_then(|path| path.rsplit('/').next());
    name.is_some_and(|name| OWN_INITS.contains(&name))
}

pub(crate) fn body(
    workload: &Workload,
    image: &ImageConfig,
    processors: i64,
) -> ContainerCreateBody {
    let limits = workload.limits;
    let first = workload.networks.first();
    let mounts = workload.mounts.iter().map(|mount| Mount {
        typ: Some(MountType::VOLUME),
        source: Some(mount.volume.clone()),
        target: Some(mount.path.clone()),
        ..Mount::default()
    });
    let host = HostConfig {
        memory: Some(limits.memory_bytes),
        // Equal to the memory: no swap on top.
        memory_swap: Some(limits.memory_bytes),
        nano_cpus: Some(
            limits
                .cpu_millis
                .min(processors.saturating_mul(1000))
                .saturating_mul(NANOS_PER_MILLI_CPU),
        ),
        pids_limit: Some(limits.pids),
        shm_size: Some(SMALLEST_SHM.max(limits.memory_bytes / 4)),
        restart_policy: Some(RestartPolicy {
            name: Some(match workload.restart {
                Restart::No => RestartPolicyNameEnum::NO,
                Restart::Always => RestartPolicyNameEnum::UNLESS_STOPPED,
            }),
            maximum_retry_count: None,
        }),
        log_config: Some(HostConfigLogConfig {
            typ: Some("json-file".to_owned()),
            config: Some(
                [("max-size", LOG_FILE_SIZE), ("max-file", LOG_FILES)]
                    .map(|(a, b)| (a.to_owned(), b.to_owned()))
                    .into(),
            ),
        }),
        network_mode: Some(
            first
                .map_or(NO_NETWORK, |attachment| &attachment.network)
                .to_owned(),
        ),
        mounts: Some(mounts.collect()),
        init: Some(!brings_an_init(workload, image)),
        security_opt: Some(vec!["no-new-privileges".to_owned()]),
        cap_drop: Some(DROPPED_CAPABILITIES.map(str::to_owned).to_vec()),
        ..HostConfig::default()
    };
    let endpoints =
        first.map(|attachment| HashMap::from([(attachment.network.clone(), endpoint(attachment))]));
    ContainerCreateBody {
        image: Some(workload.image.0.clone()),
        cmd: workload.command.clone(),
        entrypoint: workload.entrypoint.clone(),
        env: Some(
            workload
                .environment
                .iter()
                .map(|(name, value)| format!("{name}={}", value.expose_secret()))
                .collect(),
        ),
        labels: Some(labels(workload)),
        stop_timeout: Some(grace_seconds(workload.stop_grace)),
        healthcheck: workload.health.as_ref().map(|health| HealthConfig {
            test: Some(
                std::iter::once("CMD".to_owned())
                    .chain(health.command.iter().cloned())
                    .collect(),
            ),
            interval: Some(nanos(health.interval)),
            timeout: Some(nanos(HEALTH_TIMEOUT)),
            retries: Some(HEALTH_RETRIES),
            ..HealthConfig::default()
        }),
        networking_config: Some(NetworkingConfig {
            endpoints_config: endpoints,
        }),
        host_config: Some(host),
        ..ContainerCreateBody::default()
    }
}

/// The same for a piped run. What passes through it is data, which belongs in no log.
pub(crate) fn piped(body: ContainerCreateBody, has_input: bool) -> ContainerCreateBody {
    ContainerCreateBody {
        open_stdin: Some(has_input),
        stdin_once: Some(has_input),
        attach_stdin: Some(has_input),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        host_config: body.host_config.map(|host| HostConfig {
            log_config: Some(HostConfigLogConfig {
                typ: Some("none".to_owned()),
                config: None,
            }),
            ..host
        }),
        ..body
    }
}
