//! A router without sockets, for tests of everything above the router.

use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use super::{Drained, Error, Published, RouteTable, RouterControl, RouterState, RouterStatus};

/// Keeps the published table in memory and follows the contract; fails and refuses on demand.
#[derive(Debug, Default)]
pub struct SimulatedRouter {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    table: RouteTable,
    absent: bool,
    failures: u32,
    lost_answers: u32,
    in_flight: Vec<(SocketAddr, u64)>,
}

impl SimulatedRouter {
    /// The table in force.
    pub fn table(&self) -> RouteTable {
        self.lock().table.clone()
    }

    /// Stops (`true`) or starts the router; publications still reach the table, as they reach the disk.
    pub fn set_absent(&self, absent: bool) {
        self.lock().absent = absent;
    }

    /// Lets the next publications fail before they have any effect.
    pub fn fail_publications(&self, count: u32) {
        self.lock().failures = count;
    }

    /// Lets the next publications take effect and then report a time-out.
    pub fn lose_answers(&self, count: u32) {
        self.lock().lost_answers = count;
    }

    /// Sets how many requests are in flight to an upstream; a drain reports them at once.
    pub fn set_in_flight(&self, upstream: SocketAddr, count: u64) {
        let mut state = self.lock();
        state.in_flight.retain(|(address, _)| *address != upstream);
        state.in_flight.push((upstream, count));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl RouterControl for SimulatedRouter {
    async fn publish(&self, table: &RouteTable) -> Result<Published, Error> {
        table.validate()?;
        let mut state = self.lock();
        if state.failures > 0 {
            state.failures -= 1;
            return Err(Error::Write {
                path: "simulated".into(),
                replaced: false,
                source: std::io::ErrorKind::StorageFull.into(),
            });
        }
        if table.supersedes(&state.table) {
            state.table = table.clone();
        } else if state.table != *table {
            return Err(Error::Stale {
                offered: table.generation,
                in_force: state.table.generation,
            });
        }
        if state.lost_answers > 0 {
            state.lost_answers -= 1;
            return Err(Error::TimedOut {
                action: "publish the route table",
                socket: "simulated".into(),
                after: Duration::from_secs(1),
            });
        }
        Ok(if state.absent {
            Published::RouterAbsent
        } else {
            Published::InForce
        })
    }

    async fn table(&self) -> Result<RouteTable, Error> {
        Ok(self.lock().table.clone())
    }

    async fn drain(&self, upstreams: &[SocketAddr], _: Duration) -> Result<Drained, Error> {
        let state = self.lock();
        let in_flight = state
            .in_flight
            .iter()
            .filter(|(address, _)| !state.absent && upstreams.contains(address))
            .map(|(_, count)| count)
            .sum();
        Ok(Drained { in_flight })
    }

    async fn status(&self) -> Result<RouterState, Error> {
        let state = self.lock();
        if state.absent {
            return Ok(RouterState::Absent);
        }
        Ok(RouterState::Running(RouterStatus {
            generation: state.table.generation,
            routes: u64::try_from(state.table.routes.len()).unwrap_or(u64::MAX),
            connections: 0,
            in_flight: state.in_flight.iter().map(|(_, count)| count).sum(),
            fault: None,
            version: "simulated".to_owned(),
        }))
    }
}
