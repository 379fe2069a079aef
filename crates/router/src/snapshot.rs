//! The route table as one worker uses it: immutable, replaced whole.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::HeaderValue;
use windlass_delivery::routing::RouteTable;
use windlass_model::id::EnvironmentId;

use crate::upstream::{InFlight, Upstream};

/// One table with the worker's own upstreams.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    hosts: HashMap<Box<str>, Destination>,
    /// No usable table was ever read: an unknown host may well exist.
    is_fault: bool,
}

#[derive(Debug)]
struct Destination {
    /// None behind the server's own hosts.
    environment: Option<EnvironmentId>,
    upstreams: Box<[Arc<Upstream>]>,
    upstream_host: Option<HeaderValue>,
    next: AtomicUsize,
}

/// What the table says about a host.
#[derive(Debug)]
pub(crate) enum Choice {
    /// With the `Host` that it is to be given, if not the request's own.
    Upstream(Option<EnvironmentId>, InFlight, Option<HeaderValue>),
    NotDeployed,
    UnknownHost,
    NoTable,
}

impl Snapshot {
    /// The snapshot of a router without a usable table.
    pub(crate) fn fault() -> Self {
        Self {
            hosts: HashMap::new(),
            is_fault: true,
        }
    }

    /// Makes the snapshot of a table; upstreams that stay keep their connections and counts.
    pub(crate) fn of(table: &RouteTable, previous: &Self) -> Self {
        let mut known = previous.upstreams();
        let environments = table.routes.iter().map(|route| {
            let told = route.upstream_host.as_deref();
            (&route.host, Some(route.environment), &route.upstreams, told)
        });
        let own = table
            .own
            .iter()
            .map(|route| (&route.host, None, &route.upstreams, None));
        let hosts = environments
            .chain(own)
            .map(|(host, environment, upstreams, told)| {
                let upstreams = upstreams
                    .iter()
                    .map(|address| {
                        Arc::clone(
                            known
                                .entry(*address)
                                .or_insert_with(|| Arc::new(Upstream::new(*address))),
                        )
                    })
                    .collect();
                let destination = Destination {
                    environment,
                    upstreams,
                    upstream_host: told.map(|host| {
                        HeaderValue::from_str(host).expect("a table is validated before")
                    }),
                    next: AtomicUsize::new(0),
                };
                (host.as_str().into(), destination)
            })
            .collect();
        Self {
            hosts,
            is_fault: false,
        }
    }

    /// Every upstream once.
    pub(crate) fn upstreams(&self) -> HashMap<SocketAddr, Arc<Upstream>> {
        self.hosts
            .values()
            .flat_map(|destination| &destination.upstreams)
            .map(|upstream| (upstream.address, Arc::clone(upstream)))
            .collect()
    }

    /// Chooses an upstream for a host, another than `avoid` where there is one. None when the chosen
    /// one was retired meanwhile: then a newer snapshot is in force.
    pub(crate) fn choose(&self, host: &str, avoid: Option<SocketAddr>) -> Option<Choice> {
        let Some(destination) = self.hosts.get(host) else {
            return Some(if self.is_fault {
                Choice::NoTable
            } else {
                Choice::UnknownHost
            });
        };
        let Some(upstream) = destination.least_busy(avoid) else {
            return Some(Choice::NotDeployed);
        };
        let in_flight = InFlight::begin(upstream)?;
        Some(Choice::Upstream(
            destination.environment,
            in_flight,
            destination.upstream_host.clone(),
        ))
    }
}

impl Destination {
    /// The upstream with the fewest requests of this worker, taking turns among equals.
    fn least_busy(&self, avoid: Option<SocketAddr>) -> Option<&Arc<Upstream>> {
        if let [only] = &*self.upstreams {
            return Some(only);
        }
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        let count = self.upstreams.len();
        (0..count)
            .map(|offset| &self.upstreams[turn.wrapping_add(offset) % count])
            .min_by_key(|upstream| {
                (
                    avoid == Some(upstream.address),
                    upstream.is_suspended(),
                    upstream.in_flight(),
                )
            })
    }
}
