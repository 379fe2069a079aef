//! Everything that the simulated engine holds, behind one lock.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::Ipv4Addr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::sync::{broadcast, watch};
use tokio_util::sync::DropGuard;

use super::behaviour::{Behaviour, Kind};
use super::build::BuildScript;
use super::fault::{Method, Plan};
use super::settings::SimulatedSettings;
use crate::contract::LogLine;
use crate::error::Error;
use crate::image::{ImageId, ImageReference};
use crate::labels::Labels;
use crate::network::{Attachment, NetworkSpec};
use crate::observation::{EngineEvent, Observation, Phase};
use crate::workload::Workload;

/// Events that a slow receiver of `watch` may be behind before its stream ends.
const EVENT_CAPACITY: usize = 4096;

/// What all handles of one engine share.
pub(super) struct Shared {
    pub(super) settings: SimulatedSettings,
    state: Mutex<State>,
    /// Raised after every change, for those who wait for one.
    pub(super) changed: watch::Sender<u64>,
    /// Raised by `poke`.
    pub(super) pokes: watch::Sender<u64>,
    started: tokio::time::Instant,
    started_millis: i64,
}

pub(super) struct State {
    pub(super) containers: BTreeMap<String, Container>,
    pub(super) networks: BTreeMap<String, NetworkSpec>,
    pub(super) volumes: BTreeMap<String, Labels>,
    pub(super) images: BTreeMap<String, Image>,
    /// What `pull` can get: exposed ports and behaviour by name.
    pub(super) registry: BTreeMap<String, (Vec<u16>, Behaviour)>,
    /// How often each container was started, also those that are gone.
    pub(super) starts: BTreeMap<String, u64>,
    pub(super) builds: VecDeque<BuildScript>,
    pub(super) plans: Vec<Plan>,
    pub(super) fault_rate: f64,
    pub(super) random: StdRng,
    pub(super) calls: Vec<(Method, String)>,
    pub(super) hanging: Vec<Method>,
    pub(super) unplugged: bool,
    pub(super) events: broadcast::Sender<EngineEvent>,
    pub(super) next_address: u32,
}

pub(super) struct Image {
    pub(super) id: ImageId,
    pub(super) references: BTreeSet<String>,
    pub(super) exposed_ports: Vec<u16>,
    pub(super) build_triggers: Vec<String>,
    pub(super) behaviour: Behaviour,
    pub(super) labels: Labels,
}

pub(super) struct Container {
    pub(super) workload: Workload,
    pub(super) kind: Kind,
    pub(super) phase: Phase,
    pub(super) exposed_ports: Vec<u16>,
    pub(super) networks: Vec<Attachment>,
    pub(super) address: Ipv4Addr,
    pub(super) log: Vec<LogLine>,
    pub(super) restarts: u64,
    pub(super) out_of_memory: bool,
    /// Which start this is, so that the end of an earlier one is not taken for the end of this one.
    pub(super) incarnation: u64,
    /// Ends what the running program does when it is dropped.
    pub(super) program: Option<DropGuard>,
    pub(super) stopped_on_purpose: bool,
}

impl Shared {
    pub(super) fn new(settings: SimulatedSettings) -> Self {
        let state = State {
            containers: BTreeMap::new(),
            networks: BTreeMap::new(),
            volumes: BTreeMap::new(),
            images: BTreeMap::new(),
            registry: BTreeMap::new(),
            starts: BTreeMap::new(),
            builds: VecDeque::new(),
            plans: Vec::new(),
            fault_rate: settings.fault_rate,
            random: StdRng::seed_from_u64(settings.seed),
            calls: Vec::new(),
            hanging: Vec::new(),
            unplugged: false,
            events: broadcast::Sender::new(EVENT_CAPACITY),
            next_address: super::serving::first_address(),
        };
        let since_epoch = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or(Duration::ZERO);
        Self {
            settings,
            state: Mutex::new(state),
            changed: watch::Sender::new(0),
            pokes: watch::Sender::new(0),
            started: tokio::time::Instant::now(),
            started_millis: i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX),
        }
    }

    /// A test that panicked while it held the lock must not hide its own message behind this one's.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes those who wait for a change.
    pub(super) fn notify(&self) {
        self.changed.send_modify(|count| *count += 1);
    }

    /// The engine's clock, in milliseconds since the epoch; goes with tokio's.
    pub(super) fn now_millis(&self) -> i64 {
        let passed = i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX);
        self.started_millis.saturating_add(passed)
    }
}

impl State {
    pub(super) fn container(&mut self, name: &str) -> Result<&mut Container, Error> {
        self.containers
            .get_mut(name)
            .ok_or_else(|| Error::NotFound {
                what: "container",
                name: name.to_owned(),
            })
    }

    /// The image of that name or id.
    pub(super) fn image(&self, reference: &ImageReference) -> Option<&Image> {
        self.images.get(&reference.0).or_else(|| {
            self.images
                .values()
                .find(|image| image.references.contains(&reference.0))
        })
    }

    pub(super) fn image_of(&self, id: &ImageId) -> Result<&Image, Error> {
        self.images.get(&id.0).ok_or_else(|| Error::NotFound {
            what: "image",
            name: id.0.clone(),
        })
    }

    pub(super) fn emit(&self, name: &str, labels: &Labels, action: &str) {
        // Nobody may be listening.
        let _ = self.events.send(EngineEvent {
            name: name.to_owned(),
            labels: labels.clone(),
            action: action.to_owned(),
        });
    }
}

impl Container {
    pub(super) fn is_running(&self) -> bool {
        self.phase == Phase::Running
    }

    pub(super) fn observation(&self) -> Observation {
        let addresses = if self.is_running() {
            self.networks
                .iter()
                .map(|attachment| (attachment.network.clone(), self.address.into()))
                .collect()
        } else {
            Vec::new()
        };
        Observation {
            name: self.workload.name.clone(),
            image: self.workload.image.clone(),
            phase: self.phase,
            healthy: self
                .workload
                .health
                .as_ref()
                .filter(|_| self.is_running())
                .map(|_| true),
            addresses,
            restarts: self.restarts,
            out_of_memory: self.out_of_memory,
            exposed_ports: self.exposed_ports.clone(),
            labels: self.workload.labels.clone(),
        }
    }
}
