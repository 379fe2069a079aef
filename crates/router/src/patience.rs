//! How long a client connection may wait: for the client's next head, or for an upstream's answer.
//!
//! A timer for each request costs more than routing it. Here a request only notes a deadline in ticks of
//! its worker's clock, and whoever is overdue is woken at a tick. Nothing ticks without connections.

use std::convert::Infallible;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Waker};
use std::time::Duration;

use tokio::sync::Notify;

use crate::settings::Timeouts;

/// Time-outs end up to two ticks late: nothing on time-outs of a minute.
const LONGEST_TICK: Duration = Duration::from_secs(1);

/// The clock of one worker: coarse, and read without a system call.
#[derive(Debug)]
pub(crate) struct Clock {
    tick: Duration,
    /// Ticks until a client is late with a head, and an upstream with its answer.
    request_header: u32,
    response_header: u32,
    now: AtomicU32,
    connections: Mutex<Vec<Weak<Patience>>>,
    has_connections: Notify,
}

impl Clock {
    pub(crate) fn new(timeouts: &Timeouts) -> Self {
        let shortest = timeouts.request_header.min(timeouts.response_header);
        let tick = (shortest / 4).clamp(Duration::from_millis(1), LONGEST_TICK);
        let ticks = |time_out: Duration| {
            // One more, because the current tick is not a whole one.
            u32::try_from(time_out.as_nanos().div_ceil(tick.as_nanos()) + 1).unwrap_or(u32::MAX / 2)
        };
        Self {
            tick,
            request_header: ticks(timeouts.request_header),
            response_header: ticks(timeouts.response_header),
            now: AtomicU32::new(0),
            connections: Mutex::default(),
            has_connections: Notify::new(),
        }
    }

    /// Ticks while there are connections, and wakes those that are overdue.
    pub(crate) async fn run(&self) -> Infallible {
        loop {
            if self.connections().is_empty() {
                self.has_connections.notified().await;
            }
            tokio::time::sleep(self.tick).await;
            self.now.fetch_add(1, Ordering::Relaxed);
            self.connections().retain(|connection| {
                let connection = connection.upgrade();
                if let Some(patience) = &connection {
                    patience.wake_if_overdue();
                }
                connection.is_some()
            });
        }
    }

    fn connections(&self) -> MutexGuard<'_, Vec<Weak<Patience>>> {
        self.connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// What one client connection waits for, and until when.
#[derive(Debug)]
pub(crate) struct Patience {
    clock: Arc<Clock>,
    /// How many ticks the wait may last without a move; 0 while nothing is waited for.
    limit: AtomicU32,
    last_move: AtomicU32,
    task: Mutex<Option<Waker>>,
}

impl Patience {
    /// The patience with a new connection: its first head is awaited.
    pub(crate) fn new(clock: &Arc<Clock>) -> Arc<Self> {
        let patience = Arc::new(Self {
            clock: Arc::clone(clock),
            limit: AtomicU32::new(0),
            last_move: AtomicU32::new(0),
            task: Mutex::default(),
        });
        patience.wait_for_client();
        let mut connections = clock.connections();
        connections.push(Arc::downgrade(&patience));
        if connections.len() == 1 {
            clock.has_connections.notify_one();
        }
        drop(connections);
        patience
    }

    /// Notes which task is to be woken.
    pub(crate) fn wake_task_of(&self, context: &Context<'_>) {
        *self.task() = Some(context.waker().clone());
    }

    /// The task has ended. A tunnel may outlive it, which need not keep its memory.
    pub(crate) fn forget_task(&self) {
        *self.task() = None;
    }

    /// From now on the client's next head is awaited.
    pub(crate) fn wait_for_client(&self) {
        self.wait(self.clock.request_header);
    }

    /// From now on an upstream's answer is awaited.
    pub(crate) fn wait_for_upstream(&self) {
        self.wait(self.clock.response_header);
    }

    /// From now on nothing is awaited that has a time-out.
    pub(crate) fn rest(&self) {
        self.limit.store(0, Ordering::Relaxed);
    }

    /// Something moved: a wait starts again.
    pub(crate) fn moved(&self) {
        self.last_move.store(self.now(), Ordering::Relaxed);
    }

    pub(crate) fn is_overdue(&self) -> bool {
        let limit = self.limit.load(Ordering::Relaxed);
        let waited = self
            .now()
            .wrapping_sub(self.last_move.load(Ordering::Relaxed));
        limit > 0 && waited >= limit
    }

    fn wait(&self, limit: u32) {
        self.moved();
        self.limit.store(limit, Ordering::Relaxed);
    }

    fn now(&self) -> u32 {
        self.clock.now.load(Ordering::Relaxed)
    }

    fn wake_if_overdue(&self) {
        if !self.is_overdue() {
            return;
        }
        if let Some(task) = &*self.task() {
            task.wake_by_ref();
        }
    }

    fn task(&self) -> MutexGuard<'_, Option<Waker>> {
        self.task.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(clock: &Clock, ticks: u32) {
        clock.now.fetch_add(ticks, Ordering::Relaxed);
    }

    #[test]
    fn who_waits_is_overdue_after_the_time_out_and_not_before() {
        let clock = Arc::new(Clock::new(&Timeouts {
            request_header: Duration::from_secs(4),
            response_header: Duration::from_secs(2),
            ..Timeouts::default()
        }));
        assert_eq!(clock.tick, Duration::from_millis(500));
        let patience = Patience::new(&clock);
        after(&clock, 8);
        assert!(!patience.is_overdue(), "the first tick was not whole");
        after(&clock, 1);
        assert!(patience.is_overdue());
        patience.rest();
        assert!(!patience.is_overdue());
        patience.wait_for_upstream();
        after(&clock, 4);
        patience.moved();
        after(&clock, 4);
        assert!(!patience.is_overdue());
        after(&clock, 1);
        assert!(patience.is_overdue());
    }

    #[tokio::test]
    async fn the_clock_wakes_who_is_overdue_and_forgets_who_is_gone() {
        let clock = Arc::new(Clock::new(&Timeouts {
            request_header: Duration::from_millis(4),
            ..Timeouts::default()
        }));
        let ticking = tokio::spawn({
            let clock = Arc::clone(&clock);
            async move { clock.run().await }
        });
        let patience = Patience::new(&clock);
        let overdue = std::future::poll_fn(|context| {
            patience.wake_task_of(context);
            if patience.is_overdue() {
                std::task::Poll::Ready(())
            } else {
                std::task::Poll::Pending
            }
        });
        let deadline = Duration::from_secs(10);
        tokio::time::timeout(deadline, overdue).await.unwrap();
        drop(patience);
        let forgotten = async {
            while !clock.connections().is_empty() {
                tokio::time::sleep(clock.tick).await;
            }
        };
        tokio::time::timeout(deadline, forgotten).await.unwrap();
        ticking.abort();
    }
}
