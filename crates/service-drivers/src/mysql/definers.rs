//! Who defined what an instance's database holds.
//!
//! Views, triggers, routines and events act with the rights of their definer, and fail once it is dropped.

use std::collections::BTreeSet;

use windlass_services::Error;

use super::failure::code;
use super::limits::DEFINERS;
use super::session::Session;
use super::sql::literal;

/// The definers of what a database holds.
#[derive(Debug)]
pub(super) enum Definers {
    /// These, as `name@host`.
    Known(BTreeSet<String>),
    /// The server passed over tables that were being changed.
    Unknown,
}

impl Definers {
    /// Whether the user may be one.
    pub(super) fn may_hold(&self, user: &str) -> bool {
        match self {
            Self::Known(definers) => definers.contains(&format!("{user}@%")),
            Self::Unknown => true,
        }
    }
}

/// Looks for them.
pub(super) async fn of(session: &mut Session<'_>, database: &str) -> Result<Definers, Error> {
    let kinds = [
        ("VIEWS", "TABLE_SCHEMA"),
        // A trigger is in its table's database. By TRIGGER_SCHEMA MariaDB opens the tables of every database, and
        // passes over those that other tenants are just changing.
        ("TRIGGERS", "EVENT_OBJECT_SCHEMA"),
        ("ROUTINES", "ROUTINE_SCHEMA"),
        ("EVENTS", "EVENT_SCHEMA"),
    ];
    let mut definers = BTreeSet::new();
    for (kind, schema) in kinds {
        let sql = format!(
            "SELECT DISTINCT DEFINER FROM information_schema.{kind} WHERE {schema} = {}",
            literal(database)
        );
        let rows = session.rows(DEFINERS, sql).await?;
        definers.extend(rows.iter().map(|row| row.text(0).to_owned()));
        // Views that do not work any more give warnings of their own, and are listed all the same.
        let warnings = session.rows(DEFINERS, "SHOW WARNINGS".to_owned()).await?;
        if warnings
            .iter()
            .any(|row| row.text(1) == code::TABLE_SKIPPED)
        {
            return Ok(Definers::Unknown);
        }
    }
    Ok(Definers::Known(definers))
}
