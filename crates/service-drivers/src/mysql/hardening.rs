//! Closing what old and default installations leave open to everybody.

use windlass_services::Error;

use super::limits::{LOOK, USERS};
use super::session::Session;
use super::sql::account;

/// Removes users without a name and what everybody may do in the databases `test` and `test_...`. Where
/// the administrator may not do so it stays undone, and is said in the log: tenants could then meet in these
/// databases, but see no other tenant's data.
pub(super) async fn harden(session: &mut Session<'_>) -> Result<(), Error> {
    remove_nameless(session).await?;
    close_test(session).await?;
    drop_empty_test(session).await
}

/// A user without a name is preferred to ours where its host is the more exact one, and needs no password.
async fn remove_nameless(session: &mut Session<'_>) -> Result<(), Error> {
    let sql = "SELECT Host FROM mysql.user WHERE User = ''".to_owned();
    for row in session.rows(LOOK, sql).await? {
        let sql = format!("DROP USER IF EXISTS {}", account("", row.text(0)));
        attempt(session, &sql).await?;
    }
    Ok(())
}

/// Rights of nobody in particular: of '' they are everybody's, and MariaDB calls everybody PUBLIC.
async fn close_test(session: &mut Session<'_>) -> Result<(), Error> {
    // Each session has NO_BACKSLASH_ESCAPES, so that this is how the row is written.
    let open = "FROM mysql.db WHERE User IN ('', 'PUBLIC') AND Db IN ('test', 'test\\_%')";
    let rows = session
        .rows(LOOK, format!("SELECT COUNT(*) {open}"))
        .await?;
    if rows.first().is_none_or(|row| row.number(0) == 0) {
        return Ok(());
    }
    // No REVOKE reaches the rights of a user that is not there.
    if attempt(session, &format!("DELETE {open}")).await? {
        attempt(session, "FLUSH PRIVILEGES").await?;
    }
    Ok(())
}

/// The database that comes with old installations; never one with something in it.
async fn drop_empty_test(session: &mut Session<'_>) -> Result<(), Error> {
    let sql = "SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = 'test' \
               AND NOT EXISTS (SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'test') \
               AND NOT EXISTS (SELECT 1 FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = 'test')";
    let rows = session.rows(LOOK, sql.to_owned()).await?;
    if rows.first().is_some_and(|row| row.number(0) > 0) {
        attempt(session, "DROP DATABASE IF EXISTS test").await?;
    }
    Ok(())
}

/// Whether it was done; the lack of a right is said in the log and no error.
async fn attempt(session: &mut Session<'_>, sql: &str) -> Result<bool, Error> {
    match session.run_raw(USERS, sql.to_owned()).await {
        Ok(()) => Ok(true),
        Err(failure) if failure.is_denied() => {
            tracing::warn!(
                cluster = %session.access.description, statement = sql,
                "the administrator may not close this server to tenants: let root run the statement"
            );
            Ok(false)
        }
        Err(failure) => Err(failure.of_statement(session.access)),
    }
}
