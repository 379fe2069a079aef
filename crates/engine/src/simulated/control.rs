//! What a test does to a simulated engine beside the contract.

use std::collections::BTreeSet;
use std::sync::Arc;

use rand::Rng;
use tokio::sync::broadcast;

use super::SimulatedEngine;
use super::behaviour::{Behaviour, Kind};
use super::build::BuildScript;
use super::fault::{Fault, Method, Plan};
use super::process;
use super::snapshot::Snapshot;
use super::state::{Container, Image, Shared, State};
use crate::image::ImageId;
use crate::labels::Labels;
use crate::network::NetworkSpec;
use crate::observation::Phase;
use crate::workload::{Restart, Workload};

impl SimulatedEngine {
    /// Gives the engine an image, as if it had been pulled. The name is taken from any other image.
    pub fn add_image(
        &self,
        reference: &str,
        exposed_ports: &[u16],
        behaviour: Behaviour,
    ) -> ImageId {
        self.change(|state| {
            insert_image(
                state,
                reference,
                exposed_ports.to_vec(),
                behaviour,
                Labels::new(),
            )
        })
    }

    /// Gives an image instructions that it brings into builds.
    pub fn set_build_triggers(&self, image: &ImageId, triggers: &[&str]) {
        self.change(|state| {
            if let Some(image) = state.images.get_mut(&image.0) {
                image.build_triggers = triggers.iter().map(|&trigger| trigger.to_owned()).collect();
            }
        });
    }

    /// Puts an image where `pull` finds it.
    pub fn add_registry_image(&self, reference: &str, exposed_ports: &[u16], behaviour: Behaviour) {
        self.change(|state| {
            state
                .registry
                .insert(reference.to_owned(), (exposed_ports.to_vec(), behaviour))
        });
    }

    /// Lets the next call of this kind suffer the fault.
    pub fn plan(&self, method: Method, fault: Fault) {
        self.plan_after(method, 0, fault);
    }

    /// Lets `skip` calls of this kind pass and the next one suffer the fault.
    pub fn plan_after(&self, method: Method, skip: u32, fault: Fault) {
        self.change(|state| {
            state.plans.push(Plan {
                method,
                name: None,
                skip,
                fault,
            });
        });
    }

    /// Lets the next call of this kind suffer the fault whose object's name contains `name_part`.
    pub fn plan_for(&self, method: Method, name_part: &str, fault: Fault) {
        let name = Some(name_part.to_owned());
        self.change(|state| {
            state.plans.push(Plan {
                method,
                name,
                skip: 0,
                fault,
            });
        });
    }

    /// Forgets the planned faults and ends the random ones.
    pub fn clear_faults(&self) {
        self.change(|state| {
            state.plans.clear();
            state.fault_rate = 0.0;
        });
    }

    /// How likely a call is to suffer a random fault from now on, from 0 to 1.
    pub fn set_fault_rate(&self, rate: f64) {
        self.change(|state| state.fault_rate = rate);
    }

    /// Lets every call that hangs go on.
    pub fn poke(&self) {
        self.shared.pokes.send_modify(|count| *count += 1);
    }

    /// Waits until a call of this kind hangs. Bound it with a time-out.
    pub async fn wait_until_hanging(&self, method: Method) {
        self.wait_for(|state| state.hanging.contains(&method)).await;
    }

    /// The way of the next build, whatever is in its context; further calls queue up.
    pub fn script_build(&self, script: BuildScript) {
        self.change(|state| state.builds.push_back(script));
    }

    /// Takes the engine away: every call is unreachable, every `watch` ends, the containers run on.
    pub fn unplug(&self) {
        self.change(|state| {
            state.unplugged = true;
            state.events = broadcast::Sender::new(16);
        });
    }

    /// Gives it back.
    pub fn plug(&self) {
        self.change(|state| state.unplugged = false);
    }

    /// Restarts the engine as a reboot does: every program ends; those start again that the engine
    /// restarts and nobody stopped. Every `watch` ends.
    pub fn reboot(&self) {
        self.change(|state| {
            state.events = broadcast::Sender::new(16);
            let mut back = Vec::new();
            for (name, container) in &mut state.containers {
                container.program = None;
                if matches!(container.phase, Phase::Running | Phase::Restarting) {
                    container.phase = Phase::Exited { code: 137 };
                }
                let restarts = container.kind == Kind::Ensure && container.workload.restart == Restart::Always;
                if restarts && !container.stopped_on_purpose && container.phase != Phase::Created {
                    back.push(name.clone());
                }
            }
            for name in back {
                if let Err(error) = process::start(&self.shared, state, &name) {
                    tracing::warn!(container.name = name, %error, "a simulated container did not come back");
                }
            }
        });
    }

    /// Ends a running container's program, as if it had crashed.
    pub fn crash(&self, name: &str, code: i64) {
        process::end(&self.shared, name, None, code, false);
    }

    /// Ends a running container's program, as the kernel does for memory.
    pub fn exhaust_memory(&self, name: &str) {
        process::end(&self.shared, name, None, 137, true);
    }

    /// Lets a container print a line.
    pub fn print(&self, name: &str, line: &str) {
        let now = self.shared.now_millis();
        self.change(|state| {
            if let Ok(container) = state.container(name) {
                container.print(now, false, line);
            }
        });
    }

    /// The subnets of the networks that exist.
    pub fn subnets(&self) -> Vec<String> {
        let state = self.shared.lock();
        let networks = state.networks.values();
        networks.map(|network| network.subnet.clone()).collect()
    }

    /// What exists.
    pub fn snapshot(&self) -> Snapshot {
        let state = self.shared.lock();
        let images = state.images.values().flat_map(|image| {
            if image.references.is_empty() {
                vec![image.id.0.clone()]
            } else {
                image.references.iter().cloned().collect()
            }
        });
        let mut images: Vec<_> = images.collect();
        images.sort_unstable();
        Snapshot {
            containers: state
                .containers
                .iter()
                .map(|(name, container)| (name.clone(), container.phase))
                .collect(),
            networks: state.networks.keys().cloned().collect(),
            volumes: state.volumes.keys().cloned().collect(),
            images,
        }
    }

    /// The workload that a container was made from, variables included.
    pub fn workload(&self, name: &str) -> Option<Workload> {
        self.shared
            .lock()
            .containers
            .get(name)
            .map(|container| container.workload.clone())
    }

    /// How often a container of that name was started, also when it is gone.
    pub fn starts(&self, name: &str) -> u64 {
        self.shared.lock().starts.get(name).copied().unwrap_or(0)
    }

    /// The calls so far, with the name of the object, faulty ones included.
    pub fn calls(&self) -> Vec<(Method, String)> {
        self.shared.lock().calls.clone()
    }

    /// Forgets the calls so far.
    pub fn clear_calls(&self) {
        self.change(|state| state.calls.clear());
    }

    /// Puts a network there that is not the installation's.
    pub fn add_foreign_network(&self, name: &str, subnet: &str) {
        let spec = NetworkSpec {
            name: name.to_owned(),
            subnet: subnet.to_owned(),
            labels: Labels::new(),
        };
        self.change(|state| state.networks.insert(name.to_owned(), spec));
    }

    /// Puts a volume there that is not the installation's.
    pub fn add_foreign_volume(&self, name: &str) {
        self.change(|state| state.volumes.insert(name.to_owned(), Labels::new()));
    }

    /// Puts a running container there that is not the installation's.
    pub fn add_foreign_container(&self, mut workload: Workload) {
        workload.labels.0.remove(crate::labels::INSTALLATION);
        self.change(|state| {
            let name = workload.name.clone();
            let mut container = new_container(state, workload, Kind::Ensure, Vec::new());
            container.phase = Phase::Running;
            state.containers.insert(name, container);
        });
    }

    pub(super) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let answer = change(&mut self.shared.lock());
        self.shared.notify();
        answer
    }

    pub(super) async fn wait_for(&self, condition: impl Fn(&mut State) -> bool) {
        wait_for(&self.shared, |state| condition(state).then_some(())).await;
    }
}

/// Waits until the state gives an answer; looks again after every change.
pub(super) async fn wait_for<T>(shared: &Arc<Shared>, look: impl Fn(&mut State) -> Option<T>) -> T {
    let mut changed = shared.changed.subscribe();
    loop {
        if let Some(answer) = look(&mut shared.lock()) {
            return answer;
        }
        // The sender lives in `shared`, so it cannot be gone.
        if changed.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

pub(super) fn insert_image(
    state: &mut State,
    reference: &str,
    exposed_ports: Vec<u16>,
    behaviour: Behaviour,
    labels: Labels,
) -> ImageId {
    for image in state.images.values_mut() {
        image.references.remove(reference);
    }
    let id = ImageId(format!(
        "sha256:{:032x}{:032x}",
        state.random.random::<u128>(),
        state.random.random::<u128>()
    ));
    let references = BTreeSet::from([reference.to_owned()]);
    state.images.insert(
        id.0.clone(),
        Image {
            id: id.clone(),
            references,
            exposed_ports,
            build_triggers: Vec::new(),
            behaviour,
            labels,
        },
    );
    id
}

pub(super) fn new_container(
    state: &mut State,
    workload: Workload,
    kind: Kind,
    exposed_ports: Vec<u16>,
) -> Container {
    state.next_address = state.next_address.wrapping_add(1);
    Container {
        networks: workload.networks.clone(),
        workload,
        kind,
        phase: Phase::Created,
        exposed_ports,
        address: super::serving::address(state.next_address),
        log: Vec::new(),
        restarts: 0,
        out_of_memory: false,
        incarnation: 0,
        program: None,
        stopped_on_purpose: false,
    }
}
