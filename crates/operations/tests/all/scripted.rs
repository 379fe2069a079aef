//! A definition made of closures, and a runner around it, in paused time.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use windlass_model::id::OperationId;
use windlass_operations::testing::TokioClock;
use windlass_operations::{
    Definition, Done, Event, Failure, Operation, OperationStore, Outcome, Runner, RunnerSettings,
    StepContext, StepSpec, Submission,
};

use super::toy::{Change, Store, store, subject};

pub(crate) type Call = Pin<Box<dyn Future<Output = Result<Done<Change>, Failure>> + Send>>;
type Script = Box<dyn Fn(StepContext) -> Call + Send + Sync>;
type Finish = Box<dyn Fn(&Outcome) -> Result<Vec<Change>, Failure> + Send + Sync>;

pub(crate) struct Scripted {
    pub(crate) kind: &'static str,
    pub(crate) version: u32,
    specs: Vec<StepSpec>,
    run: Script,
    undo: Script,
    finish: Finish,
}

/// A step with a minute and three attempts.
pub(crate) fn spec(name: &str) -> StepSpec {
    StepSpec::new(name, Duration::from_mins(1), 3)
}

impl Scripted {
    pub(crate) fn new<F>(
        specs: Vec<StepSpec>,
        run: impl Fn(StepContext) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<Done<Change>, Failure>> + Send + 'static,
    {
        Self {
            kind: "scripted",
            version: 1,
            specs,
            run: Box::new(move |context| Box::pin(run(context))),
            undo: Box::new(|_| Box::pin(async { Ok(Done::default()) })),
            finish: Box::new(|_| Ok(Vec::new())),
        }
    }

    pub(crate) fn undo<F>(mut self, undo: impl Fn(StepContext) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Done<Change>, Failure>> + Send + 'static,
    {
        self.undo = Box::new(move |context| Box::pin(undo(context)));
        self
    }

    pub(crate) fn finish(
        mut self,
        finish: impl Fn(&Outcome) -> Result<Vec<Change>, Failure> + Send + Sync + 'static,
    ) -> Self {
        self.finish = Box::new(finish);
        self
    }
}

#[async_trait]
impl Definition<Change> for Scripted {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn version(&self) -> u32 {
        self.version
    }

    fn steps(&self, _params: &Value) -> Vec<StepSpec> {
        self.specs.clone()
    }

    async fn run(&self, context: &StepContext) -> Result<Done<Change>, Failure> {
        (self.run)(context.clone()).await
    }

    async fn undo(&self, context: &StepContext) -> Result<Done<Change>, Failure> {
        (self.undo)(context.clone()).await
    }

    async fn finish(
        &self,
        _operation: &Operation,
        outcome: &Outcome,
    ) -> Result<Vec<Change>, Failure> {
        (self.finish)(outcome)
    }

    async fn abandon(&self, _operation: &Operation) -> Result<Vec<Change>, Failure> {
        Ok(vec![Change::End("abandoned")])
    }
}

/// A server around one store. Dropping it is a crash.
pub(crate) struct Server {
    pub(crate) runner: Runner<Change>,
    pub(crate) stop: CancellationToken,
    pub(crate) tasks: JoinSet<()>,
}

pub(crate) struct Bench {
    pub(crate) store: Arc<Store>,
    pub(crate) clock: TokioClock,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self {
            store: store(),
            clock: TokioClock::new(),
        }
    }

    pub(crate) fn server(&self, definition: impl Definition<Change>) -> Server {
        self.server_with(vec![Arc::new(definition)], |_| {})
    }

    pub(crate) fn server_with(
        &self,
        definitions: Vec<Arc<dyn Definition<Change>>>,
        set: impl FnOnce(&mut RunnerSettings),
    ) -> Server {
        self.server_on(Arc::<Store>::clone(&self.store), definitions, set)
    }

    pub(crate) fn server_on(
        &self,
        store: Arc<dyn OperationStore<Change = Change>>,
        definitions: Vec<Arc<dyn Definition<Change>>>,
        set: impl FnOnce(&mut RunnerSettings),
    ) -> Server {
        let mut settings = RunnerSettings::new("server");
        set(&mut settings);
        let runner = Runner::new(store, definitions, Arc::new(self.clock), settings);
        let stop = CancellationToken::new();
        let mut tasks = JoinSet::new();
        let (running, stopping) = (runner.clone(), stop.clone());
        tasks.spawn(async move { running.run(stopping).await });
        Server {
            runner,
            stop,
            tasks,
        }
    }

    pub(crate) async fn load(&self, id: OperationId) -> Operation {
        self.store.load(id).await.unwrap().unwrap()
    }

    pub(crate) async fn events(&self, id: OperationId) -> Vec<Event> {
        let records = self.store.events(id, 0, 10_000).await.unwrap();
        records.into_iter().map(|record| record.event).collect()
    }
}

pub(crate) fn submission(subject_id: &str) -> Submission {
    Submission::new(
        "scripted",
        "org",
        subject(subject_id),
        json!({}),
        "ada",
        "req-1",
    )
}

/// Far longer than any budget of retries.
pub(crate) const LONG: Duration = Duration::from_hours(24);

impl Server {
    pub(crate) async fn submit(&self, subject_id: &str) -> OperationId {
        self.runner
            .submit(submission(subject_id), Vec::new())
            .await
            .unwrap()
            .operation()
            .id
    }

    pub(crate) async fn rest(&self, id: OperationId) -> Operation {
        let operation = self.runner.wait(id, LONG).await.unwrap();
        assert!(
            operation.owner.is_none(),
            "it rests, but is still leased: {operation:?}"
        );
        operation
    }

    /// An orderly stop.
    pub(crate) async fn stop(mut self) {
        self.stop.cancel();
        while let Some(ended) = self.tasks.join_next().await {
            ended.unwrap();
        }
    }

    /// A crash.
    pub(crate) async fn crash(mut self) {
        self.tasks.shutdown().await;
    }
}
