//! What a database holds beside tables: read, written down, and made again.

use windlass_services::Error;

use super::super::session::Session;
use super::super::sql::{identifier, literal};
use super::limits::{MAKE, OBJECTS};

/// A kind of object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Function,
    Procedure,
    View,
    Trigger,
    Event,
}

/// In the order in which they are made: views may need functions, triggers and events anything.
pub(super) const KINDS: [Kind; 5] = [
    Kind::Function,
    Kind::Procedure,
    Kind::View,
    Kind::Trigger,
    Kind::Event,
];

impl Kind {
    /// As statements name it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Function => "FUNCTION",
            Self::Procedure => "PROCEDURE",
            Self::View => "VIEW",
            Self::Trigger => "TRIGGER",
            Self::Event => "EVENT",
        }
    }

    pub(super) fn parse(word: &str) -> Option<Self> {
        KINDS.into_iter().find(|kind| kind.word() == word)
    }

    /// A query for the names of those in a database.
    fn names(self, database: &str) -> String {
        let database = literal(database);
        match self {
            Self::Function | Self::Procedure => format!(
                "SELECT ROUTINE_NAME FROM information_schema.ROUTINES \
                 WHERE ROUTINE_SCHEMA = {database} AND ROUTINE_TYPE = '{}' ORDER BY 1",
                self.word()
            ),
            Self::View => format!(
                "SELECT TABLE_NAME FROM information_schema.VIEWS WHERE TABLE_SCHEMA = {database} ORDER BY 1"
            ),
            // In the order in which those of one table act.
            Self::Trigger => format!(
                "SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE EVENT_OBJECT_SCHEMA = {database} \
                 ORDER BY EVENT_OBJECT_TABLE, ACTION_TIMING, EVENT_MANIPULATION, ACTION_ORDER"
            ),
            Self::Event => format!(
                "SELECT EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = {database} ORDER BY 1"
            ),
        }
    }

    /// The columns of `SHOW CREATE` that hold the mode and the text.
    fn columns(self) -> (Option<usize>, usize) {
        match self {
            Self::View => (None, 1),
            Self::Function | Self::Procedure | Self::Trigger => (Some(1), 2),
            // The time zone comes between.
            Self::Event => (Some(1), 3),
        }
    }
}

/// An object, as a statement that makes it, of whoever runs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Object {
    pub(super) kind: Kind,
    pub(super) name: String,
    pub(super) sql_mode: String,
    pub(super) text: String,
}

/// All of a kind in the database. The session works in that database from then on, so that the texts do not name it.
pub(super) async fn of(
    session: &mut Session<'_>,
    database: &str,
    kind: Kind,
) -> Result<Vec<Object>, Error> {
    session
        .run(OBJECTS, format!("USE {}", identifier(database)))
        .await?;
    let mut objects = Vec::new();
    for row in session.rows(OBJECTS, kind.names(database)).await? {
        let name = row.text(0).to_owned();
        let sql = format!("SHOW CREATE {} {}", kind.word(), identifier(&name));
        let shown = session.rows(OBJECTS, sql).await?;
        let (mode, text) = kind.columns();
        let text = shown.first().map_or("", |row| row.text(text));
        if text.is_empty() {
            return Err(Error::Failed {
                cluster: session.access.description.clone(),
                doing: OBJECTS.doing.to_owned(),
                reason: format!(
                    "the administrator is not shown the {} '{name}'",
                    kind.word().to_lowercase()
                ),
            });
        }
        let mode = mode.and_then(|mode| shown.first().map(|row| row.text(mode)));
        objects.push(Object {
            kind,
            name,
            sql_mode: mode.unwrap_or_default().to_owned(),
            text: without_definer(text),
        });
    }
    Ok(objects)
}

/// The statement without the words that name its definer, which `SHOW CREATE` writes in one form only and before
/// anything that is not the server's own.
fn without_definer(text: &str) -> String {
    let Some((before, rest)) = text.split_once("DEFINER=`") else {
        return text.to_owned();
    };
    let after = rest.find("`@`").and_then(|at| {
        rest[at + 3..]
            .find('`')
            .map(|end| &rest[at + 3 + end + 1..])
    });
    match after {
        Some(after) if before.len() < 80 => format!("{before}{}", after.trim_start()),
        _ => text.to_owned(),
    }
}

/// Drops all of these kinds in a database.
pub(super) async fn drop_all(
    session: &mut Session<'_>,
    database: &str,
    kinds: &[Kind],
) -> Result<(), Error> {
    for kind in kinds {
        for row in session.rows(OBJECTS, kind.names(database)).await? {
            let sql = format!(
                "DROP {} IF EXISTS {}.{}",
                kind.word(),
                identifier(database),
                identifier(row.text(0))
            );
            session.run(MAKE, sql).await?;
        }
    }
    Ok(())
}

/// Makes objects in the session's database, in as many rounds as views that need one another take; those that are
/// there already are made anew.
pub(super) async fn make(session: &mut Session<'_>, objects: Vec<Object>) -> Result<(), Error> {
    let mut left = objects;
    loop {
        let before = left.len();
        let mut failed = Vec::new();
        let mut last = None;
        for object in left {
            match make_one(session, &object).await {
                Ok(()) => {}
                Err(error) if object.kind == Kind::View => {
                    failed.push(object);
                    last = Some(error);
                }
                Err(error) => return Err(error),
            }
        }
        match last {
            None => return Ok(()),
            Some(error) if failed.len() == before => return Err(error),
            Some(_) => left = failed,
        }
    }
}

async fn make_one(session: &mut Session<'_>, object: &Object) -> Result<(), Error> {
    let sql = format!(
        "DROP {} IF EXISTS {}",
        object.kind.word(),
        identifier(&object.name)
    );
    session.run(MAKE, sql).await?;
    let mode = format!("SET sql_mode = {}", literal(&object.sql_mode));
    session.run(MAKE, mode).await?;
    session.run(MAKE, object.text.clone()).await
}

#[cfg(test)]
mod tests {
    use super::without_definer;

    #[test]
    fn definers_are_taken_out_and_nothing_else() {
        for (text, wanted) in [
            (
                "CREATE ALGORITHM=UNDEFINED DEFINER=`a`@`%` SQL SECURITY DEFINER VIEW `v` AS select 'DEFINER=`x`@`y`'",
                "CREATE ALGORITHM=UNDEFINED SQL SECURITY DEFINER VIEW `v` AS select 'DEFINER=`x`@`y`'",
            ),
            (
                "CREATE DEFINER=`a`@`%` TRIGGER `t` BEFORE INSERT ON `x` FOR EACH ROW SET @a = 1",
                "CREATE TRIGGER `t` BEFORE INSERT ON `x` FOR EACH ROW SET @a = 1",
            ),
            ("CREATE VIEW `v` AS select 1", "CREATE VIEW `v` AS select 1"),
        ] {
            assert_eq!(without_definer(text), wanted);
        }
    }
}
