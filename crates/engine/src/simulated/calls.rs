//! Calls from their beginning to their end, with the faults that strike on the way.

use std::sync::Arc;
use std::time::Duration;

use rand::Rng;

use super::SimulatedEngine;
use super::fault::{Failure, Fault, Method, take_planned};
use super::state::{Shared, State};
use crate::error::Error;

/// The late answers of random faults: longer than a fast call, shorter than any time-out.
const RANDOM_DELAY: Duration = Duration::from_millis(20);

/// One call while it lasts.
pub(super) struct Call<'a> {
    engine: &'a SimulatedEngine,
    method: Method,
    pub(super) doing: String,
    fault: Option<Fault>,
}

impl SimulatedEngine {
    /// Begins a call: notes it, and lets the faults strike that come before its effect.
    pub(super) async fn begin(&self, method: Method, name: &str) -> Result<Call<'_>, Error> {
        let doing = if name.is_empty() {
            method.to_string()
        } else {
            format!("{method} '{name}'")
        };
        let fault = {
            let mut state = self.shared.lock();
            state.calls.push((method, name.to_owned()));
            if state.unplugged {
                return Err(Error::Unreachable {
                    doing,
                    reason: "the simulated engine is unplugged".to_owned(),
                });
            }
            take_planned(&mut state.plans, method, name).or_else(|| random_fault(&mut state))
        };
        let call = Call {
            engine: self,
            method,
            doing,
            fault,
        };
        if !self.shared.settings.latency.is_zero() {
            tokio::time::sleep(self.shared.settings.latency).await;
        }
        match fault {
            Some(Fault::Before(failure)) => return Err(failure.error(call.doing)),
            Some(Fault::HangBefore) => call.hang().await,
            _ => {}
        }
        Ok(call)
    }

    /// A call whose effect takes no time.
    pub(super) async fn call<T: Send>(
        &self,
        method: Method,
        name: &str,
        effect: impl FnOnce(&Arc<Shared>, &mut State) -> Result<T, Error> + Send,
    ) -> Result<T, Error> {
        let call = self.begin(method, name).await?;
        let answer = self.change(|state| effect(&self.shared, state));
        call.end(answer).await
    }
}

impl Call<'_> {
    async fn hang(&self) {
        let shared = &self.engine.shared;
        let mut pokes = shared.pokes.subscribe();
        let _hanging = Hanging::new(shared, self.method);
        // The sender lives in the engine that this call borrows.
        let _ = pokes.changed().await;
    }

    /// Ends the call: lets the faults strike that come after its effect.
    pub(super) async fn end<T: Send>(self, answer: Result<T, Error>) -> Result<T, Error> {
        match self.fault {
            Some(Fault::After(failure)) if answer.is_ok() => return Err(failure.error(self.doing)),
            Some(Fault::HangAfter) => self.hang().await,
            Some(Fault::Late(delay)) => tokio::time::sleep(delay).await,
            _ => {}
        }
        answer
    }
}

/// Keeps a call in the list of those that hang.
pub(super) struct Hanging<'a> {
    shared: &'a Arc<Shared>,
    method: Method,
}

impl<'a> Hanging<'a> {
    pub(super) fn new(shared: &'a Arc<Shared>, method: Method) -> Self {
        shared.lock().hanging.push(method);
        shared.notify();
        Self { shared, method }
    }
}

impl Drop for Hanging<'_> {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        if let Some(position) = state
            .hanging
            .iter()
            .position(|method| *method == self.method)
        {
            state.hanging.swap_remove(position);
        }
    }
}

fn random_fault(state: &mut State) -> Option<Fault> {
    if state.fault_rate <= 0.0 || !state.random.random_bool(state.fault_rate.min(1.0)) {
        return None;
    }
    Some(match state.random.random_range(0..4) {
        0 => Fault::Before(Failure::Unreachable),
        1 => Fault::Before(Failure::NoAnswer),
        2 => Fault::After(Failure::NoAnswer),
        _ => Fault::Late(RANDOM_DELAY),
    })
}
