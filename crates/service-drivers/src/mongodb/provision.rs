//! Making an instance.

use bson::doc;
use windlass_model::id::InstanceId;
use windlass_services::{Access, Error, InstanceSpec};

use super::check::probe;
use super::failure::unexpected;
use super::flavour::Flavour;
use super::limits::LOOK;
use super::marks;
use super::names::database;
use super::session::{ADMIN, Session};
use super::users::{self, Users, Wanted, conflict};

pub(super) async fn provision(
    access: &Access,
    flavour: Flavour,
    spec: &InstanceSpec,
) -> Result<(), Error> {
    let mut session = Session::open(access).await?;
    let users = Users::read(&mut session, spec.instance).await?;
    let name = database(spec.instance);
    match users.own_mark(access)? {
        Some(connections) if connections != spec.connection_limit => {
            let reason = format!(
                "it was made with {connections} connections, not {}",
                spec.connection_limit
            );
            return Err(conflict(access, &format!("database '{name}'"), &reason));
        }
        Some(_) => {}
        None => {
            foreign_database(&mut session, spec.instance).await?;
            if flavour == Flavour::Ferretdb {
                others(&mut session, spec.instance).await?;
            }
        }
    }
    let wanted = Wanted {
        instance: spec.instance,
        name,
        password: None,
        mark: marks::instance(spec.instance, spec.connection_limit, &spec.comment),
    };
    users::set(&mut session, flavour, &users, wanted).await?;
    probe(&mut session, spec.instance).await
}

/// Refuses if a database of the instance's name is there without the instance's mark.
pub(super) async fn foreign_database(
    session: &mut Session<'_>,
    instance: InstanceId,
) -> Result<(), Error> {
    let name = database(instance);
    let command =
        doc! { "listDatabases": 1, "nameOnly": true, "filter": { "name": name.as_str() } };
    let listed = session.run(LOOK, ADMIN, command).await?;
    let found = listed
        .get_array("databases")
        .map_err(|_| unexpected(session.access, LOOK, "list of databases"))?;
    if found.is_empty() {
        return Ok(());
    }
    let reason = "no user bears the mark of this instance";
    Err(conflict(
        session.access,
        &format!("database '{name}'"),
        reason,
    ))
}

/// Refuses if the server is another instance's already, which nothing would keep out of this one's data.
async fn others(session: &mut Session<'_>, instance: InstanceId) -> Result<(), Error> {
    let users = users::all(session).await?;
    let is_anothers = |user: &&users::User| {
        let mark = user.mark.as_ref();
        mark.is_some_and(|mark| !mark.is_of(instance))
    };
    match users.iter().find(is_anothers) {
        None => Ok(()),
        Some(other) => {
            let what = format!("database '{}'", other.database);
            let reason = "the server is that instance's, and nothing would keep two apart";
            Err(conflict(session.access, &what, reason))
        }
    }
}
