//! What goes wrong inside the store, and what of it callers see.

use windlass_operations::StoreError;

/// An error on the way through the store: one that is meant for the caller already, or SQLite's own.
#[derive(Debug)]
pub(crate) enum Fault {
    /// For the caller.
    Store(StoreError),
    /// From SQLite; `Inner::seen` turns it into one for the caller.
    Sql(sqlx::Error),
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Self {
        Self::Sql(error)
    }
}

/// A change does not apply.
pub(crate) fn conflict(text: impl Into<String>) -> Fault {
    Fault::Store(StoreError::Conflict(text.into()))
}

/// There is no such row.
pub(crate) fn missing(text: impl Into<String>) -> Fault {
    Fault::Store(StoreError::NotFound(text.into()))
}

/// A value in the store that none of our writes can have made.
pub(crate) fn damaged(place: &str, why: impl std::fmt::Display) -> Fault {
    Fault::Store(StoreError::Unavailable {
        message: format!(
            "the value of '{place}' cannot be read ({why}); the store may be damaged, or newer than this binary"
        ),
        transient: false,
    })
}

/// The columns (`table.column, ...`) or the index of a unique rule that the statement would have broken.
pub(crate) fn broken_rule(error: &sqlx::Error) -> Option<&str> {
    let database = error.as_database_error()?;
    database.is_unique_violation().then(|| {
        let message = database.message();
        message
            .strip_prefix("UNIQUE constraint failed: ")
            .unwrap_or(message)
    })
}

/// A conflict with the text of the first rule whose columns name it; SQLite's own error when none does.
pub(crate) fn unique(error: sqlx::Error, rules: &[(&str, &dyn Fn() -> String)]) -> Fault {
    let text = broken_rule(&error)
        .and_then(|broken| rules.iter().find(|(columns, _)| *columns == broken))
        .map(|(_, text)| text());
    text.map_or(Fault::Sql(error), conflict)
}

/// SQLite's primary result code.
pub(crate) fn code(error: &sqlx::Error) -> Option<i64> {
    let code = error.as_database_error()?.code()?.parse::<i64>().ok()?;
    Some(code & 0xff)
}

/// Whether the disk had no room for the write.
pub(crate) fn is_full(error: &sqlx::Error) -> bool {
    const FULL: i64 = 13;
    /// The index of the write-ahead log could not grow (`SQLITE_IOERR_SHMSIZE`).
    const SHARED_MEMORY_SIZE: &str = "4874";
    code(error) == Some(FULL)
        || error
            .as_database_error()
            .and_then(sqlx::error::DatabaseError::code)
            .as_deref()
            == Some(SHARED_MEMORY_SIZE)
}

/// SQLite's error as callers see it.
pub(crate) fn unavailable(error: &sqlx::Error) -> StoreError {
    const CONSTRAINT: i64 = 19;
    const BUSY: i64 = 5;
    const LOCKED: i64 = 6;
    const IO: i64 = 10;
    if code(error) == Some(CONSTRAINT) {
        return StoreError::Conflict(format!(
            "the change would break a rule of the store ({error}); this is a fault of Windlass, please report it"
        ));
    }
    let transient = match error {
        sqlx::Error::PoolTimedOut => true,
        _ => matches!(code(error), Some(BUSY | LOCKED | IO)),
    };
    StoreError::Unavailable {
        message: error.to_string(),
        transient,
    }
}
