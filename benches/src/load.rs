//! Requests at a steady rate, each of which must be answered well.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};

use crate::http::{Connection, get};
use crate::samples::Samples;

/// So many may be on their way at once; at 500 a second, enough for answers that take 100 ms.
const CLIENTS: usize = 50;
/// Every so many requests one comes over a new connection, as from a new visitor; the others over
/// connections that stay open, which is where a switch is most easily felt.
const NEW_CONNECTION: u64 = 10;
/// An answer that takes longer has failed.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A running load.
#[derive(Debug)]
pub(crate) struct Load {
    shared: Arc<Shared>,
    clients: Vec<JoinHandle<Tally>>,
}

#[derive(Debug)]
struct Shared {
    address: SocketAddr,
    request: Vec<u8>,
    rate: u64,
    started: Instant,
    next: AtomicU64,
    stop: AtomicBool,
}

#[derive(Debug, Default)]
struct Tally {
    milliseconds: Vec<f64>,
    failures: BTreeMap<String, u64>,
}

/// What became of the requests.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) requests: u64,
    pub(crate) seconds: f64,
    /// From when they were due to the whole answer, in milliseconds; of those that succeeded.
    pub(crate) latencies: Samples,
    pub(crate) failures: BTreeMap<String, u64>,
}

impl Load {
    /// Begins to send `rate` requests a second for `/` of a host. They are due at fixed times, whatever the
    /// answers take: a pause makes late answers, not fewer requests.
    pub(crate) fn start(address: SocketAddr, host: &str, rate: u64) -> Self {
        let shared = Arc::new(Shared {
            address,
            request: get(host),
            rate,
            started: Instant::now(),
            next: AtomicU64::new(0),
            stop: AtomicBool::new(false),
        });
        let clients = (0..CLIENTS)
            .map(|_| {
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || shared.send())
            })
            .collect();
        Self { shared, clients }
    }

    /// Sends no more, and waits for the answers that are due.
    pub(crate) fn finish(self) -> Result<Outcome> {
        self.shared.stop.store(true, Ordering::Relaxed);
        let seconds = self.shared.started.elapsed().as_secs_f64();
        let (mut latencies, mut failures) = (Vec::new(), BTreeMap::new());
        for client in self.clients {
            let tally = client
                .join()
                .map_err(|_| anyhow!("a client of the load panicked"))?;
            latencies.extend(tally.milliseconds);
            for (why, count) in tally.failures {
                *failures.entry(why).or_default() += count;
            }
        }
        let failed: u64 = failures.values().sum();
        let requests = u64::try_from(latencies.len())? + failed;
        let latencies = Samples::new(latencies)
            .ok_or_else(|| anyhow!("no request was answered: {failures:?}"))?;
        Ok(Outcome {
            requests,
            seconds,
            latencies,
            failures,
        })
    }
}

impl Shared {
    fn send(&self) -> Tally {
        let mut tally = Tally::default();
        let mut connection = None;
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let due = self.started + Duration::from_nanos(number * 1_000_000_000 / self.rate);
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            if self.stop.load(Ordering::Relaxed) {
                return tally;
            }
            if number.is_multiple_of(NEW_CONNECTION) {
                connection = None;
            }
            match self.ask(&mut connection) {
                Ok(()) => tally
                    .milliseconds
                    .push(due.elapsed().as_secs_f64() * 1000.0),
                Err(why) => {
                    connection = None;
                    *tally.failures.entry(why).or_default() += 1;
                }
            }
        }
    }

    /// One request, never repeated. The reason of a failure has no more detail than can be counted.
    fn ask(&self, connection: &mut Option<Connection>) -> Result<(), String> {
        let mut open = match connection.take() {
            Some(open) => open,
            None => Connection::open(self.address, TIMEOUT)
                .map_err(|error| format!("connecting: {}", error.kind()))?,
        };
        let response = open
            .exchange(&self.request)
            .map_err(|error| format!("reading: {}", error.kind()))?;
        if response.stays_open {
            *connection = Some(open);
        }
        if response.status == 200 {
            Ok(())
        } else {
            Err(format!("status {}", response.status))
        }
    }
}
