//! A definition whose steps fail when the injector says so.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use super::fault::{Action, Hook};
use super::injector::Injector;
use crate::definition::{Definition, Done, StepContext, StepSpec};
use crate::failure::{Effect, Failure, Retry};
use crate::operation::{Operation, Outcome};

/// Passes everything on to a definition; the injector may step in before and after each call.
pub struct FaultyDefinition<C> {
    pub(super) inner: Arc<dyn Definition<C>>,
    pub(super) injector: Arc<Injector<C>>,
}

#[async_trait]
impl<C: Clone + Send + Sync + 'static> Definition<C> for FaultyDefinition<C> {
    fn kind(&self) -> &'static str {
        self.inner.kind()
    }

    fn version(&self) -> u32 {
        self.inner.version()
    }

    fn steps(&self, params: &Value) -> Vec<StepSpec> {
        self.inner.steps(params)
    }

    async fn run(&self, context: &StepContext) -> Result<Done<C>, Failure> {
        let step = context.step.clone();
        // A permanent failure of the pivot speaks for all its attempts, and only the first can know.
        let pivot = context
            .operation
            .step(&step)
            .is_some_and(|record| record.pivot);
        let before = if pivot && context.attempt > 1 {
            Effect::Unknown
        } else {
            Effect::None
        };
        match self.injector.visit(Hook::RunEntered(step.clone())).await {
            Some(Action::Twice) => drop(self.inner.run(context).await?),
            Some(action) => return Err(injected(action, before)),
            None => {}
        }
        let done = self.inner.run(context).await?;
        match self.injector.visit(Hook::RunLeft(step)).await {
            Some(action) => Err(injected(action, Effect::Applied)),
            None => Ok(done),
        }
    }

    async fn undo(&self, context: &StepContext) -> Result<Done<C>, Failure> {
        let step = context.step.clone();
        match self.injector.visit(Hook::UndoEntered(step.clone())).await {
            Some(Action::Twice) => drop(self.inner.undo(context).await?),
            Some(action) => return Err(injected(action, Effect::None)),
            None => {}
        }
        let done = self.inner.undo(context).await?;
        match self.injector.visit(Hook::UndoLeft(step)).await {
            Some(action) => Err(injected(action, Effect::Applied)),
            None => Ok(done),
        }
    }

    async fn finish(&self, operation: &Operation, outcome: &Outcome) -> Result<Vec<C>, Failure> {
        self.inner.finish(operation, outcome).await
    }

    async fn abandon(&self, operation: &Operation) -> Result<Vec<C>, Failure> {
        self.inner.abandon(operation).await
    }
}

fn injected(action: Action, effect: Effect) -> Failure {
    let (effect, retry) = match (action, effect) {
        (Action::FailPermanent, effect) => (effect, Retry::No),
        // Nobody knows that an answer was lost behind the effect.
        (_, Effect::Applied | Effect::Unknown) => (Effect::Unknown, Retry::AfterMillis(0)),
        (_, Effect::None) => (Effect::None, Retry::AfterMillis(0)),
    };
    Failure {
        code: "injected".to_owned(),
        message: format!("the harness: {action:?}"),
        hint: None,
        effect,
        retry,
    }
}
