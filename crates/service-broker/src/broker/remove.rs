//! Deleting instances and bindings.

use std::time::Duration;

use super::Broker;
use super::request::Underway;
use crate::backoff::Backoff;
use crate::call::Call;
use crate::decide::{Decision, decide};
use crate::error::Error;
use crate::failure::Failure;
use crate::identity::OriginatingIdentity;
use crate::spec::DeletionAnswer;
use crate::target::{Binding, Instance, Resource};

/// How a deletion is gone about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Persistence {
    /// How long it is repeated.
    pub(super) within: Duration,
    /// Whether it is only tidying up: repeated too if the broker cannot be reached at first, and not waited for
    /// when that time is over.
    pub(super) is_mitigation: bool,
}

impl Broker {
    /// Deletes the instance, and waits until it is gone. What is gone already is a success.
    ///
    /// # Errors
    /// It may still be there: the same call again.
    pub async fn deprovision(
        &self,
        instance: &Instance,
        by: Option<&OriginatingIdentity>,
    ) -> Result<(), Error> {
        self.delete("deleting the instance", Resource::Instance(instance), by)
            .await
    }

    /// Deletes the binding, and waits until it is gone. What is gone already is a success.
    ///
    /// # Errors
    /// It may still be there: the same call again.
    pub async fn unbind(
        &self,
        binding: &Binding,
        by: Option<&OriginatingIdentity>,
    ) -> Result<(), Error> {
        self.delete("deleting the binding", Resource::Binding(binding), by)
            .await
    }

    async fn delete(
        &self,
        doing: &'static str,
        resource: Resource<'_>,
        by: Option<&OriginatingIdentity>,
    ) -> Result<(), Error> {
        let persistence = Persistence {
            within: self.settings.patience,
            is_mitigation: false,
        };
        let removed = self.remove(resource, by, persistence).await;
        removed.map_err(|failure| self.redacted(Error::new(doing, failure)))
    }

    /// Repeats the DELETE until it is gone, as long as that is of any use.
    pub(super) async fn remove(
        &self,
        resource: Resource<'_>,
        by: Option<&OriginatingIdentity>,
        persistence: Persistence,
    ) -> Result<(), Failure> {
        let attempt = resource.deletion();
        let call = Call::delete(resource).by(by);
        let mut waits = Backoff::within(&self.settings.pace, persistence.within);
        let mut was_reached = persistence.is_mitigation;
        let mut unclear = None;
        loop {
            let outcome = self.exchange.send(&call).await;
            let (failure, is_useful) = match decide::<DeletionAnswer>(attempt, &outcome) {
                Decision::Success(_) => return Ok(()),
                Decision::InProgress {
                    operation,
                    retry_after,
                    ..
                } => {
                    let underway = Underway {
                        operation,
                        retry_after,
                    };
                    let limit = if persistence.is_mitigation {
                        waits.left()
                    } else {
                        Duration::MAX
                    };
                    let polled = self.poll_within(limit, resource, attempt, underway, by);
                    match polled.await {
                        Ok(()) => return Ok(()),
                        Err(failed) => (failed.failure, failed.repeat),
                    }
                }
                Decision::Retry(failure) => (failure, true),
                Decision::Failed(failed) => {
                    if failed.is_not_found() && self.answers_as_broker().await {
                        return Ok(());
                    }
                    (failed.failure, failed.repeat)
                }
            };
            was_reached |= !matches!(failure, Failure::NotSent(_));
            if failure.effect_unknown() {
                unclear = Some(failure.clone());
            }
            if !is_useful || !was_reached || !waits.wait(outcome.retry_after()).await {
                // "Cannot be reached" would say that nothing was done.
                return Err(match (failure, unclear) {
                    (Failure::NotSent(_), Some(earlier)) => earlier,
                    (failure, _) => failure,
                });
            }
        }
    }
}
