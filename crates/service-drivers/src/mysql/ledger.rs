//! The marks by which we know what is ours: rows of a database of our own, which no tenant can see.
//!
//! A row says that the object of its name is ours. It is written before the object is made, and only while
//! there is none of that name; it is deleted after the object. So a crash leaves rows without objects, which
//! the next call makes or forgets, and never an object of ours without its row.

use rand::Rng;
use rand::distr::Alphanumeric;
use windlass_model::id::{BindingId, InstanceId};
use windlass_services::{Access, Error, InstanceSpec};

use super::catalogue::conflict;
use super::limits::{LOOK, USERS};
use super::names;
use super::session::Session;
use super::sql::{identifier, literal};

/// The database. Rights on `svc\_%` are rights on it too; no instance's short id has this form.
const DATABASE: &str = "svc_windlass";

/// Its tables.
const TABLES: [(&str, &str); 3] = [
    // One row: the secret part of the names of our locks.
    (
        "cluster",
        "id TINYINT UNSIGNED NOT NULL PRIMARY KEY, token VARCHAR(32) NOT NULL",
    ),
    (
        "instances",
        "name VARCHAR(64) NOT NULL PRIMARY KEY, instance CHAR(36) NOT NULL, \
         connection_limit INT UNSIGNED NOT NULL, comment TEXT NOT NULL",
    ),
    // A revoked one is kept for the sake of what its user defined; its generation is free.
    (
        "bindings",
        "name VARCHAR(32) NOT NULL PRIMARY KEY, instance CHAR(36) NOT NULL, \
         binding CHAR(36) NOT NULL, revoked BOOLEAN NOT NULL, INDEX (instance)",
    ),
];

/// The row of an instance.
#[derive(Debug, Clone)]
pub(super) struct Instance {
    pub(super) instance: String,
    pub(super) connection_limit: u64,
}

/// The row of a binding.
#[derive(Debug, Clone)]
pub(super) struct Binding {
    /// The user's name.
    pub(super) name: String,
    /// The binding's id.
    pub(super) id: String,
    pub(super) is_revoked: bool,
}

/// A table of ours as statements name it.
pub(super) fn table(name: &str) -> String {
    format!("{}.{}", identifier(DATABASE), identifier(name))
}

/// Makes the database and its tables, as far as they are not there.
pub(super) async fn make(session: &mut Session<'_>) -> Result<(), Error> {
    let sql = format!(
        "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = {}",
        literal(DATABASE)
    );
    let rows = session.rows(LOOK, sql).await?;
    let is_ours = |name: &str| TABLES.iter().any(|(ours, _)| *ours == name);
    if let Some(foreign) = rows.iter().find(|row| !is_ours(row.text(0))) {
        let reason = format!("it has a table '{}'", foreign.text(0));
        return Err(conflict(
            session.access,
            &format!("database '{DATABASE}'"),
            &reason,
        ));
    }
    let database = identifier(DATABASE);
    let sql = format!(
        "CREATE DATABASE IF NOT EXISTS {database} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
    );
    session.run(USERS, sql).await?;
    for (name, columns) in TABLES {
        let sql = format!(
            "CREATE TABLE IF NOT EXISTS {} ({columns}) ENGINE=InnoDB",
            table(name)
        );
        session.run(USERS, sql).await?;
    }
    let token: String = rand::rng()
        .sample_iter(Alphanumeric)
        .take(32)
        .map(char::from)
        .collect();
    let sql = format!(
        "INSERT IGNORE INTO {} VALUES (1, {})",
        table("cluster"),
        literal(&token)
    );
    session.run(USERS, sql).await
}

/// The row of an instance.
pub(super) async fn instance(
    session: &mut Session<'_>,
    name: &str,
) -> Result<Option<Instance>, Error> {
    let sql = format!(
        "SELECT instance, connection_limit FROM {} WHERE name = {}",
        table("instances"),
        literal(name)
    );
    let rows = session.rows(LOOK, sql).await?;
    Ok(rows.first().map(|row| Instance {
        instance: row.text(0).to_owned(),
        connection_limit: row.number(1),
    }))
}

/// The rows of an instance's bindings.
pub(super) async fn bindings(
    session: &mut Session<'_>,
    instance: InstanceId,
) -> Result<Vec<Binding>, Error> {
    let sql = format!(
        "SELECT name, binding, revoked FROM {} WHERE instance = '{instance}' ORDER BY name",
        table("bindings")
    );
    let rows = session.rows(LOOK, sql).await?;
    let read = |row: &super::session::Row| Binding {
        name: row.text(0).to_owned(),
        id: row.text(1).to_owned(),
        is_revoked: row.number(2) != 0,
    };
    Ok(rows.iter().map(read).collect())
}

/// Writes the row of an instance, or its comment again.
pub(super) async fn note_instance(
    session: &mut Session<'_>,
    spec: &InstanceSpec,
) -> Result<(), Error> {
    // The column's limit is 65535 bytes.
    let comment: String = spec.comment.chars().take(1024).collect();
    let comment = literal(&comment);
    let sql = format!(
        "INSERT INTO {} (name, instance, connection_limit, comment) VALUES ({}, '{}', {}, {comment}) \
         ON DUPLICATE KEY UPDATE comment = {comment}",
        table("instances"),
        literal(&names::database(spec.instance)),
        spec.instance,
        spec.connection_limit
    );
    session.run(USERS, sql).await
}

/// Writes the row of a binding.
pub(super) async fn note_binding(
    session: &mut Session<'_>,
    name: &str,
    instance: InstanceId,
    binding: BindingId,
) -> Result<(), Error> {
    let sql = format!(
        "INSERT INTO {} (name, instance, binding, revoked) VALUES ({}, '{instance}', '{binding}', FALSE) \
         ON DUPLICATE KEY UPDATE binding = '{binding}', revoked = FALSE",
        table("bindings"),
        literal(name)
    );
    session.run(USERS, sql).await
}

/// Says of a binding that it is revoked.
pub(super) async fn note_revoked(session: &mut Session<'_>, name: &str) -> Result<(), Error> {
    let sql = format!(
        "UPDATE {} SET revoked = TRUE WHERE name = {}",
        table("bindings"),
        literal(name)
    );
    session.run(USERS, sql).await
}

/// Deletes the row of a binding.
pub(super) async fn forget_binding(session: &mut Session<'_>, name: &str) -> Result<(), Error> {
    let sql = format!(
        "DELETE FROM {} WHERE name = {}",
        table("bindings"),
        literal(name)
    );
    session.run(USERS, sql).await
}

/// Deletes the row of an instance.
pub(super) async fn forget_instance(session: &mut Session<'_>, name: &str) -> Result<(), Error> {
    let sql = format!(
        "DELETE FROM {} WHERE name = {}",
        table("instances"),
        literal(name)
    );
    session.run(USERS, sql).await
}

/// The names of all databases and users of ours.
pub(super) async fn names(session: &mut Session<'_>) -> Result<Vec<String>, Error> {
    let sql = format!(
        "SELECT name FROM {} UNION SELECT name FROM {}",
        table("instances"),
        table("bindings")
    );
    let rows = session.rows(LOOK, sql).await?;
    Ok(rows.iter().map(|row| row.text(0).to_owned()).collect())
}

/// The error of a row that an instance should have and has not.
pub(super) fn missing(access: &Access, instance: InstanceId) -> Error {
    Error::Missing {
        cluster: access.description.clone(),
        what: format!("database '{}'", names::database(instance)),
    }
}
