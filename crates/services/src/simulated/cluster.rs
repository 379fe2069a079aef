//! What one simulated cluster holds.

use std::collections::{BTreeMap, BTreeSet};

use secrecy::{ExposeSecret, SecretString};
use windlass_model::id::{BindingId, OperationId};

/// A cluster.
#[derive(Default)]
pub(super) struct Cluster {
    pub(super) administrator_password: Option<SecretString>,
    pub(super) down: bool,
    /// By short id.
    pub(super) instances: BTreeMap<String, Instance>,
    /// Objects of these short ids' names that are not ours.
    pub(super) foreign: BTreeSet<String>,
}

/// An instance.
pub(super) struct Instance {
    pub(super) connection_limit: u32,
    pub(super) comment: String,
    /// Whether all of it is made; before that nobody can log in.
    pub(super) ready: bool,
    /// Whether everybody may read it.
    pub(super) public: bool,
    /// By generation.
    pub(super) users: BTreeMap<u32, User>,
    pub(super) data: BTreeMap<String, String>,
    /// The generation of each open session.
    pub(super) sessions: BTreeMap<u64, u32>,
    /// What was restored and not swapped in.
    pub(super) fresh: Option<Fresh>,
    /// The operation whose restore was swapped in last.
    pub(super) restored: Option<OperationId>,
}

/// What an operation restores beside the live data.
pub(super) struct Fresh {
    pub(super) operation: OperationId,
    /// None until all of it is there.
    pub(super) data: Option<BTreeMap<String, String>>,
}

/// A binding's user.
pub(super) struct User {
    pub(super) binding: BindingId,
    /// None while half made or half revoked: it cannot log in.
    pub(super) password: Option<SecretString>,
}

impl Cluster {
    /// The instance and generation that these credentials are of.
    pub(super) fn login(&self, user: &str, password: &str) -> Option<(String, u32)> {
        let (short, generation) = user.strip_prefix("svc_")?.split_once('_')?;
        let generation = generation.parse().ok()?;
        let instance = self
            .instances
            .get(short)
            .filter(|instance| instance.ready && !self.down)?;
        let known = instance.users.get(&generation)?.password.as_ref()?;
        (known.expose_secret() == password).then(|| (short.to_owned(), generation))
    }

    pub(super) fn open_session(
        &mut self,
        short: &str,
        number: u64,
        generation: u32,
    ) -> Result<(), String> {
        let instance = self.instances.get_mut(short).ok_or("no such instance")?;
        if instance.sessions.len()
            >= usize::try_from(instance.connection_limit).unwrap_or(usize::MAX)
        {
            return Err("too many connections".to_owned());
        }
        instance.sessions.insert(number, generation);
        Ok(())
    }

    pub(super) fn end_all_sessions(&mut self) {
        for instance in self.instances.values_mut() {
            instance.sessions.clear();
        }
    }
}
