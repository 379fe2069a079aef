//! Requests at a steady rate while something else happens; every one that is not answered with 200 counts.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::http::{self, Connection};

/// The load on one host.
pub(crate) struct Load {
    stop: Arc<AtomicBool>,
    sent: Arc<AtomicU64>,
    failures: Arc<Mutex<Vec<String>>>,
    threads: Vec<JoinHandle<()>>,
}

impl Load {
    /// Starts `threads` threads that each send a request every `every`; the odd ones on a connection that
    /// they keep, the others on a new one each time.
    pub(crate) fn start(
        sites: SocketAddr,
        host: &str,
        path: &str,
        threads: usize,
        every: Duration,
    ) -> Self {
        let mut load = Self {
            stop: Arc::default(),
            sent: Arc::default(),
            failures: Arc::default(),
            threads: Vec::new(),
        };
        for number in 0..threads {
            let (stop, sent, failures) =
                (load.stop.clone(), load.sent.clone(), load.failures.clone());
            let (host, path) = (host.to_owned(), path.to_owned());
            load.threads.push(thread::spawn(move || {
                let mut kept = None;
                let mut next = Instant::now();
                while !stop.load(Ordering::Relaxed) {
                    let answer = if number % 2 == 1 {
                        on_kept(&mut kept, sites, &host, &path)
                    } else {
                        http::once(sites, "GET", &path, &host, &[], b"")
                    };
                    sent.fetch_add(1, Ordering::Relaxed);
                    let failure = match answer {
                        Ok(answer) if answer.status == 200 => None,
                        Ok(answer) => Some(format!("status {}: {}", answer.status, answer.text())),
                        Err(error) => Some(format!("no answer: {error}")),
                    };
                    if let Some(failure) = failure {
                        kept = None;
                        failures.lock().expect("no panic").push(failure);
                    }
                    next += every;
                    thread::sleep(next.saturating_duration_since(Instant::now()));
                }
            }));
        }
        load
    }

    /// One thread that looks at a site ten times a second.
    pub(crate) fn watch(sites: SocketAddr, host: &str) -> Self {
        Self::start(sites, host, "/", 1, Duration::from_millis(100))
    }

    /// Ends it: none may have failed. Gives how many were sent.
    #[track_caller]
    pub(crate) fn end(mut self) -> u64 {
        let sent = self.join();
        let failures = self.failures.lock().expect("no panic").clone();
        assert!(sent > 0, "no request was sent");
        assert!(
            failures.is_empty(),
            "{} of {sent} requests failed: {:#?}",
            failures.len(),
            &failures[..failures.len().min(10)]
        );
        sent
    }

    fn join(&mut self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            thread.join().expect("no panic");
        }
        self.sent.load(Ordering::Relaxed)
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.join();
    }
}

/// A request on a connection that is kept; the server may close it only when it has said so.
fn on_kept(
    kept: &mut Option<Connection>,
    sites: SocketAddr,
    host: &str,
    path: &str,
) -> std::io::Result<http::Answer> {
    if kept.as_ref().is_none_or(|connection| connection.closing) {
        *kept = Some(Connection::open(sites)?);
    }
    let connection = kept.as_mut().expect("it was opened");
    connection.send(&http::request("GET", path, host, &[], b""))?;
    connection.receive()
}
