//! All workers together: what publishes a table to them and counts over them.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use windlass_delivery::routing::{RouteTable, RouterStatus};

use crate::worker::Worker;

/// The workers and the table that is in force in all of them.
#[derive(Debug)]
pub(crate) struct Fleet {
    workers: Vec<Arc<Worker>>,
    current: Mutex<Current>,
}

#[derive(Debug, Default)]
struct Current {
    table: RouteTable,
    fault: Option<String>,
}

/// What became of an offered table.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Offer {
    /// It is in force, since now or before.
    InForce,
    /// This generation is in force and stays.
    Stale { in_force: u64 },
}

impl Fleet {
    pub(crate) fn new(workers: Vec<Arc<Worker>>) -> Self {
        Self {
            workers,
            current: Mutex::default(),
        }
    }

    pub(crate) fn workers(&self) -> &[Arc<Worker>] {
        &self.workers
    }

    pub(crate) fn table(&self) -> RouteTable {
        self.lock().table.clone()
    }

    /// What [`Fleet::publish`] would answer.
    pub(crate) fn judge(&self, table: &RouteTable) -> Offer {
        self.lock().judge(table)
    }

    /// Brings a valid table into force in every worker, unless a newer one is.
    pub(crate) fn publish(&self, table: RouteTable) -> Offer {
        let mut current = self.lock();
        let offer = current.judge(&table);
        if offer == Offer::InForce && (current.table != table || current.fault.is_some()) {
            for worker in &self.workers {
                worker.replace_table(&table);
            }
            tracing::info!(
                table.generation = table.generation,
                table.routes = table.routes.len(),
                "route table in force"
            );
            *current = Current { table, fault: None };
        }
        offer
    }

    /// Serves 503 for everything until a table comes, and says why in the status.
    pub(crate) fn set_fault(&self, reason: String) {
        let mut current = self.lock();
        for worker in &self.workers {
            worker.set_fault();
        }
        current.fault = Some(reason);
    }

    /// Requests in flight to these upstreams.
    pub(crate) fn in_flight(&self, upstreams: &[SocketAddr]) -> u64 {
        let mut counts: HashMap<SocketAddr, u64> = HashMap::new();
        for worker in &self.workers {
            worker.count_in_flight(&mut counts);
        }
        counts
            .iter()
            .filter(|(address, _)| upstreams.contains(address))
            .map(|(_, count)| count)
            .sum()
    }

    pub(crate) fn status(&self) -> RouterStatus {
        let mut counts = HashMap::new();
        for worker in &self.workers {
            worker.count_in_flight(&mut counts);
        }
        let current = self.lock();
        RouterStatus {
            generation: current.table.generation,
            routes: current.table.routes.len() as u64,
            connections: self.workers.iter().map(|worker| worker.connections()).sum(),
            in_flight: counts.values().sum(),
            fault: current.fault.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Current {
    fn judge(&self, table: &RouteTable) -> Offer {
        if *table == self.table || table.supersedes(&self.table) {
            Offer::InForce
        } else {
            Offer::Stale {
                in_force: self.table.generation,
            }
        }
    }
}
