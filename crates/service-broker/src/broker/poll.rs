//! Waiting for an operation that the broker is at work on.

use std::time::Duration;

use super::Broker;
use super::request::Underway;
use crate::backoff::Backoff;
use crate::call::Call;
use crate::decide::{Attempt, Decision, Failed, decide_poll};
use crate::failure::Failure;
use crate::identity::OriginatingIdentity;
use crate::target::Resource;
use crate::words::clean;

impl Broker {
    /// Polls until the operation has succeeded or failed, or its time is over. After a crash the time begins
    /// again.
    pub(super) async fn poll(
        &self,
        resource: Resource<'_>,
        attempt: Attempt,
        underway: Underway,
        by: Option<&OriginatingIdentity>,
    ) -> Result<(), Failed> {
        self.poll_within(Duration::MAX, resource, attempt, underway, by)
            .await
    }

    /// The same, not longer than that.
    pub(super) async fn poll_within(
        &self,
        limit: Duration,
        resource: Resource<'_>,
        attempt: Attempt,
        underway: Underway,
        by: Option<&OriginatingIdentity>,
    ) -> Result<(), Failed> {
        let of_plan = resource.target().maximum_polling;
        let most = of_plan.map_or(self.settings.polling, |most| {
            most.min(self.settings.polling)
        });
        let most = most.min(limit);
        let call = Call::poll(resource, underway.operation.as_deref()).by(by);
        let mut waits = Backoff::within(&self.settings.pace, most);
        let mut retry_after = underway.retry_after;
        let mut last = "it has said nothing".to_owned();
        let mut forgotten = 0;
        while waits.wait(retry_after).await {
            let outcome = self.exchange.send(&call).await;
            retry_after = outcome.retry_after();
            match decide_poll(attempt, &outcome) {
                Decision::Success(_) => return Ok(()),
                Decision::Failed(failed) => return Err(failed),
                Decision::InProgress { answer, .. } => {
                    forgotten = 0;
                    let words = answer.description.as_deref().map(clean);
                    if let Some(words) = words.filter(|words| !words.is_empty()) {
                        last = words;
                    }
                }
                Decision::Retry(failure) => {
                    let is_forgotten = matches!(failure, Failure::Forgotten(_));
                    forgotten = if is_forgotten { forgotten + 1 } else { 0 };
                    // Another DELETE says at once whether it is gone.
                    if forgotten >= self.settings.forgotten || is_forgotten && attempt.deletes() {
                        return Err(Failed {
                            failure,
                            mitigate: attempt.creates(),
                            repeat: attempt.deletes(),
                        });
                    }
                    last = failure.to_string();
                }
            }
        }
        Err(Failed {
            failure: Failure::Stuck {
                after: waits.limit(),
                description: last,
            },
            mitigate: attempt.creates(),
            repeat: false,
        })
    }
}
