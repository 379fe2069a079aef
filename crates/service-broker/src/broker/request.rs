//! Sending a request until the broker has taken it up.

use std::time::Duration;

use serde::de::DeserializeOwned;

use super::Broker;
use crate::backoff::Backoff;
use crate::call::Call;
use crate::decide::{Attempt, Decision, Failed, decide};
use crate::failure::Failure;

/// A request that the broker has taken up.
pub(super) enum Begun<T> {
    /// And finished.
    Done(T),
    /// And is at work on.
    InProgress(T, Underway),
}

/// How the broker is asked how far it is.
#[derive(Debug)]
pub(super) struct Underway {
    pub(super) operation: Option<String>,
    pub(super) retry_after: Option<Duration>,
}

impl Broker {
    /// Sends a request that makes or changes something, again while the broker has no time for it. A broker that
    /// cannot be reached at first is the caller's to wait for.
    pub(super) async fn request<T: DeserializeOwned + Default>(
        &self,
        call: &Call,
        attempt: Attempt,
    ) -> Result<Begun<T>, Failed> {
        let mut waits = Backoff::within(&self.settings.pace, self.settings.patience);
        let mut was_reached = false;
        loop {
            let outcome = self.exchange.send(call).await;
            let failure = match decide(attempt, &outcome) {
                Decision::Success(answer) => return Ok(Begun::Done(answer)),
                Decision::InProgress {
                    answer,
                    operation,
                    retry_after,
                } => {
                    let underway = Underway {
                        operation,
                        retry_after,
                    };
                    return Ok(Begun::InProgress(answer, underway));
                }
                Decision::Failed(failed) => return Err(failed),
                Decision::Retry(failure) => failure,
            };
            let is_away = matches!(failure, Failure::NotSent(_));
            was_reached |= !is_away;
            if !was_reached || !waits.wait(outcome.retry_after()).await {
                return Err(Failed {
                    failure,
                    mitigate: false,
                    repeat: false,
                });
            }
        }
    }
}
