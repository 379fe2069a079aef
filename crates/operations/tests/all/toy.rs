//! A toy operation of five steps with effects outside the store, and rows inside it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use windlass_operations::memory::MemoryStore;
use windlass_operations::testing::{Scenario, Stage};
use windlass_operations::{
    Definition, Done, Failure, Operation, Outcome, StepContext, StepSpec, StoreError, Subject,
    Submission,
};

/// The rows: strict about every change, so that one that is committed twice, or never, is noticed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Rows {
    pub(crate) present: BTreeSet<String>,
    pub(crate) end: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    Add(String),
    Remove(String),
    End(&'static str),
}

pub(crate) fn apply_change(rows: &mut Rows, change: &Change) -> Result<(), StoreError> {
    let fine = match change {
        Change::Add(row) => rows.present.insert(row.clone()),
        Change::Remove(row) => rows.present.remove(row),
        Change::End(end) => rows.end.replace((*end).to_owned()).is_none(),
    };
    if fine {
        Ok(())
    } else {
        Err(StoreError::Conflict(format!(
            "{change:?} does not fit {rows:?}"
        )))
    }
}

pub(crate) type Store = MemoryStore<Rows, Change>;

pub(crate) fn store() -> Arc<Store> {
    Arc::new(MemoryStore::new(Rows::default(), apply_change))
}

pub(crate) fn subject(id: &str) -> Subject {
    Subject {
        kind: "environment".to_owned(),
        id: id.to_owned(),
    }
}

/// What is outside the store: things by name, and how often each was made.
#[derive(Debug, Default)]
pub(crate) struct Outside {
    pub(crate) things: BTreeSet<String>,
    pub(crate) made: BTreeMap<String, u32>,
    pub(crate) complaints: Vec<String>,
}

/// How the toy is built wrong, to see that the harness finds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mistake {
    None,
    /// The undo of a step that did not complete does nothing.
    UndoOnlyCompleted,
    /// A second `run` makes a second thing.
    RunNotIdempotent,
    /// The undo fails when there is nothing to undo.
    UndoNeedsThing,
}

#[derive(Clone)]
pub(crate) struct Toy {
    pub(crate) names: Vec<&'static str>,
    pub(crate) pivot: Option<usize>,
    pub(crate) attempts: u32,
    pub(crate) mistake: Mistake,
    pub(crate) outside: Arc<Mutex<Outside>>,
}

impl Toy {
    pub(crate) fn new(pivot: Option<usize>) -> Self {
        Self {
            names: vec!["fetch", "build", "start", "switch", "retire"],
            pivot,
            attempts: 3,
            mistake: Mistake::None,
            outside: Arc::default(),
        }
    }
}

#[async_trait]
impl Definition<Change> for Toy {
    fn kind(&self) -> &'static str {
        "toy"
    }

    fn version(&self) -> u32 {
        1
    }

    fn steps(&self, _params: &Value) -> Vec<StepSpec> {
        let spec = |(index, name): (usize, &&str)| {
            let spec = StepSpec::new(*name, Duration::from_mins(1), self.attempts);
            if self.pivot == Some(index) {
                spec.pivot()
            } else {
                spec
            }
        };
        self.names.iter().enumerate().map(spec).collect()
    }

    async fn run(&self, context: &StepContext) -> Result<Done<Change>, Failure> {
        context.say("at work");
        tokio::task::yield_now().await;
        let mut outside = self.outside.lock().unwrap();
        let mut name = context.step.clone();
        if self.mistake == Mistake::RunNotIdempotent {
            name = format!("{name}-{}", outside.made.len());
        }
        if outside.things.insert(name.clone()) {
            *outside.made.entry(name).or_default() += 1;
        }
        Ok(Done::changes(vec![Change::Add(context.step.clone())])
            .with_output(json!(context.attempt)))
    }

    async fn undo(&self, context: &StepContext) -> Result<Done<Change>, Failure> {
        tokio::task::yield_now().await;
        let mut outside = self.outside.lock().unwrap();
        let later = self
            .names
            .iter()
            .skip_while(|name| **name != context.step)
            .skip(1);
        let left: Vec<_> = later
            .filter(|name| outside.things.contains(**name))
            .copied()
            .collect();
        if !left.is_empty() {
            outside
                .complaints
                .push(format!("undo of {} before {left:?}", context.step));
        }
        let completed = context.had_completed();
        if self.mistake == Mistake::UndoOnlyCompleted && !completed {
            return Ok(Done::default());
        }
        let was_there = outside.things.remove(&context.step);
        if self.mistake == Mistake::UndoNeedsThing && !was_there {
            return Err(Failure::permanent("absent", "there is nothing to undo"));
        }
        let rows = if completed {
            vec![Change::Remove(context.step.clone())]
        } else {
            Vec::new()
        };
        Ok(Done::changes(rows))
    }

    async fn finish(
        &self,
        _operation: &Operation,
        outcome: &Outcome,
    ) -> Result<Vec<Change>, Failure> {
        Ok(vec![Change::End(match outcome {
            Outcome::Succeeded => "succeeded",
            Outcome::RolledBack(_) => "rolled back",
        })])
    }

    async fn abandon(&self, _operation: &Operation) -> Result<Vec<Change>, Failure> {
        Ok(vec![Change::End("abandoned")])
    }
}

pub(crate) struct World {
    pub(crate) store: Arc<Store>,
    pub(crate) toy: Toy,
}

impl World {
    fn check(&self, end: &str, expected: &[&str]) -> Result<(), String> {
        let expected: BTreeSet<String> = expected.iter().map(|name| (*name).to_owned()).collect();
        let rows = self.store.domain();
        let outside = self.toy.outside.lock().unwrap();
        if rows.end.as_deref() != Some(end) || rows.present != expected {
            return Err(format!("the rows are {rows:?}"));
        }
        if outside.things != expected || !outside.complaints.is_empty() {
            return Err(format!("outside there is {outside:?}"));
        }
        Ok(())
    }
}

#[async_trait]
impl Scenario<Change> for Toy {
    type World = World;

    async fn stage(&self) -> Result<Stage<Change, World>, String> {
        let toy = Self {
            outside: Arc::default(),
            ..self.clone()
        };
        let store = store();
        Ok(Stage {
            store: Arc::<Store>::clone(&store),
            definition: Arc::new(toy.clone()),
            submission: Submission::new("toy", "org", subject("e1"), json!({}), "ada", "req-1"),
            changes: Vec::new(),
            world: World { store, toy },
        })
    }

    async fn assert_success(&self, world: &World) -> Result<(), String> {
        world.check("succeeded", &self.names)
    }

    async fn assert_clean(&self, world: &World) -> Result<(), String> {
        world.check("rolled back", &[])
    }
}
