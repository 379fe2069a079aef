//! What the calls about containers do.

use std::sync::Arc;

use super::behaviour::Kind;
use super::control::new_container;
use super::process;
use super::state::{Container, Shared, State};
use crate::error::Error;
use crate::network::Attachment;
use crate::observation::{Observation, Phase, Usage};
use crate::ownership::{check_own, check_same, require_own};
use crate::workload::{File, Workload};

/// What every simulated program uses.
const MEMORY_BYTES: u64 = 8 * 1024 * 1024;

/// The container of that name, if it is ours.
pub(super) fn own<'a>(
    shared: &Shared,
    state: &'a mut State,
    name: &str,
) -> Result<&'a mut Container, Error> {
    let container = state.container(name)?;
    check_own(
        &container.workload.labels,
        &shared.settings.installation,
        "container",
        name,
    )?;
    Ok(container)
}

/// The same, if its program runs.
pub(super) fn own_running<'a>(
    shared: &Shared,
    state: &'a mut State,
    name: &str,
    doing: &str,
) -> Result<&'a mut Container, Error> {
    let container = own(shared, state, name)?;
    if container.is_running() {
        return Ok(container);
    }
    Err(Error::Refused {
        doing: format!("{doing} container '{name}'"),
        reason: "it is not running".to_owned(),
    })
}

/// Makes the container, if it is not there as asked for already.
fn make(shared: &Shared, state: &mut State, workload: &Workload, kind: Kind) -> Result<(), Error> {
    let installation = &shared.settings.installation;
    let name = &workload.name;
    require_own(&workload.labels, installation, "container", name)?;
    workload.files.iter().try_for_each(File::check)?;
    if let Some(existing) = state.containers.get(name) {
        check_same(
            &workload.labels,
            &existing.workload.labels,
            installation,
            "container",
            name,
        )?;
        if existing.workload.image != workload.image {
            let reason = format!(
                "its image is {}, asked for was {}",
                existing.workload.image, workload.image
            );
            return Err(Error::Conflict {
                what: "container",
                name: name.clone(),
                reason,
            });
        }
        return Ok(());
    }
    let exposed_ports = state.image_of(&workload.image)?.exposed_ports.clone();
    for mount in &workload.mounts {
        let labels = state
            .volumes
            .get(&mount.volume)
            .ok_or_else(|| Error::NotFound {
                what: "volume",
                name: mount.volume.clone(),
            })?;
        check_own(labels, installation, "volume", &mount.volume)?;
    }
    for attachment in &workload.networks {
        check_network(shared, state, &attachment.network)?;
    }
    let container = new_container(state, workload.clone(), kind, exposed_ports);
    state.containers.insert(name.clone(), container);
    state.emit(name, &workload.labels, "create");
    Ok(())
}

fn check_network(shared: &Shared, state: &State, name: &str) -> Result<(), Error> {
    let network = state.networks.get(name).ok_or_else(|| Error::NotFound {
        what: "network",
        name: name.to_owned(),
    })?;
    check_own(
        &network.labels,
        &shared.settings.installation,
        "network",
        name,
    )
}

pub(super) fn ensure(
    shared: &Arc<Shared>,
    state: &mut State,
    workload: &Workload,
) -> Result<Observation, Error> {
    make(shared, state, workload, Kind::Ensure)?;
    for attachment in &workload.networks {
        attach(state, &workload.name, attachment)?;
    }
    if state.container(&workload.name)?.phase != Phase::Restarting {
        process::start(shared, state, &workload.name)?;
    }
    Ok(state.container(&workload.name)?.observation())
}

/// Makes and starts the container of a `run`; one that ended is not started again.
pub(super) fn begin_run(
    shared: &Arc<Shared>,
    state: &mut State,
    workload: &Workload,
) -> Result<(), Error> {
    make(shared, state, workload, Kind::Run)?;
    if state.container(&workload.name)?.phase == Phase::Created {
        process::start(shared, state, &workload.name)?;
    }
    Ok(())
}

/// Makes and starts the container of a `pipe`, in the place of one that an earlier call left.
pub(super) fn begin_pipe(
    shared: &Arc<Shared>,
    state: &mut State,
    workload: &Workload,
) -> Result<(), Error> {
    remove(shared, state, &workload.name)?;
    make(shared, state, workload, Kind::Pipe)?;
    process::start(shared, state, &workload.name)
}

pub(super) fn remove(shared: &Shared, state: &mut State, name: &str) -> Result<(), Error> {
    match own(shared, state, name) {
        Err(Error::NotFound { .. }) => Ok(()),
        Err(error) => Err(error),
        Ok(_) => {
            process::stop(state, name)?;
            if let Some(container) = state.containers.remove(name) {
                state.emit(name, &container.workload.labels, "destroy");
            }
            Ok(())
        }
    }
}

pub(super) fn connect(
    shared: &Shared,
    state: &mut State,
    name: &str,
    attachment: &Attachment,
) -> Result<(), Error> {
    own(shared, state, name)?;
    check_network(shared, state, &attachment.network)?;
    attach(state, name, attachment)
}

fn attach(state: &mut State, name: &str, attachment: &Attachment) -> Result<(), Error> {
    let container = state.container(name)?;
    if container
        .networks
        .iter()
        .all(|other| other.network != attachment.network)
    {
        container.networks.push(attachment.clone());
    }
    Ok(())
}

pub(super) fn disconnect(
    shared: &Shared,
    state: &mut State,
    name: &str,
    network: &str,
) -> Result<(), Error> {
    match own(shared, state, name) {
        Err(Error::NotFound { .. }) => Ok(()),
        Err(error) => Err(error),
        Ok(container) => {
            container
                .networks
                .retain(|attachment| attachment.network != network);
            Ok(())
        }
    }
}

pub(super) fn remove_network(shared: &Shared, state: &mut State, name: &str) -> Result<(), Error> {
    let installation = &shared.settings.installation;
    let Some(network) = state.networks.get(name) else {
        return Ok(());
    };
    check_own(&network.labels, installation, "network", name)?;
    let inside = |container: &Container| {
        container
            .networks
            .iter()
            .any(|attachment| attachment.network == name)
    };
    for (other, container) in state
        .containers
        .iter()
        .filter(|(_, container)| inside(container))
    {
        if check_own(&container.workload.labels, installation, "container", other).is_err() {
            let reason = format!(
                "the container '{other}', which does not belong to this installation, is in it"
            );
            return Err(Error::Conflict {
                what: "network",
                name: name.to_owned(),
                reason,
            });
        }
    }
    for container in state.containers.values_mut() {
        container
            .networks
            .retain(|attachment| attachment.network != name);
    }
    state.networks.remove(name);
    Ok(())
}

pub(super) fn remove_volume(shared: &Shared, state: &mut State, name: &str) -> Result<(), Error> {
    let Some(labels) = state.volumes.get(name) else {
        return Ok(());
    };
    check_own(labels, &shared.settings.installation, "volume", name)?;
    let user = state.containers.iter().find(|(_, container)| {
        container
            .workload
            .mounts
            .iter()
            .any(|mount| mount.volume == name)
    });
    if let Some((user, _)) = user {
        let reason = format!("the container '{user}' uses it");
        return Err(Error::Refused {
            doing: format!("removing volume '{name}'"),
            reason,
        });
    }
    state.volumes.remove(name);
    Ok(())
}

pub(super) fn usage(shared: &Shared, state: &mut State, name: &str) -> Result<Usage, Error> {
    let container = own_running(shared, state, name, "measuring")?;
    Ok(Usage {
        memory_bytes: MEMORY_BYTES,
        memory_limit_bytes: u64::try_from(container.workload.limits.memory_bytes).unwrap_or(0),
        cpu_nanos: 1_000_000 * container.incarnation,
        received_bytes: 0,
        sent_bytes: 0,
    })
}
