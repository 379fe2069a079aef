//! What owners have set for every session in a database, which is no part of its dump.

use tokio_postgres::types::Type;
use windlass_services::Error;

use super::super::failure::unexpected;
use super::super::limits::LOOK;
use super::super::session::Session;
use super::super::sql::{identifier, literal};
use super::limits::ROLES;

/// Settings whose value is a list, which cannot be given as one literal.
const LISTS: [&str; 4] = [
    "search_path",
    "temp_tablespaces",
    "local_preload_libraries",
    "session_preload_libraries",
];

/// Gives one database the settings of another, and no others.
pub(super) async fn copy(session: &Session<'_>, from: &str, to: &str) -> Result<(), Error> {
    let database = identifier(to);
    session
        .run(ROLES, &format!("ALTER DATABASE {database} RESET ALL"))
        .await?;
    let sql = "SELECT coalesce(rolname, ''), unnest(setconfig)
                 FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
                 LEFT JOIN pg_roles r ON r.oid = s.setrole
                WHERE d.datname = $1";
    for row in session.rows(LOOK, sql, &[(&from, Type::TEXT)]).await? {
        let read = || Ok((row.try_get(0)?, row.try_get(1)?));
        let (role, setting): (String, String) =
            read().map_err(|error| unexpected(session.access, LOOK, &error))?;
        let Some((name, value)) = setting.split_once('=') else {
            continue;
        };
        let whose = if role.is_empty() {
            format!("ALTER DATABASE {database}")
        } else {
            format!("ALTER ROLE {} IN DATABASE {database}", identifier(&role))
        };
        // A list is set for this transaction by a function that takes it as a text, and taken from there.
        let sql = if LISTS.contains(&name) {
            format!(
                "SELECT set_config({}, {}, true); {whose} SET {} FROM CURRENT",
                literal(name),
                literal(value),
                identifier(name)
            )
        } else {
            format!("{whose} SET {} TO {}", qualified(name), literal(value))
        };
        if let Err(error) = session.run(ROLES, &sql).await {
            // A superuser may have set what this administrator may not.
            tracing::warn!(
                cluster = %session.access.description, database = from, setting = name, %error,
                "a setting of this database could not be kept over a restore"
            );
        }
    }
    Ok(())
}

/// Names of extensions' settings have two parts.
fn qualified(name: &str) -> String {
    let parts: Vec<_> = name.split('.').map(identifier).collect();
    parts.join(".")
}
