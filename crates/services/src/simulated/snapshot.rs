//! What the simulated clusters hold, for comparison.

use std::collections::{BTreeMap, BTreeSet};

use windlass_model::id::ClusterId;

use super::cluster::Cluster;

/// All that is on the clusters, without secrets and without what is foreign.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Snapshot {
    /// The instances of each cluster that has any, by the short ids in their names.
    pub clusters: BTreeMap<ClusterId, BTreeMap<String, InstanceSnapshot>>,
}

/// One instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceSnapshot {
    /// Its connection limit.
    pub connection_limit: u32,
    /// Its comment.
    pub comment: String,
    /// Whether all of it is made.
    pub is_ready: bool,
    /// Whether everybody may read it.
    pub is_public: bool,
    /// The users that can log in.
    pub users: BTreeSet<String>,
    /// The users that cannot: half made or half revoked.
    pub locked_users: BTreeSet<String>,
    /// Its data.
    pub data: BTreeMap<String, String>,
    /// Whether something was restored beside the data, whole or in part, and not swapped in.
    pub has_fresh: bool,
    /// Open sessions.
    pub sessions: usize,
}

impl Snapshot {
    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.clusters.is_empty()
    }

    /// The instance of that short id, whichever cluster it is on.
    pub fn instance(&self, short: &str) -> Option<&InstanceSnapshot> {
        self.clusters
            .values()
            .find_map(|instances| instances.get(short))
    }

    pub(super) fn of(clusters: &BTreeMap<ClusterId, Cluster>) -> Self {
        let held = clusters
            .iter()
            .filter(|(_, cluster)| !cluster.instances.is_empty());
        Self {
            clusters: held
                .map(|(id, cluster)| (*id, instances(cluster)))
                .collect(),
        }
    }
}

fn instances(cluster: &Cluster) -> BTreeMap<String, InstanceSnapshot> {
    let of = |short: &String, can_login: bool| {
        let users = cluster.instances[short].users.iter();
        let chosen = users.filter(move |(_, user)| user.password.is_some() == can_login);
        chosen
            .map(|(generation, _)| format!("svc_{short}_{generation}"))
            .collect()
    };
    let instances = cluster.instances.iter();
    instances
        .map(|(short, instance)| {
            let snapshot = InstanceSnapshot {
                connection_limit: instance.connection_limit,
                comment: instance.comment.clone(),
                is_ready: instance.ready,
                is_public: instance.public,
                users: of(short, true),
                locked_users: of(short, false),
                data: instance.data.clone(),
                has_fresh: instance.fresh.is_some(),
                sessions: instance.sessions.len(),
            };
            (short.clone(), snapshot)
        })
        .collect()
}
