//! Destroying an instance.

use bson::{Document, doc};
use windlass_model::id::InstanceId;
use windlass_services::{Access, Error};

use super::failure::unexpected;
use super::flavour::Flavour;
use super::limits::{DROP, LOOK, USERS};
use super::names::database;
use super::provision::foreign_database;
use super::session::{ADMIN, Session};
use super::users::{self, Users};

pub(super) async fn destroy(
    access: &Access,
    flavour: Flavour,
    instance: InstanceId,
) -> Result<(), Error> {
    let mut session = Session::open(access).await?;
    let users = Users::read(&mut session, instance).await?;
    users.own_mark(access)?;
    let name = database(instance);
    let own: Vec<String> = users.own().map(|user| user.name.clone()).collect();
    if own.is_empty() {
        return foreign_database(&mut session, instance).await;
    }
    let bindings: Vec<String> = own.into_iter().filter(|user| *user != name).collect();
    for binding in &bindings {
        users::remove(&mut session, &name, binding).await?;
    }
    users::end_sessions(&mut session, flavour, instance, &bindings).await?;
    // Twice: the first of them writes while it is dropped what the second still finds.
    for _ in 0..2 {
        session.run(DROP, &name, doc! { "dropDatabase": 1 }).await?;
    }
    if flavour == Flavour::Ferretdb {
        empty(&mut session, instance).await?;
    }
    // With them the mark goes, and last: while anything is left, it is known whose it is.
    let command = doc! { "dropAllUsersFromDatabase": 1 };
    session.run(USERS, &name, command).await.map(drop)
}

/// What the application made outside of its database, which FerretDB keeps it from nowhere: the server is its own,
/// so that all is the instance's but the administrator.
async fn empty(session: &mut Session<'_>, instance: InstanceId) -> Result<(), Error> {
    let databases = doc! { "listDatabases": 1, "nameOnly": true };
    for found in names(session, databases, "databases").await? {
        if found != ADMIN {
            session
                .run(DROP, &found, doc! { "dropDatabase": 1 })
                .await?;
        }
    }
    let collections = doc! { "listCollections": 1, "nameOnly": true };
    let answer = names(session, collections, "cursor").await?;
    for found in answer.into_iter().filter(|found| found != "system.users") {
        session.run(DROP, ADMIN, doc! { "drop": found }).await?;
    }
    let home = session.access.database.as_deref().unwrap_or(ADMIN);
    for user in users::all(session).await? {
        let is_mark = user.database == database(instance);
        let is_ours = user.database == home && user.name == session.access.user;
        if !is_mark && !is_ours {
            users::remove(session, &user.database, &user.name).await?;
        }
    }
    Ok(())
}

/// The names in a list, which is in the field itself or the first batch of its cursor.
async fn names(
    session: &mut Session<'_>,
    command: Document,
    field: &str,
) -> Result<Vec<String>, Error> {
    let answer = session.run(LOOK, ADMIN, command).await?;
    let list = match answer.get_document(field) {
        Ok(cursor) => cursor.get_array("firstBatch"),
        Err(_) => answer.get_array(field),
    };
    let list = list.map_err(|_| unexpected(session.access, LOOK, field))?;
    let documents = list.iter().filter_map(bson::Bson::as_document);
    let names = documents.filter_map(|found| found.get_str("name").ok());
    Ok(names.map(str::to_owned).collect())
}
