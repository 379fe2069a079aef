//! What makes the faults of one play happen.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use windlass_model::id::OperationId;

use super::fault::{Action, Fault, Hook};
use crate::operation::OperationState;
use crate::runner::Runner;

/// The faults of one play, and what has come of them.
pub struct Injector<C> {
    plan: Vec<Fault>,
    /// Each step and each undo runs twice.
    always_twice: bool,
    /// How often each undo fails first.
    undo_failures: u32,
    state: Mutex<State<C>>,
    crashed: Notify,
}

struct State<C> {
    visits: Vec<Hook>,
    fired: usize,
    went_back: bool,
    undo_failed: HashMap<String, u32>,
    server: Option<Server<C>>,
}

struct Server<C> {
    runner: Runner<C>,
    id: OperationId,
    stop: CancellationToken,
}

impl<C: Clone + Send + Sync + 'static> Injector<C> {
    pub(super) fn new(plan: Vec<Fault>, always_twice: bool, undo_failures: u32) -> Self {
        let state = State {
            visits: Vec::new(),
            fired: 0,
            went_back: false,
            undo_failed: HashMap::new(),
            server: None,
        };
        Self {
            plan,
            always_twice,
            undo_failures,
            state: Mutex::new(state),
            crashed: Notify::new(),
        }
    }

    /// The server that a cancel or a stop is for.
    pub(super) fn serve(&self, runner: Runner<C>, id: OperationId, stop: CancellationToken) {
        self.lock().server = Some(Server { runner, id, stop });
    }

    /// Ends the circle of runner, store and injector.
    pub(super) fn end(&self) {
        self.lock().server = None;
    }

    /// Returns when a crash is due: the runner stands still at the hook.
    pub(super) async fn crashed(&self) {
        self.crashed.notified().await;
    }

    /// The hooks visited so far.
    pub(super) fn visits(&self) -> Vec<Hook> {
        self.lock().visits.clone()
    }

    /// How many faults have happened.
    pub(super) fn fired(&self) -> usize {
        self.lock().fired
    }

    /// Whether a cancel was accepted that leads back.
    pub(super) fn went_back(&self) -> bool {
        self.lock().went_back
    }

    /// Passes a hook. Gives what the caller itself has to make happen.
    pub(super) async fn visit(&self, hook: Hook) -> Option<Action> {
        let action = self.count(hook)?;
        match action {
            Action::Crash => {
                self.crashed.notify_one();
                std::future::pending().await
            }
            Action::Stop => {
                if let Some(server) = &self.lock().server {
                    server.stop.cancel();
                }
                None
            }
            Action::Cancel => {
                let server = self
                    .lock()
                    .server
                    .as_ref()
                    .map(|server| (server.runner.clone(), server.id));
                if let Some((runner, id)) = server
                    && let Ok(operation) = runner.cancel(id, "harness").await
                {
                    self.lock().went_back |= operation.state == OperationState::Compensating;
                }
                None
            }
            Action::Twice | Action::StoreAway | Action::FailTransient | Action::FailPermanent => {
                Some(action)
            }
        }
    }

    fn count(&self, hook: Hook) -> Option<Action> {
        let mut state = self.lock();
        let number = state.visits.len();
        state.visits.push(hook.clone());
        if let Some(fault) = self.plan.iter().find(|fault| fault.visit == number) {
            state.fired += 1;
            return Some(fault.action);
        }
        match hook {
            Hook::UndoEntered(step) if self.undo_failures > 0 => {
                let failed = state.undo_failed.entry(step).or_default();
                *failed += 1;
                (*failed <= self.undo_failures).then_some(Action::FailTransient)
            }
            Hook::RunEntered(_) | Hook::UndoEntered(_) if self.always_twice => Some(Action::Twice),
            _ => None,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<C>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
