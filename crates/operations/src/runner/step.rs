//! One attempt of a step's `run` or `undo`, between its two records.

use std::sync::Arc;

use tracing::{Instrument, info_span, warn};

use super::call::{self, Ended, Which};
use super::drive::{Drive, Round};
use super::progress;
use crate::core::plan_failure;
use crate::definition::{Definition, Done, StepContext, StepSpec};
use crate::event::Event;
use crate::failure::Failure;
use crate::operation::Operation;
use crate::store::StoreError;

/// How often a step is run again because a row had changed under it, when its own budget is smaller: the
/// step did its work well and only has to read again.
const CONFLICT_ATTEMPTS: u32 = 5;

impl<C: Clone + Send + Sync + 'static> Drive<'_, C> {
    pub(super) async fn run(
        &self,
        operation: &Operation,
        definition: &Arc<dyn Definition<C>>,
        step: &str,
    ) -> Result<Round, StoreError> {
        self.attempt(operation, definition, step, Which::Run).await
    }

    pub(super) async fn undo(
        &self,
        operation: &Operation,
        definition: &Arc<dyn Definition<C>>,
        step: &str,
    ) -> Result<Round, StoreError> {
        self.attempt(operation, definition, step, Which::Undo).await
    }

    async fn attempt(
        &self,
        operation: &Operation,
        definition: &Arc<dyn Definition<C>>,
        step: &str,
        which: Which,
    ) -> Result<Round, StoreError> {
        let spec = match spec_of(definition.as_ref(), operation, step) {
            Ok(spec) => spec,
            Err(failure) => return self.call_for_attention(operation, failure).await,
        };
        let token = self.lease.child_token();
        // A cancel must find the token as soon as it can find the step started.
        self.hold.arm((which == Which::Run).then(|| token.clone()));
        let name = step.to_owned();
        let begun = match which {
            Which::Run => Event::StepStarted { step: name.clone() },
            Which::Undo => Event::UndoStarted { step: name.clone() },
        };
        let Some(operation) = self.persist(operation, &begun, &[]).await? else {
            return Ok(Round::Again);
        };

        let attempt = operation.step(step).map_or(0, |record| match which {
            Which::Run => record.attempt,
            Which::Undo => record.undo_attempt,
        });
        let span = info_span!("step", name = %step, attempt, undo = which == Which::Undo);
        let lines = Arc::new(progress::Lines::new(name.clone()));
        let context = StepContext {
            operation: operation.clone(),
            step: name.clone(),
            attempt,
            cancel: token.clone(),
            progress: Arc::<progress::Lines>::clone(&lines),
        };
        let work = async {
            let call = match which {
                Which::Run => definition.run(&context),
                Which::Undo => definition.undo(&context),
            };
            let ended = call::step(call, which, &spec, &token, &self.stop).await;
            lines.close();
            ended
        };
        // Both in this task: losing the lease drops them together, and every line is written before the end.
        let both = async { tokio::join!(work, progress::write(self.inner, &operation, &lines)) };
        let (ended, ()) = both.instrument(span).await;
        self.hold.arm(None);

        match ended {
            Ended::Done(done) => self.succeeded(&operation, &spec, which, done).await,
            Ended::Failed(failure) => self.failed(&operation, &spec, failure).await,
            Ended::Stopped => Ok(Round::Stopped),
        }
    }

    async fn succeeded(
        &self,
        operation: &Operation,
        spec: &StepSpec,
        which: Which,
        done: Done<C>,
    ) -> Result<Round, StoreError> {
        let step = spec.name.clone();
        let event = match which {
            Which::Run => Event::StepDone {
                step,
                output: done.output,
            },
            Which::Undo => Event::UndoDone { step },
        };
        match self.persist(operation, &event, &done.changes).await {
            Ok(recorded) => Ok(recorded.into()),
            // A row was not as the step had read it. It reads again in another attempt.
            Err(StoreError::Conflict(message) | StoreError::NotFound(message)) => {
                let spec = StepSpec {
                    attempts: spec.attempts.max(CONFLICT_ATTEMPTS),
                    ..spec.clone()
                };
                self.failed(operation, &spec, Failure::transient("conflict", message))
                    .await
            }
            Err(error) => Err(error),
        }
    }

    async fn failed(
        &self,
        operation: &Operation,
        spec: &StepSpec,
        failure: Failure,
    ) -> Result<Round, StoreError> {
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
        Ok(self.persist(operation, &event, &[]).await?.into())
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
