//! A hand on the store of a running server: it can be kept from writing, and so be caught in a step that
//! takes no time.

use std::path::Path;
use std::time::{Duration, Instant};

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{Connection, Row};
use tokio::runtime::Runtime;

/// How long the step is waited for.
const PATIENCE: Duration = Duration::from_mins(1);

/// Where an operation is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum At {
    /// Before its first step.
    Start,
    /// A step has begun and is not done: its place in the list, and its name without what it is for.
    Step(usize, String),
    /// It has ended.
    End,
}

impl At {
    /// The step's name, or a word for the rest.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Start => "the start",
            Self::Step(_, name) => name,
            Self::End => "the end",
        }
    }
}

/// A connection to the store beside the server's.
pub(crate) struct Gate {
    runtime: Runtime,
    connection: SqliteConnection,
}

impl Gate {
    /// Opens the store in a state directory.
    pub(crate) fn open(state: &Path) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        // The server waits for us, we never for it.
        let options = SqliteConnectOptions::new()
            .filename(state.join("windlass.db"))
            .busy_timeout(Duration::ZERO);
        let connection = runtime.block_on(SqliteConnection::connect_with(&options));
        Self {
            runtime,
            connection: connection.expect("the store"),
        }
    }

    /// Waits until the operation is at the step, or past it where it was too quick, and comes back with
    /// the server kept from writing: where the operation is then, it stays until [`Self::open_again`].
    pub(crate) fn catch(&mut self, operation: &str, step: &str) -> At {
        let deadline = Instant::now() + PATIENCE;
        let steps = self.steps(operation);
        let wanted = steps
            .iter()
            .position(|(name, _)| kind(name) == step)
            .expect("the operation has the step");
        loop {
            let is_reached = match self.look(operation) {
                At::Start => false,
                At::Step(at, _) => at >= wanted,
                At::End => true,
            };
            if is_reached && self.close() {
                return self.look(operation);
            }
            assert!(
                Instant::now() < deadline,
                "{operation} did not come to {step} within {PATIENCE:?}"
            );
            std::thread::yield_now();
        }
    }

    /// Lets others write again. Without closing the connection: the last one to close would tidy up after
    /// the server that was killed.
    pub(crate) fn open_again(&mut self) {
        let rollback = sqlx::raw_sql("ROLLBACK").execute(&mut self.connection);
        self.runtime.block_on(rollback).expect("it was begun");
    }

    /// Takes the one right to write; false while the server has it.
    fn close(&mut self) -> bool {
        let begin = sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut self.connection);
        self.runtime.block_on(begin).is_ok()
    }

    fn look(&mut self, operation: &str) -> At {
        let state = sqlx::query("SELECT finished_at IS NOT NULL FROM operation WHERE id = ?")
            .bind(operation)
            .fetch_one(&mut self.connection);
        let row = self.runtime.block_on(state).expect("the operation");
        if row.get(0) {
            return At::End;
        }
        let steps = self.steps(operation);
        let begun = steps.iter().rposition(|(_, state)| state == "started");
        begun.map_or(At::Start, |at| At::Step(at, kind(&steps[at].0).to_owned()))
    }

    /// The steps with their states.
    fn steps(&mut self, operation: &str) -> Vec<(String, String)> {
        let steps = sqlx::query(
            "SELECT name, state FROM operation_step WHERE operation_id = ? ORDER BY seq",
        )
        .bind(operation)
        .fetch_all(&mut self.connection);
        let rows = self.runtime.block_on(steps).expect("its steps");
        rows.iter().map(|row| (row.get(0), row.get(1))).collect()
    }
}

/// `provision` of `provision:<id>`.
fn kind(name: &str) -> &str {
    name.split(':').next().unwrap_or_default()
}
