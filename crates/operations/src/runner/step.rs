//! One attempt of a step's `run` or `undo`, between its two records.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tracing::{Instrument, info, info_span, warn};

use super::call::{self, Ended, Which};
use super::drive::{Drive, Round};
use super::progress;
use crate::core::{Next, apply, decide, plan_failure};
use crate::definition::{Definition, Done, StepContext, StepSpec};
use crate::event::Event;
use crate::failure::Failure;
use crate::operation::Operation;
use crate::store::StoreError;

/// How often a step is run again because a row had changed under it, when its own budget is smaller: the
/// step did its work well and only has to read again.
const CONFLICT_ATTEMPTS: u32 = 5;

/// An attempt that is recorded as begun and not carried out yet.
pub(super) struct Begun<C> {
    pub(super) operation: Operation,
    definition: Arc<dyn Definition<C>>,
    spec: StepSpec,
    which: Which,
    /// Tells the step to stop; a cancel finds it already.
    token: CancellationToken,
}

impl<C: Clone + Send + Sync + 'static> Drive<'_, C> {
    /// One attempt of a step.
    pub(super) async fn attempt(
        &self,
        operation: &Operation,
        definition: &Arc<dyn Definition<C>>,
        step: &str,
        which: Which,
    ) -> Result<Round<C>, StoreError> {
        match self.begin(operation, definition, step, which, None).await? {
            Round::Begun(begun) => self.carry_out(*begun).await,
            other => Ok(other),
        }
    }

    /// Records that an attempt begins, in one write with what ended before it.
    async fn begin(
        &self,
        operation: &Operation,
        definition: &Arc<dyn Definition<C>>,
        step: &str,
        which: Which,
        before: Option<(&Event, &[C])>,
    ) -> Result<Round<C>, StoreError> {
        let spec = match spec_of(definition.as_ref(), operation, step) {
            Ok(spec) => spec,
            Err(failure) => return self.call_for_attention(operation, failure).await,
        };
        let token = self.lease.child_token();
        // A cancel must find the token as soon as it can find the step started.
        self.hold.arm((which == Which::Run).then(|| token.clone()));
        let step = step.to_owned();
        let begun = match which {
            Which::Run => Event::StepStarted { step },
            Which::Undo => Event::UndoStarted { step },
        };
        let (events, changes) = match before {
            Some((event, changes)) => (vec![event.clone(), begun], changes),
            None => (vec![begun], &[][..]),
        };
        let recorded = self.persist(operation, &events, changes).await;
        if let Ok(Some(operation)) = recorded {
            return Ok(Round::Begun(Box::new(Begun {
                operation,
                definition: Arc::clone(definition),
                spec,
                which,
                token,
            })));
        }
        self.hold.arm(None);
        Ok(recorded?.into())
    }

    /// Makes the call of an attempt that has begun, and records how it ended.
    pub(super) async fn carry_out(&self, begun: Begun<C>) -> Result<Round<C>, StoreError> {
        let Begun {
            operation,
            definition,
            spec,
            which,
            token,
        } = &begun;
        let attempt = operation.step(&spec.name).map_or(0, |record| match which {
            Which::Run => record.attempt,
            Which::Undo => record.undo_attempt,
        });
        let span = info_span!("step", name = %spec.name, attempt, undo = *which == Which::Undo);
        let lines = Arc::new(progress::Lines::new(spec.name.clone()));
        let context = StepContext {
            operation: operation.clone(),
            step: spec.name.clone(),
            attempt,
            cancel: token.clone(),
            progress: Arc::<progress::Lines>::clone(&lines),
        };
        let work = async {
            let call = match which {
                Which::Run => definition.run(&context),
                Which::Undo => definition.undo(&context),
            };
            let ended = call::step(call, *which, spec, token, &self.stop).await;
            lines.close();
            ended
        };
        // Both in this task: losing the lease drops them together, and every line is written before the end.
        let both = async { tokio::join!(work, progress::write(self.inner, operation, &lines)) };
        let (ended, ()) = both.instrument(span).await;
        self.hold.arm(None);

        match ended {
            Ended::Done(done) => self.succeeded(&begun, done).await,
            Ended::Failed(failure) => self.failed(operation, spec, failure).await,
            Ended::Stopped => Ok(Round::Stopped),
        }
    }

    /// Records that the step is done. What comes next is recorded with it where it can be: a write waits
    /// for the disk, and a user for the write.
    async fn succeeded(&self, begun: &Begun<C>, done: Done<C>) -> Result<Round<C>, StoreError> {
        let operation = &begun.operation;
        let step = begun.spec.name.clone();
        let event = match begun.which {
            Which::Run => Event::StepDone {
                step,
                output: done.output,
            },
            Which::Undo => Event::UndoDone { step },
        };
        let recorded = match self.and_next(begun, &event, &done.changes).await {
            Ok(Round::Again) => self
                .persist(operation, &[event], &done.changes)
                .await
                .map(Round::from),
            other => other,
        };
        match recorded {
            // A row was not as the step had read it. It reads again in another attempt.
            Err(StoreError::Conflict(message) | StoreError::NotFound(message)) => {
                let spec = StepSpec {
                    attempts: begun.spec.attempts.max(CONFLICT_ATTEMPTS),
                    ..begun.spec.clone()
                };
                self.failed(operation, &spec, Failure::transient("conflict", message))
                    .await
            }
            other => other,
        }
    }

    /// Records the end of a step together with what comes after it: the beginning of the next step, or the
    /// end of the operation. `Again` when it has to be recorded alone.
    async fn and_next(
        &self,
        begun: &Begun<C>,
        event: &Event,
        changes: &[C],
    ) -> Result<Round<C>, StoreError> {
        let (operation, definition) = (&begun.operation, &begun.definition);
        let now = self.inner.clock.now();
        let Ok(after) = apply(operation, now, event) else {
            return Ok(Round::Again);
        };
        if self.stop.is_cancelled() {
            return Ok(Round::Again);
        }
        let next = decide(&after, now);
        match &next {
            Next::Run { step } | Next::Undo { step } => {
                // What ended is recorded even when nobody knows how to go on.
                if spec_of(definition.as_ref(), &after, step).is_err() {
                    return Ok(Round::Again);
                }
                let which = if matches!(next, Next::Run { .. }) {
                    Which::Run
                } else {
                    Which::Undo
                };
                self.begin(operation, definition, step, which, Some((event, changes)))
                    .await
            }
            // The definition looks at the rows to say what the end writes, so they have to be there before.
            Next::Finish { outcome } if changes.is_empty() => {
                let timeout = self.inner.settings.finish_timeout;
                let Ok(changes) = call::finish(definition.as_ref(), &after, outcome, timeout).await
                else {
                    return Ok(Round::Again);
                };
                let events = [
                    event.clone(),
                    Event::Finished {
                        outcome: outcome.clone(),
                    },
                ];
                match self.persist(operation, &events, &changes).await {
                    Ok(recorded) => {
                        if recorded.is_some() {
                            info!(?outcome, "ended");
                        }
                        Ok(recorded.into())
                    }
                    // The end's rows, not the step's: the end has tries of its own.
                    Err(StoreError::Conflict(_) | StoreError::NotFound(_)) => Ok(Round::Again),
                    Err(error) => Err(error),
                }
            }
            Next::Finish { .. } | Next::Wait { .. } | Next::Idle(_) => Ok(Round::Again),
        }
    }

    async fn failed(
        &self,
        operation: &Operation,
        spec: &StepSpec,
        failure: Failure,
    ) -> Result<Round<C>, StoreError> {
        warn!(step = %spec.name, code = %failure.code, reason = %failure, effect = ?failure.effect, "failed");
        // A cancel may have come meanwhile; then there is no other try.
        let operation = &self.load(operation).await?;
        let jitter = rand::random::<f64>();
        let now = self.inner.clock.now();
        let event = plan_failure(
            &self.inner.settings.retry,
            operation,
            spec,
            failure,
            now,
            jitter,
        );
        Ok(self.persist(operation, &[event], &[]).await?.into())
    }
}

/// What the definition says about this step of the operation.
fn spec_of<C: 'static>(
    definition: &dyn Definition<C>,
    operation: &Operation,
    step: &str,
) -> Result<StepSpec, Failure> {
    let specs = call::steps(definition, &operation.params)?;
    specs.into_iter().find(|spec| spec.name == step).ok_or_else(|| {
        Failure::permanent(
            "unknown_step",
            format!("this server does not know step '{step}' of '{}' version {}", operation.kind, operation.kind_version),
        )
        .with_hint("run the version of Windlass that created the operation and retry, or skip the step, or abandon it")
    })
}
