//! Driving one claimed operation: decide, do, record, until it waits or has ended.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, debug, error, info, info_span, warn};

use super::call::Which;
use super::held::Hold;
use super::step::Begun;
use super::{Inner, call, lease};
use crate::core::{Next, decide};
use crate::definition::Definition;
use crate::event::Event;
use crate::failure::Failure;
use crate::operation::{Operation, Outcome};
use crate::store::StoreError;

/// How many writes in a row may be refused before a person has to look: a cancel at the same moment
/// refuses one, and nothing refuses many but a mistake in this program.
const REFUSALS: u32 = 5;
/// How many times the end of an operation is tried before a person has to look.
const FINISH_ATTEMPTS: u32 = 5;

/// The driving of one operation under one lease.
pub(super) struct Drive<'a, C> {
    pub(super) inner: &'a Inner<C>,
    pub(super) hold: Hold<'a>,
    /// Fires when the lease is lost.
    pub(super) lease: CancellationToken,
    /// Fires when the server stops.
    pub(super) stop: CancellationToken,
}

/// What one round of driving came to.
pub(super) enum Round<C> {
    /// Recorded; this is the operation now.
    On(Box<Operation>),
    /// Recorded, and with it that the next step has begun: it is to be carried out now.
    Begun(Box<Begun<C>>),
    /// Refused, because someone from outside was quicker: load and decide again.
    Again,
    /// Nothing is to be done now and the lease is ours: the server stops, or a wait is not over.
    Stopped,
    /// Nothing is to be done now, and the lease is given back.
    Rests,
}

impl<C> From<Option<Operation>> for Round<C> {
    /// From what [`Drive::persist`] gives.
    fn from(recorded: Option<Operation>) -> Self {
        recorded.map_or(Self::Again, |operation| Self::On(Box::new(operation)))
    }
}

/// Holds a claimed operation: drives it, and keeps its lease meanwhile.
pub(super) async fn hold<C: Clone + Send + Sync + 'static>(
    inner: Arc<Inner<C>>,
    operation: Operation,
    asked: Instant,
    stop: CancellationToken,
) {
    let span = info_span!(
        "operation",
        op.id = %operation.id,
        op.kind = %operation.kind,
        subject = %format_args!("{}/{}", operation.subject.kind, operation.subject.id),
        epoch = operation.epoch,
    );
    async {
        let claimed = operation.clone();
        let lease = CancellationToken::new();
        let hold = inner.held.hold(operation.id, operation.epoch);
        let drive = Drive { inner: &inner, hold, lease: lease.clone(), stop };
        let driven = tokio::select! {
            biased;
            // Losing the lease drops the driving, and with it the step, at once.
            () = lease::keep(&inner, &claimed, asked, &lease) => Err(StoreError::LostLease(claimed.id)),
            driven = drive.to_rest(operation) => driven,
        };
        match driven {
            Ok(()) => {}
            Err(StoreError::LostLease(_)) => warn!("the lease is lost; another claim goes on"),
            Err(error) => error!(%error, "cannot go on; the operation is claimed again when its lease has run out"),
        }
    }
    .instrument(span)
    .await;
}

impl<C: Clone + Send + Sync + 'static> Drive<'_, C> {
    /// Drives until the operation waits or has ended, or the server stops.
    async fn to_rest(&self, mut operation: Operation) -> Result<(), StoreError> {
        let mut refusals = 0;
        let mut round = Round::On(Box::new(operation.clone()));
        loop {
            round = match round {
                Round::On(recorded) => {
                    refusals = 0;
                    operation = *recorded;
                    self.next(&operation).await?
                }
                Round::Begun(begun) => {
                    refusals = 0;
                    operation = begun.operation.clone();
                    self.carry_out(*begun).await?
                }
                Round::Again => {
                    refusals += 1;
                    operation = self.load(&operation).await?;
                    if refusals > REFUSALS {
                        let failure = Failure::permanent(
                            "internal",
                            "the runner's writes are refused again and again",
                        );
                        match self.call_for_attention(&operation, failure).await? {
                            Round::Again => Round::Stopped,
                            round => round,
                        }
                    } else {
                        self.next(&operation).await?
                    }
                }
                Round::Stopped => return self.release(&operation).await,
                Round::Rests => return Ok(()),
            };
        }
    }

    /// Decides what comes next and does it.
    async fn next(&self, operation: &Operation) -> Result<Round<C>, StoreError> {
        // The record that lets an operation wait, or end, also ends the lease. Even when the wait is over
        // by now, it takes a new claim to go on.
        if operation.owner.is_none() {
            return Ok(Round::Rests);
        }
        if self.stop.is_cancelled() {
            return Ok(Round::Stopped);
        }
        let next = decide(operation, self.inner.clock.now());
        debug!(?next, "decided");
        match (next, self.definition(operation)) {
            (Next::Idle(_), _) => Ok(Round::Rests),
            (Next::Wait { .. }, _) => Ok(Round::Stopped),
            (Next::Run { .. } | Next::Undo { .. } | Next::Finish { .. }, Err(failure)) => {
                self.call_for_attention(operation, failure).await
            }
            (Next::Run { step }, Ok(definition)) => {
                self.attempt(operation, definition, &step, Which::Run).await
            }
            (Next::Undo { step }, Ok(definition)) => {
                self.attempt(operation, definition, &step, Which::Undo)
                    .await
            }
            (Next::Finish { outcome }, Ok(definition)) => {
                self.finish(operation, definition, outcome).await
            }
        }
    }

    /// The definition that created the operation, or what to tell the operator.
    fn definition(&self, operation: &Operation) -> Result<&Arc<dyn Definition<C>>, Failure> {
        let (kind, version) = (operation.kind.as_str(), operation.kind_version);
        self.inner.definition(kind, version).ok_or_else(|| {
            let known = self.inner.newest(kind).map(|definition| definition.version());
            let (code, known) = match known {
                Some(newest) => ("unknown_version", format!("it knows version {newest}")),
                None => ("unknown_kind", "it does not know this kind".to_owned()),
            };
            Failure::permanent(
                code,
                format!("this server cannot run '{kind}' version {version}: {known}; another version of Windlass created the operation"),
            )
            .with_hint("run the version of Windlass that created it and retry, or abandon the operation")
        })
    }

    /// Hands the operation to an operator.
    pub(super) async fn call_for_attention(
        &self,
        operation: &Operation,
        failure: Failure,
    ) -> Result<Round<C>, StoreError> {
        error!(code = %failure.code, reason = %failure, "the operation needs attention");
        Ok(self
            .persist(operation, &[Event::AttentionNeeded { failure }], &[])
            .await?
            .into())
    }

    /// Records the end, with the changes that the definition wants committed with it.
    async fn finish(
        &self,
        operation: &Operation,
        definition: &Arc<dyn Definition<C>>,
        outcome: Outcome,
    ) -> Result<Round<C>, StoreError> {
        let mut pause = Duration::from_millis(50);
        let mut attempt = 1;
        loop {
            let timeout = self.inner.settings.finish_timeout;
            let failure =
                match call::finish(definition.as_ref(), operation, &outcome, timeout).await {
                    Ok(changes) => {
                        let event = Event::Finished {
                            outcome: outcome.clone(),
                        };
                        match self.persist(operation, &[event], &changes).await {
                            Ok(recorded) => {
                                info!(outcome = ?outcome, "ended");
                                return Ok(recorded.into());
                            }
                            Err(StoreError::Conflict(message) | StoreError::NotFound(message)) => {
                                Failure::transient("conflict", message)
                            }
                            Err(error) => return Err(error),
                        }
                    }
                    Err(failure) => failure,
                };
            warn!(attempt, reason = %failure, "cannot record the end of the operation");
            if attempt == FINISH_ATTEMPTS {
                return self.call_for_attention(operation, failure).await;
            }
            attempt += 1;
            tokio::select! {
                () = self.stop.cancelled() => return Ok(Round::Stopped),
                () = tokio::time::sleep(pause) => pause *= 2,
            }
        }
    }

    async fn release(&self, operation: &Operation) -> Result<(), StoreError> {
        self.inner
            .store
            .release_lease(operation.id, operation.epoch)
            .await
    }
}
