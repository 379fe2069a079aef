//! Our rows about what is copied: who copies, what a restore has come to, and what it has to make again.

use windlass_model::id::{InstanceId, OperationId};
use windlass_services::Error;

use super::super::ledger::table;
use super::super::limits::LOOK;
use super::super::names::database;
use super::super::session::Session;
use super::super::sql::literal;
use super::limits::RECORD;

/// The tables.
pub(in super::super) const TABLES: [(&str, &str); 3] = [
    // A user that a call has made for a copy.
    (
        "copiers",
        "name VARCHAR(32) NOT NULL PRIMARY KEY, instance CHAR(36) NOT NULL, INDEX (instance)",
    ),
    // The last restore of an instance.
    (
        "restores",
        "name VARCHAR(64) NOT NULL PRIMARY KEY, operation CHAR(36) NOT NULL, filler VARCHAR(32) NOT NULL, \
         state VARCHAR(16) NOT NULL",
    ),
    // What it has to make again when its tables have moved. The text is not ours.
    (
        "objects",
        "name VARCHAR(64) NOT NULL, number INT UNSIGNED NOT NULL, kind VARCHAR(16) NOT NULL, \
         object VARCHAR(64) NOT NULL, sql_mode TEXT NOT NULL, text LONGTEXT NOT NULL, PRIMARY KEY (name, number)",
    ),
];

/// What a restore has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// The fresh database is being filled.
    Filling,
    /// It is filled to the end.
    Filled,
    /// The old data is going: from here on only forward.
    Swapping,
    /// The new tables are live, and what else there is has to be made again.
    Moved,
    /// The new data is live.
    Swapped,
}

impl State {
    const ALL: [(Self, &'static str); 5] = [
        (Self::Filling, "filling"),
        (Self::Filled, "filled"),
        (Self::Swapping, "swapping"),
        (Self::Moved, "moved"),
        (Self::Swapped, "swapped"),
    ];

    /// Whether its swap has begun and has not come to its end.
    pub(super) fn is_under_way(self) -> bool {
        matches!(self, Self::Swapping | Self::Moved)
    }

    fn word(self) -> &'static str {
        let found = Self::ALL.iter().find(|(state, _)| *state == self);
        found.map_or("", |(_, word)| word)
    }

    fn parse(word: &str) -> Option<Self> {
        let found = Self::ALL.iter().find(|(_, known)| *known == word);
        found.map(|(state, _)| *state)
    }
}

/// A restore.
#[derive(Debug, Clone)]
pub(super) struct Restore {
    pub(super) operation: String,
    pub(super) filler: String,
    pub(super) state: State,
}

impl Restore {
    pub(super) fn is_of(&self, operation: OperationId) -> bool {
        self.operation == operation.to_string()
    }
}

/// The last restore of an instance.
pub(super) async fn restore(
    session: &mut Session<'_>,
    instance: InstanceId,
) -> Result<Option<Restore>, Error> {
    let sql = format!(
        "SELECT operation, filler, state FROM {} WHERE name = {}",
        table("restores"),
        literal(&database(instance))
    );
    let rows = session.rows(LOOK, sql).await?;
    Ok(rows.first().and_then(|row| {
        Some(Restore {
            operation: row.text(0).to_owned(),
            filler: row.text(1).to_owned(),
            state: State::parse(row.text(2))?,
        })
    }))
}

/// Writes what a restore has come to.
pub(super) async fn note(
    session: &mut Session<'_>,
    instance: InstanceId,
    restore: &Restore,
    state: State,
) -> Result<(), Error> {
    let sql = format!(
        "REPLACE INTO {} (name, operation, filler, state) VALUES ({}, {}, {}, {})",
        table("restores"),
        literal(&database(instance)),
        literal(&restore.operation),
        literal(&restore.filler),
        literal(state.word())
    );
    session.run(RECORD, sql).await
}

/// Forgets a restore and what it had to make.
pub(super) async fn forget(session: &mut Session<'_>, instance: InstanceId) -> Result<(), Error> {
    forget_objects(session, instance).await?;
    let sql = format!(
        "DELETE FROM {} WHERE name = {}",
        table("restores"),
        literal(&database(instance))
    );
    session.run(RECORD, sql).await
}

pub(super) async fn forget_objects(
    session: &mut Session<'_>,
    instance: InstanceId,
) -> Result<(), Error> {
    let sql = format!(
        "DELETE FROM {} WHERE name = {}",
        table("objects"),
        literal(&database(instance))
    );
    session.run(RECORD, sql).await
}

/// The users that copy for an instance.
pub(super) async fn copiers(
    session: &mut Session<'_>,
    instance: InstanceId,
) -> Result<Vec<String>, Error> {
    let sql = format!(
        "SELECT name FROM {} WHERE instance = '{instance}' ORDER BY name",
        table("copiers")
    );
    let rows = session.rows(LOOK, sql).await?;
    Ok(rows.iter().map(|row| row.text(0).to_owned()).collect())
}

pub(super) async fn note_copier(
    session: &mut Session<'_>,
    instance: InstanceId,
    name: &str,
) -> Result<(), Error> {
    let sql = format!(
        "INSERT IGNORE INTO {} (name, instance) VALUES ({}, '{instance}')",
        table("copiers"),
        literal(name)
    );
    session.run(RECORD, sql).await
}

pub(super) async fn forget_copier(session: &mut Session<'_>, name: &str) -> Result<(), Error> {
    let sql = format!(
        "DELETE FROM {} WHERE name = {}",
        table("copiers"),
        literal(name)
    );
    session.run(RECORD, sql).await
}
