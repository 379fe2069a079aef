//! Calling a definition: with a time-out, and without letting a panic out.

use std::any::Any;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::error;

use crate::definition::{Definition, Done, StepSpec};
use crate::failure::{Effect, Failure};
use crate::operation::{Operation, Outcome};

/// How long before its time-out a step is told, so that it can end by itself: a tenth, at most this.
const LONGEST_WARNING: Duration = Duration::from_secs(5);

/// How a call ended.
pub(super) enum Ended<C> {
    /// Well.
    Done(Done<C>),
    /// Badly.
    Failed(Failure),
    /// The server stops and the step returned early: what it did is found by the next start.
    Stopped,
}

/// The two calls of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    /// `run`
    Run,
    /// `undo`
    Undo,
}

type Boxed<'a, T> = Pin<Box<dyn Future<Output = Result<T, Failure>> + Send + 'a>>;

/// Waits for a step's call to end, tells it when it should, and drops it at its time-out.
pub(super) async fn step<C>(
    work: Boxed<'_, Done<C>>,
    which: Which,
    spec: &StepSpec,
    token: &CancellationToken,
    stop: &CancellationToken,
) -> Ended<C> {
    let begun = Instant::now();
    let deadline = begun + spec.timeout;
    let warning = deadline - (spec.timeout / 10).min(LONGEST_WARNING);
    let mut work = pin!(without_panics(work));
    let (mut warned, mut stopping) = (false, false);
    let failure = loop {
        tokio::select! {
            biased;
            ended = &mut work => match ended {
                Ok(done) => return Ended::Done(done),
                Err(_) if warned => break timed_out(which, spec),
                Err(failure) => break failure,
            },
            () = stop.cancelled(), if !stopping => {
                stopping = true;
                token.cancel();
            }
            () = tokio::time::sleep_until(deadline) => break timed_out(which, spec),
            () = tokio::time::sleep_until(warning), if !warned => {
                warned = true;
                token.cancel();
            }
        }
    };
    if stopping {
        Ended::Stopped
    } else {
        Ended::Failed(failure)
    }
}

/// Asks the definition what is committed with the end.
pub(super) async fn finish<C: Send + 'static>(
    definition: &dyn Definition<C>,
    operation: &Operation,
    outcome: &Outcome,
    timeout: Duration,
) -> Result<Vec<C>, Failure> {
    let work = without_panics(definition.finish(operation, outcome));
    tokio::time::timeout(timeout, work)
        .await
        .unwrap_or_else(|_| {
            Err(Failure::transient(
                "timed_out",
                format!("the end was not written within {} s", timeout.as_secs_f32()),
            ))
        })
}

/// Asks the definition what is committed when the operation is abandoned.
pub(super) async fn abandon<C: Send + 'static>(
    definition: &dyn Definition<C>,
    operation: &Operation,
    timeout: Duration,
) -> Result<Vec<C>, Failure> {
    let work = without_panics(definition.abandon(operation));
    tokio::time::timeout(timeout, work)
        .await
        .unwrap_or_else(|_| {
            Err(Failure::transient(
                "timed_out",
                format!("abandoning took longer than {} s", timeout.as_secs_f32()),
            ))
        })
}

/// The steps that the definition has for this operation's input.
pub(super) fn steps<C: 'static>(
    definition: &dyn Definition<C>,
    params: &serde_json::Value,
) -> Result<Vec<StepSpec>, Failure> {
    catch_unwind(AssertUnwindSafe(|| definition.steps(params)))
        .map_err(|panic| panicked(panic.as_ref()))
}

/// A panic in a step is a mistake in it, not in the server: it becomes a failure like any other.
async fn without_panics<T>(mut work: Boxed<'_, T>) -> Result<T, Failure> {
    poll_fn(|context| {
        // Nothing of the future is used after a panic, so a broken inner state harms nobody.
        match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))) {
            Ok(poll) => poll,
            Err(panic) => Poll::Ready(Err(panicked(panic.as_ref()))),
        }
    })
    .await
}

fn panicked(panic: &(dyn Any + Send)) -> Failure {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned());
    // To the log only: the text of a panic may hold anything, and a failure is shown to users.
    error!(panic = %text, "a step panicked");
    let mut failure = Failure::transient("internal", "a mistake in Windlass stopped this step")
        .with_hint("the server's log has the details; please report them");
    failure.effect = Effect::Unknown;
    failure
}

fn timed_out(which: Which, spec: &StepSpec) -> Failure {
    let what = match which {
        Which::Run => "step",
        Which::Undo => "the undo of step",
    };
    let seconds = spec.timeout.as_secs_f32();
    Failure::transient(
        "timed_out",
        format!("{what} '{}' did not end within its {seconds} s", spec.name),
    )
}
