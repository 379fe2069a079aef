//! Losing a lease: the work is dropped at once, and what it still writes is refused.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;
use windlass_model::id::OperationId;
use windlass_model::time::Timestamp;
use windlass_operations::{
    Clock, Created, Done, Event, EventRecord, Fence, NewOperation, Operation, OperationState,
    OperationStore, StepState, StoreError,
};

use super::scripted::{Bench, LONG, Scripted, spec};
use super::toy::{Change, Store};

/// Counts the calls that are under way.
struct Alive(Arc<AtomicU32>);

impl Alive {
    fn new(count: &Arc<AtomicU32>) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(count))
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

fn endless(alive: &Arc<AtomicU32>) -> Scripted {
    let alive = Arc::clone(alive);
    Scripted::new(
        vec![windlass_operations::StepSpec::new("one", LONG, 3)],
        move |_| {
            let guard = Alive::new(&alive);
            async move {
                let _guard = guard;
                std::future::pending().await
            }
        },
    )
}

async fn at_work(bench: &Bench, alive: &AtomicU32, id: OperationId) -> Operation {
    while alive.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    bench.load(id).await
}

#[tokio::test(start_paused = true)]
async fn a_lost_lease_drops_the_step() {
    let bench = Bench::new();
    let alive = Arc::new(AtomicU32::new(0));
    let server = bench.server_with(vec![Arc::new(endless(&alive))], |settings| {
        settings.concurrency = 1;
    });
    let id = server.submit("e").await;
    let before = at_work(&bench, &alive, id).await;
    // Another server takes over the store and claims.
    bench.store.take_over(bench.clock.now()).await.unwrap();
    let claimed = bench
        .store
        .claim("other", bench.clock.now(), 3_600_000)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(claimed.id, id);
    let begun = Instant::now();
    while alive.load(Ordering::SeqCst) > 0 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(
            begun.elapsed() < Duration::from_secs(11),
            "the step goes on without a lease"
        );
    }
    let event = Event::StepDone {
        step: "one".to_owned(),
        output: None,
    };
    let stale = bench
        .store
        .record(
            id,
            Fence::Epoch(before.epoch),
            bench.clock.now(),
            &event,
            &[],
        )
        .await;
    assert!(
        matches!(stale, Err(StoreError::LostLease(lost)) if lost == id),
        "{stale:?}"
    );
    let now = bench.load(id).await;
    assert_eq!(
        (now.owner.as_deref(), now.steps[0].state),
        (Some("other"), StepState::Started)
    );
}

/// A store whose heartbeats do not get through.
struct Deaf {
    inner: Arc<Store>,
    unplugged: AtomicBool,
    hangs: bool,
    /// How late the answer to a recorded failure comes.
    late: Duration,
}

#[async_trait]
impl OperationStore for Deaf {
    type Change = Change;

    async fn create(&self, new: NewOperation, changes: Vec<Change>) -> Result<Created, StoreError> {
        self.inner.create(new, changes).await
    }
    async fn claim(
        &self,
        owner: &str,
        now: Timestamp,
        lease_millis: i64,
    ) -> Result<Option<Operation>, StoreError> {
        self.inner.claim(owner, now, lease_millis).await
    }
    async fn take_over(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.inner.take_over(now).await
    }
    async fn heartbeat(
        &self,
        id: OperationId,
        epoch: i64,
        lease_until: Timestamp,
    ) -> Result<(), StoreError> {
        if self.unplugged.load(Ordering::SeqCst) {
            if self.hangs {
                std::future::pending::<()>().await;
            }
            return Err(StoreError::Unavailable {
                message: "unplugged".to_owned(),
                transient: true,
            });
        }
        self.inner.heartbeat(id, epoch, lease_until).await
    }
    async fn record_all(
        &self,
        id: OperationId,
        fence: Fence,
        at: Timestamp,
        events: &[Event],
        changes: &[Change],
    ) -> Result<Operation, StoreError> {
        let recorded = self.inner.record_all(id, fence, at, events, changes).await;
        if matches!(events, [Event::StepFailed { .. }]) {
            tokio::time::sleep(self.late).await;
        }
        recorded
    }
    async fn release_lease(&self, id: OperationId, epoch: i64) -> Result<(), StoreError> {
        self.inner.release_lease(id, epoch).await
    }
    async fn load(&self, id: OperationId) -> Result<Option<Operation>, StoreError> {
        self.inner.load(id).await
    }
    async fn events(
        &self,
        id: OperationId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<EventRecord>, StoreError> {
        self.inner.events(id, after, limit).await
    }
    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        self.inner.next_due().await
    }
}

#[tokio::test(start_paused = true)]
async fn without_heartbeats_the_work_is_dropped_before_the_lease_ends() {
    for hangs in [false, true] {
        let bench = Bench::new();
        let alive = Arc::new(AtomicU32::new(0));
        let deaf = Arc::new(Deaf {
            inner: Arc::clone(&bench.store),
            unplugged: AtomicBool::new(false),
            hangs,
            late: Duration::ZERO,
        });
        let store: Arc<dyn OperationStore<Change = Change>> = Arc::<Deaf>::clone(&deaf);
        let server = bench.server_on(store, vec![Arc::new(endless(&alive))], |_| {});
        let id = server.submit("e").await;
        at_work(&bench, &alive, id).await;
        // Heartbeats keep it far beyond one lease.
        tokio::time::sleep(Duration::from_secs(100)).await;
        assert_eq!(
            (alive.load(Ordering::SeqCst), bench.load(id).await.epoch),
            (1, 1)
        );
        deaf.unplugged.store(true, Ordering::SeqCst);
        let begun = Instant::now();
        while alive.load(Ordering::SeqCst) > 0 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert!(
            begun.elapsed() <= Duration::from_secs(21),
            "{:?}",
            begun.elapsed()
        );
        assert!(
            bench.load(id).await.lease_until > bench.clock.now(),
            "dropped only after the lease had ended"
        );
        // Its lease runs out, and it is claimed again.
        deaf.unplugged.store(false, Ordering::SeqCst);
        while alive.load(Ordering::SeqCst) == 0 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            assert!(
                begun.elapsed() < Duration::from_secs(40),
                "nobody claims it"
            );
        }
        assert_eq!(bench.load(id).await.epoch, 2);
    }
}

#[tokio::test(start_paused = true)]
async fn two_servers_never_work_on_one_operation() {
    let bench = Bench::new();
    let alive = Arc::new(AtomicU32::new(0));
    let definition = || {
        let alive = Arc::clone(&alive);
        Scripted::new(vec![spec("one"), spec("two")], move |context| {
            let guard = Alive::new(&alive);
            assert_eq!(alive.load(Ordering::SeqCst), 1, "two at once");
            async move {
                let _guard = guard;
                tokio::time::sleep(Duration::from_secs(45)).await;
                if context.attempt < 3 {
                    return Err(windlass_operations::Failure::transient("again", "again"));
                }
                Ok(Done::default())
            }
        })
    };
    let one = bench.server(definition());
    let _two = bench.server_with(vec![Arc::new(definition())], |settings| {
        "two".clone_into(&mut settings.owner);
    });
    let id = one.submit("e").await;
    let operation = one.rest(id).await;
    assert_eq!(operation.state, OperationState::Succeeded);
    assert_eq!(
        operation
            .steps
            .iter()
            .map(|step| step.attempt)
            .collect::<Vec<_>>(),
        [3, 3]
    );
}

#[tokio::test(start_paused = true)]
async fn a_retry_takes_a_new_claim_even_when_it_is_due_at_once() {
    let bench = Bench::new();
    // The answer to the failure comes when the pause before the retry is over, and nobody polls meanwhile.
    let late = Arc::new(Deaf {
        inner: Arc::clone(&bench.store),
        unplugged: AtomicBool::new(false),
        hangs: false,
        late: Duration::from_secs(5),
    });
    let definition = Scripted::new(vec![spec("one")], |context| async move {
        assert!(context.operation.owner.is_some(), "at work without a lease");
        if context.attempt == 1 {
            return Err(windlass_operations::Failure::transient("again", "again"));
        }
        Ok(Done::default())
    });
    let server = bench.server_on(late, vec![Arc::new(definition)], |settings| {
        settings.poll = LONG;
    });
    let id = server.submit("e").await;
    let operation = server.rest(id).await;
    assert_eq!(
        (operation.state, operation.steps[0].attempt, operation.epoch),
        (OperationState::Succeeded, 2, 2)
    );
}
