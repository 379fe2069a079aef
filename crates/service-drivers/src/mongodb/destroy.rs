//! Destroying an instance.

use bson::doc;
use windlass_model::id::InstanceId;
use windlass_services::{Access, Error};

use super::flavour::Flavour;
use super::limits::{DROP, USERS};
use super::names::database;
use super::provision::foreign_database;
use super::session::Session;
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
        users::remove(&mut session, instance, binding).await?;
    }
    users::end_sessions(&mut session, flavour, instance, &bindings).await?;
    // Twice: the first of them writes while it is dropped what the second still finds.
    for _ in 0..2 {
        session.run(DROP, &name, doc! { "dropDatabase": 1 }).await?;
    }
    // With them the mark goes, and last: while anything is left, it is known whose it is.
    let command = doc! { "dropAllUsersFromDatabase": 1 };
    session.run(USERS, &name, command).await.map(drop)
}
