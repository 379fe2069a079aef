//! Starting and ending the programs of containers.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use secrecy::ExposeSecret;
use tokio_util::sync::CancellationToken;

use super::behaviour::{Invocation, Kind, Outcome, Program};
use super::serving;
use super::state::{Container, Shared, State};
use crate::contract::LogLine;
use crate::error::Error;
use crate::lines::cut;
use crate::observation::Phase;
use crate::workload::Restart;

/// The first pause before a restart; doubles up to the longest, as Docker's does.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_mins(1);
/// How many addresses are tried before giving up: others on the machine may hold some.
const ADDRESS_ATTEMPTS: u32 = 64;

impl Container {
    pub(super) fn invocation(
        &self,
        kind: Kind,
        command: Option<&[String]>,
        stdin: Bytes,
    ) -> Invocation {
        let workload = &self.workload;
        let own = || {
            workload
                .entrypoint
                .iter()
                .chain(&workload.command)
                .flatten()
                .cloned()
                .collect()
        };
        let environment: BTreeMap<_, _> = workload
            .environment
            .iter()
            .map(|(name, value)| (name.clone(), value.expose_secret().to_owned()))
            .collect();
        let files = workload.files.iter().map(|file| {
            let content = file.content.expose_secret().to_owned();
            (file.path.clone(), (content, file.mode))
        });
        Invocation {
            kind,
            container: workload.name.clone(),
            command: command.map_or_else(own, <[String]>::to_vec),
            environment,
            files: files.collect(),
            stdin,
            start: self.incarnation,
        }
    }

    fn ports(&self, invocation: &Invocation) -> Vec<u16> {
        let mut ports = self.exposed_ports.clone();
        ports.extend(
            invocation
                .environment
                .get("PORT")
                .and_then(|port| port.parse::<u16>().ok()),
        );
        ports.sort_unstable();
        ports.dedup();
        ports
    }

    pub(super) fn print(&mut self, now_millis: i64, stderr: bool, text: &str) {
        self.log.push(LogLine {
            at_millis: Some(now_millis),
            stderr,
            text: cut(text).to_owned(),
        });
    }
}

/// Starts the container's program. Does nothing when it runs already.
pub(super) fn start(shared: &Arc<Shared>, state: &mut State, name: &str) -> Result<(), Error> {
    let image = state.container(name)?.workload.image.clone();
    let behaviour = state.image_of(&image)?.behaviour.clone();
    let container = state.container(name)?;
    if container.is_running() {
        return Ok(());
    }
    container.incarnation += 1;
    container.stopped_on_purpose = false;
    container.out_of_memory = false;
    let invocation = container.invocation(container.kind, None, Bytes::new());
    let mut program = behaviour.ask(&invocation);
    if container.kind == Kind::Run {
        program = Program::Ending(program.into_outcome());
    }
    if container.kind == Kind::Pipe {
        // The call itself is the program, for as long as it lasts.
        program = Program::NotListening;
    }
    let token = CancellationToken::new();
    if let Program::Serving { status } = program {
        let ports = container.ports(&invocation);
        open(state, name, &ports, status, invocation, &token)?;
    }
    let container = state.container(name)?;
    container.phase = Phase::Running;
    let incarnation = container.incarnation;
    match program {
        Program::Serving { .. } | Program::NotListening | Program::Copying => {}
        Program::Crashing { code } => {
            end_later(shared, name, incarnation, &Outcome::code(code), &token);
        }
        Program::Ending(outcome) => {
            let now = shared.now_millis();
            for (stderr, line) in &outcome.lines {
                container.print(now, *stderr, line);
            }
            end_later(shared, name, incarnation, &outcome, &token);
        }
    }
    container.program = Some(token.drop_guard());
    let labels = container.workload.labels.clone();
    *state.starts.entry(name.to_owned()).or_default() += 1;
    state.emit(name, &labels, "start");
    Ok(())
}

/// Listens, on another address when someone on the machine holds this one.
fn open(
    state: &mut State,
    name: &str,
    ports: &[u16],
    status: u16,
    invocation: Invocation,
    token: &CancellationToken,
) -> Result<(), Error> {
    let mut address = state.container(name)?.address;
    for _ in 0..ADDRESS_ATTEMPTS {
        if let Ok(listeners) = serving::listen(address, ports) {
            serving::serve(listeners, status, invocation, token);
            state.container(name)?.address = address;
            return Ok(());
        }
        state.next_address = state.next_address.wrapping_add(1);
        address = serving::address(state.next_address);
    }
    Err(Error::Failed {
        doing: format!("starting container '{name}'"),
        reason: format!("no loopback address has the ports {ports:?} free"),
    })
}

fn end_later(
    shared: &Arc<Shared>,
    name: &str,
    incarnation: u64,
    outcome: &Outcome,
    token: &CancellationToken,
) {
    let Some(after) = outcome.after else { return };
    let (code, out_of_memory) = (outcome.code, outcome.out_of_memory);
    let shared = Arc::downgrade(shared);
    let name = name.to_owned();
    let token = token.clone();
    tokio::spawn(async move {
        tokio::select! {
            () = token.cancelled() => {}
            () = tokio::time::sleep(after) => {
                if let Some(shared) = shared.upgrade() {
                    end(&shared, &name, Some(incarnation), code, out_of_memory);
                }
            }
        }
    });
}

/// The program ended by itself (or was killed from outside): restart it if the workload says so.
pub(super) fn end(
    shared: &Arc<Shared>,
    name: &str,
    incarnation: Option<u64>,
    code: i64,
    out_of_memory: bool,
) {
    let mut state = shared.lock();
    let Ok(container) = state.container(name) else {
        return;
    };
    if !container.is_running()
        || incarnation.is_some_and(|expected| expected != container.incarnation)
    {
        return;
    }
    container.program = None;
    container.out_of_memory = out_of_memory;
    let restarts = container.kind == Kind::Ensure && container.workload.restart == Restart::Always;
    container.phase = if restarts {
        Phase::Restarting
    } else {
        Phase::Exited { code }
    };
    let (labels, incarnation, past) = (
        container.workload.labels.clone(),
        container.incarnation,
        container.restarts,
    );
    if out_of_memory {
        state.emit(name, &labels, "oom");
    }
    state.emit(name, &labels, "die");
    drop(state);
    shared.notify();
    if restarts {
        let pause = FIRST_PAUSE
            .saturating_mul(1 << past.min(16))
            .min(LONGEST_PAUSE);
        tokio::spawn(restart(
            Arc::downgrade(shared),
            name.to_owned(),
            incarnation,
            pause,
        ));
    }
}

async fn restart(shared: Weak<Shared>, name: String, incarnation: u64, pause: Duration) {
    tokio::time::sleep(pause).await;
    let Some(shared) = shared.upgrade() else {
        return;
    };
    let mut state = shared.lock();
    let Ok(container) = state.container(&name) else {
        return;
    };
    if container.phase != Phase::Restarting || container.incarnation != incarnation {
        return;
    }
    container.restarts += 1;
    if let Err(error) = start(&shared, &mut state, &name)
        && let Ok(container) = state.container(&name)
    {
        container.print(shared.now_millis(), true, &error.to_string());
        container.phase = Phase::Exited { code: 128 };
    }
    drop(state);
    shared.notify();
}

/// Ends the program on purpose: it does not come back by itself.
pub(super) fn stop(state: &mut State, name: &str) -> Result<(), Error> {
    let container = state.container(name)?;
    container.program = None;
    container.stopped_on_purpose = true;
    if matches!(container.phase, Phase::Running | Phase::Restarting) {
        container.phase = Phase::Exited { code: 143 };
        let labels = container.workload.labels.clone();
        state.emit(name, &labels, "die");
    }
    Ok(())
}
