//! One play: an operation from its creation to its end, through crashes and restarts.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::definition::FaultyDefinition;
use super::fault::{Fault, Hook};
use super::injector::Injector;
use super::scenario::{Scenario, Stage};
use super::store::HookedStore;
use super::verdict::Violation;
use crate::clock::{Clock, SystemClock};
use crate::core::{RetryPolicy, apply};
use crate::definition::Definition;
use crate::event::Event;
use crate::operation::{Operation, OperationState};
use crate::runner::{Runner, RunnerSettings};
use crate::store::{Fence, OperationStore, StoreError};

/// How many times the harness, as the operator, retries what needs attention before it calls it stuck.
const OPERATOR_RETRIES: u32 = 10;
/// How many events are read at once for the replay.
const PAGE: u32 = 500;

/// Plays one scenario with faults.
pub struct Harness<S> {
    pub(super) scenario: S,
    /// The clock of the runners. With paused time: [`super::TokioClock`].
    pub clock: Arc<dyn Clock>,
    /// The settings of the runners; retries come after a millisecond.
    pub settings: RunnerSettings,
    /// How long one play may take.
    pub limit: Duration,
}

/// How a play went.
#[derive(Debug, Clone)]
pub struct Play {
    /// The operation in the end.
    pub operation: Operation,
    /// Every hook that was passed, in order.
    pub visits: Vec<Hook>,
    /// How many of the planned faults happened.
    pub fired: usize,
    /// Whether a cancel was accepted that leads back.
    pub went_back: bool,
    /// How often an operator had to retry.
    pub retries: u32,
}

/// What goes wrong throughout a play, besides the faults at single visits.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Throughout {
    pub(super) always_twice: bool,
    pub(super) undo_failures: u32,
}

impl<S> Harness<S> {
    /// A harness in real time.
    pub fn new(scenario: S) -> Self {
        let mut settings = RunnerSettings::new("harness");
        settings.poll = Duration::from_millis(20);
        settings.progress_interval = Duration::ZERO;
        settings.retry = RetryPolicy {
            first: Duration::from_millis(1),
            max: Duration::from_millis(1),
            forward_attempts: 5,
            undo_attempts: 5,
            permanent_attempts: 3,
        };
        Self {
            scenario,
            clock: Arc::new(SystemClock),
            settings,
            limit: Duration::from_mins(1),
        }
    }

    /// The same with another clock.
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Plays the operation once with these faults, and checks everything that holds for any play.
    pub async fn play<C>(&self, plan: &[Fault]) -> Result<Play, Violation>
    where
        C: Clone + Send + Sync + 'static,
        S: Scenario<C>,
    {
        self.play_with(plan, Throughout::default()).await
    }

    pub(super) async fn play_with<C>(
        &self,
        plan: &[Fault],
        throughout: Throughout,
    ) -> Result<Play, Violation>
    where
        C: Clone + Send + Sync + 'static,
        S: Scenario<C>,
    {
        let Throughout {
            always_twice,
            undo_failures,
        } = throughout;
        let injector = Arc::new(Injector::new(plan.to_vec(), always_twice, undo_failures));
        let played = self.play_out(&injector).await;
        injector.end();
        played.map_err(|what| {
            let mut faults: Vec<String> = plan.iter().map(Fault::to_string).collect();
            if always_twice {
                faults.push("each call twice".to_owned());
            }
            if undo_failures > 0 {
                faults.push(format!("each undo fails {undo_failures} times"));
            }
            Violation {
                plan: faults.join(", "),
                what,
            }
        })
    }

    async fn play_out<C>(&self, injector: &Arc<Injector<C>>) -> Result<Play, String>
    where
        C: Clone + Send + Sync + 'static,
        S: Scenario<C>,
    {
        let Stage {
            store,
            definition,
            submission,
            changes,
            world,
        } = self.scenario.stage().await?;
        let id = submission.id;
        let hooked: Arc<dyn OperationStore<Change = C>> = Arc::new(HookedStore {
            inner: Arc::clone(&store),
            injector: Arc::clone(injector),
        });
        let faulty: Arc<dyn Definition<C>> = Arc::new(FaultyDefinition {
            inner: definition,
            injector: Arc::clone(injector),
        });
        let server = || {
            let definitions = vec![Arc::clone(&faulty)];
            Runner::new(
                Arc::clone(&hooked),
                definitions,
                Arc::clone(&self.clock),
                self.settings.clone(),
            )
        };

        let mut runner = server();
        let created = runner
            .submit(submission, changes)
            .await
            .map_err(|error| error.to_string())?
            .operation();
        let mut retries = 0;
        let operation = loop {
            let stop = CancellationToken::new();
            injector.serve(runner.clone(), id, stop.clone());
            let mut running = JoinSet::new();
            let (serving, stopping) = (runner.clone(), stop.clone());
            running.spawn(async move { serving.run(stopping).await });
            let rested = tokio::select! {
                biased;
                () = injector.crashed() => {
                    running.shutdown().await;
                    self.take_over(store.as_ref(), id).await?;
                    None
                }
                _ = running.join_next() => None,
                rested = runner.wait(id, self.limit) => {
                    let operation = rested.map_err(|error| error.to_string())?;
                    stop.cancel();
                    running.shutdown().await;
                    Some(operation)
                }
            };
            match rested {
                Some(operation) if operation.state.is_finished() => break operation,
                Some(operation) if operation.state == OperationState::NeedsAttention => {
                    retries += 1;
                    if retries > OPERATOR_RETRIES {
                        return Err(format!("it needs attention again and again: {operation:?}"));
                    }
                    runner
                        .retry(id, "harness")
                        .await
                        .map_err(|error| error.to_string())?;
                }
                Some(operation) => {
                    return Err(format!(
                        "it has not come to rest within the limit: {operation:?}"
                    ));
                }
                None => {}
            }
            runner = server();
        };

        replay(store.as_ref(), created, &operation).await?;
        match operation.state {
            OperationState::Succeeded => self.scenario.assert_success(&world).await?,
            OperationState::RolledBack => self.scenario.assert_clean(&world).await?,
            other => return Err(format!("it ended as {}", other.as_str())),
        }
        Ok(Play {
            operation,
            visits: injector.visits(),
            fired: injector.fired(),
            went_back: injector.went_back(),
            retries,
        })
    }

    /// What the next server does first; the dead one must then be refused.
    async fn take_over<C: Clone + Send + Sync + 'static>(
        &self,
        store: &dyn OperationStore<Change = C>,
        id: windlass_model::id::OperationId,
    ) -> Result<(), String> {
        let load = || async {
            let loaded = store.load(id).await.map_err(|error| error.to_string())?;
            loaded.ok_or_else(|| "the operation is gone".to_owned())
        };
        let before = load().await?;
        store
            .take_over(self.clock.now())
            .await
            .map_err(|error| error.to_string())?;
        let Some(step) = before.steps.first().filter(|_| !before.state.is_finished()) else {
            return Ok(());
        };
        let event = Event::StepStarted {
            step: step.name.clone(),
        };
        match store
            .record(
                id,
                Fence::Epoch(before.epoch),
                self.clock.now(),
                &event,
                &[],
            )
            .await
        {
            Err(StoreError::LostLease(_)) => Ok(()),
            other => Err(format!("a stale owner was not refused as such: {other:?}")),
        }
    }
}

/// The events, folded over the operation as it was created, must give the operation.
async fn replay<C: Clone + Send + Sync + 'static>(
    store: &dyn OperationStore<Change = C>,
    created: Operation,
    ended: &Operation,
) -> Result<(), String> {
    let mut folded = created;
    let mut last = 0;
    loop {
        let page = store
            .events(ended.id, last, PAGE)
            .await
            .map_err(|error| error.to_string())?;
        for record in &page {
            last += 1;
            if record.number != last {
                return Err(format!(
                    "event {} follows event {}",
                    record.number,
                    last - 1
                ));
            }
            folded = apply(&folded, record.at, &record.event).map_err(|refused| {
                format!(
                    "event {last} ({:?}) does not apply: {refused}",
                    record.event
                )
            })?;
        }
        if page.len() < PAGE as usize {
            break;
        }
    }
    // Leases are no events.
    folded.epoch = ended.epoch;
    folded.owner.clone_from(&ended.owner);
    folded.lease_until = ended.lease_until;
    if folded == *ended {
        Ok(())
    } else {
        Err(format!(
            "the events give {folded:?}, but the store has {ended:?}"
        ))
    }
}
