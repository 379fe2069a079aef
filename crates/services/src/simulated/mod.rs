//! A driver whose clusters are in memory: for tests of everything above the contract.
//!
//! It keeps the contract as the real ones do (the conformance suite runs on it) and can be told to fail,
//! hang, stop half-way or lose an answer. What it holds can be looked at as a [`Snapshot`].

mod cluster;
mod data;
mod driver;
mod fault;
mod marketplace;
mod session;
mod snapshot;
mod variables;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use secrecy::SecretString;
use windlass_model::id::{ClusterId, Id, InstanceId, short};

use crate::contract::Hosting;

pub use fault::{Call, Fault, Refusal};
pub use marketplace::{SimulatedMarketplace, offer};
pub use session::SimulatedSession;
pub use snapshot::{InstanceSnapshot, Snapshot};

use cluster::Cluster;
use fault::Script;

/// The simulated driver. Clones share their clusters.
#[derive(Clone)]
pub struct SimulatedDriver {
    kind: &'static str,
    hosting: Hosting,
    has_media: bool,
    has_data: bool,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    clusters: BTreeMap<ClusterId, Cluster>,
    script: Script,
    calls: Vec<(Call, Option<InstanceId>)>,
    next_session: u64,
}

impl SimulatedDriver {
    /// A driver of that type's name, without clusters: one appears when it is first used.
    pub fn new(kind: &'static str) -> Self {
        Self {
            kind,
            hosting: Hosting::Server,
            has_media: false,
            has_data: true,
            state: Arc::default(),
        }
    }

    /// The same for a type whose clusters are accounts that the operator has.
    #[must_use]
    pub fn in_accounts(self) -> Self {
        Self {
            hosting: Hosting::Account,
            ..self
        }
    }

    /// The same for a type whose instances can be public.
    #[must_use]
    pub fn with_media(self) -> Self {
        Self {
            has_media: true,
            ..self
        }
    }

    /// The same for a type whose data cannot be copied out.
    #[must_use]
    pub fn without_data(self) -> Self {
        Self {
            has_data: false,
            ..self
        }
    }

    /// Scripts the next call of that sort; several are taken in the order in which they were given.
    pub fn fault(&self, call: Call, fault: Fault) {
        self.lock().script.add(call, fault);
    }

    /// How many scripted faults no call has met yet.
    pub fn faults_left(&self) -> usize {
        self.lock().script.left()
    }

    /// Takes the scripted faults back that no call has met yet.
    pub fn clear_faults(&self) {
        self.lock().script = Script::default();
    }

    /// Makes the cluster unreachable, or reachable again; its sessions end, what it holds stays.
    pub fn set_down(&self, cluster: ClusterId, down: bool) {
        let mut state = self.lock();
        let cluster = state.clusters.entry(cluster).or_default();
        cluster.down = down;
        if down {
            cluster.end_all_sessions();
        }
    }

    /// Sets the administrator's password; until then any is accepted.
    pub fn set_administrator_password(&self, cluster: ClusterId, password: SecretString) {
        self.lock()
            .clusters
            .entry(cluster)
            .or_default()
            .administrator_password = Some(password);
    }

    /// Forgets the cluster and all it holds, as when its server and data were removed.
    pub fn forget_cluster(&self, cluster: ClusterId) {
        self.lock().clusters.remove(&cluster);
    }

    /// Puts an object of the name that the instance would have there, which is nobody's of ours.
    pub fn put_foreign(&self, cluster: ClusterId, instance: InstanceId) {
        self.lock()
            .clusters
            .entry(cluster)
            .or_default()
            .foreign
            .insert(short(instance));
    }

    /// Removes what `put_foreign` put there.
    pub fn take_foreign(&self, cluster: ClusterId, instance: InstanceId) {
        self.lock()
            .clusters
            .entry(cluster)
            .or_default()
            .foreign
            .remove(&short(instance));
    }

    /// The short ids under whose names something foreign is there.
    pub fn foreign(&self, cluster: ClusterId) -> BTreeSet<String> {
        self.lock()
            .clusters
            .get(&cluster)
            .map(|cluster| cluster.foreign.clone())
            .unwrap_or_default()
    }

    /// What all clusters hold. Clusters without anything are left out, so that a clean slate is empty.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::of(&self.lock().clusters)
    }

    /// Every call since the start, in order, faulted ones included.
    pub fn calls(&self) -> Vec<(Call, Option<InstanceId>)> {
        self.lock().calls.clone()
    }

    /// Whether that user may log in with that password.
    pub fn login(&self, cluster: ClusterId, user: &str, password: &str) -> bool {
        self.lock()
            .clusters
            .get(&cluster)
            .is_some_and(|cluster| cluster.login(user, password).is_some())
    }

    /// Logs in; the error is what the server would say.
    pub fn connect(
        &self,
        cluster: ClusterId,
        user: &str,
        password: &str,
    ) -> Result<SimulatedSession, String> {
        let mut state = self.lock();
        state.next_session += 1;
        let number = state.next_session;
        let known = state
            .clusters
            .get_mut(&cluster)
            .ok_or("connection refused")?;
        let (instance, generation) = known.login(user, password).ok_or("login refused")?;
        known.open_session(&instance, number, generation)?;
        drop(state);
        Ok(SimulatedSession::new(
            self.clone(),
            cluster,
            instance,
            number,
        ))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that holds the lock leaves the state torn, so a panic elsewhere does not spoil it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The name of an instance on the server.
pub(crate) fn database_name(instance: impl Id) -> String {
    format!("svc_{}", short(instance))
}

/// The name of a binding's user on the server.
pub(crate) fn user_name(instance: impl Id, generation: u32) -> String {
    format!("svc_{}_{generation}", short(instance))
}
