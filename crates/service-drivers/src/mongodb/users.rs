//! The users on the server.

use bson::{Binary, Bson, Document, doc, spec::BinarySubtype};
use rand::RngCore;
use secrecy::{ExposeSecret, SecretString};
use windlass_model::id::InstanceId;
use windlass_services::{Access, Error, password};

use super::failure::{code, unexpected};
use super::flavour::Flavour;
use super::limits::{LOOK, SESSIONS, USERS};
use super::marks::Mark;
use super::names::database;
use super::scram::{MECHANISM, Verifier};
use super::session::{ADMIN, Session, without};

/// A user, as far as it concerns us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct User {
    pub(super) name: String,
    /// The database that it belongs to and logs in at.
    pub(super) database: String,
    pub(super) mark: Option<Mark>,
}

impl User {
    fn parse(user: &Document) -> Option<Self> {
        let mark = user.get_document("customData").ok().and_then(Mark::parse);
        Some(Self {
            name: user.get_str("user").ok()?.to_owned(),
            database: user.get_str("db").ok()?.to_owned(),
            mark,
        })
    }
}

/// The users of an instance's database.
#[derive(Debug)]
pub(super) struct Users {
    instance: InstanceId,
    all: Vec<User>,
}

impl Users {
    pub(super) async fn read(
        session: &mut Session<'_>,
        instance: InstanceId,
    ) -> Result<Self, Error> {
        let all = list(session, &database(instance), 1).await?;
        Ok(Self { instance, all })
    }

    pub(super) fn named(&self, name: &str) -> Option<&User> {
        self.all.iter().find(|user| user.name == name)
    }

    /// Those that bear a mark of the instance.
    pub(super) fn own(&self) -> impl Iterator<Item = &User> {
        self.all.iter().filter(|user| {
            let mark = user.mark.as_ref();
            mark.is_some_and(|mark| mark.is_of(self.instance))
        })
    }

    /// With how many connections the instance was made; a user of that name without its mark is somebody else's.
    pub(super) fn own_mark(&self, access: &Access) -> Result<Option<u32>, Error> {
        let name = database(self.instance);
        let Some(user) = self.named(&name) else {
            return Ok(None);
        };
        match &user.mark {
            Some(mark @ Mark::Instance { connections, .. }) if mark.is_of(self.instance) => {
                Ok(Some(*connections))
            }
            _ => {
                let reason = "its custom data do not bear the mark of this instance";
                Err(conflict(access, &format!("user '{name}'"), reason))
            }
        }
    }

    /// The same of an instance that must be there.
    pub(super) fn made(&self, access: &Access) -> Result<u32, Error> {
        self.own_mark(access)?.ok_or_else(|| Error::Missing {
            cluster: access.description.clone(),
            what: format!(
                "user '{}', the mark of the instance,",
                database(self.instance)
            ),
        })
    }
}

/// The users of all databases.
pub(super) async fn all(session: &mut Session<'_>) -> Result<Vec<User>, Error> {
    list(session, ADMIN, doc! { "forAllDBs": true }).await
}

async fn list(
    session: &mut Session<'_>,
    database: &str,
    which: impl Into<Bson>,
) -> Result<Vec<User>, Error> {
    let listed = session
        .run(LOOK, database, doc! { "usersInfo": which.into() })
        .await?;
    let users = listed.get_array("users").ok();
    let parsed = users.and_then(|users| {
        let documents = users.iter().map(Bson::as_document);
        documents.map(|user| User::parse(user?)).collect()
    });
    parsed.ok_or_else(|| unexpected(session.access, LOOK, "list of users"))
}

/// A user as it is to be.
pub(super) struct Wanted<'a> {
    pub(super) instance: InstanceId,
    pub(super) name: String,
    /// None for one that nobody is to log in as.
    pub(super) password: Option<&'a SecretString>,
    pub(super) mark: Document,
}

impl Wanted<'_> {
    /// Everything in its own database but its users. FerretDB keeps the list and asks for none of it.
    fn roles(&self) -> Vec<Document> {
        let database = database(self.instance);
        let role = |role: &str| doc! { "role": role, "db": database.as_str() };
        match self.password {
            Some(_) => vec![role("readWrite"), role("dbAdmin")],
            None => Vec::new(),
        }
    }
}

/// Makes the user, or sets everything of it again.
pub(super) async fn set(
    session: &mut Session<'_>,
    flavour: Flavour,
    users: &Users,
    wanted: Wanted<'_>,
) -> Result<(), Error> {
    match flavour {
        Flavour::Mongodb => {
            let exists = users.named(&wanted.name).is_some();
            set_by_command(session, exists, wanted).await
        }
        Flavour::Ferretdb => {
            let write = stored(&wanted);
            session.run(USERS, ADMIN, write).await.map(drop)
        }
    }
}

async fn set_by_command(
    session: &mut Session<'_>,
    exists: bool,
    wanted: Wanted<'_>,
) -> Result<(), Error> {
    let verb = if exists { "updateUser" } else { "createUser" };
    // Nobody keeps this one; MongoDB has no users without.
    let drawn = password::generate();
    let secret = wanted.password.unwrap_or(&drawn);
    let roles = wanted.roles();
    let command = doc! {
        verb: wanted.name, "pwd": secret.expose_secret(), "mechanisms": [MECHANISM],
        "roles": roles, "customData": wanted.mark,
    };
    let done = session
        .try_run(USERS, &database(wanted.instance), command)
        .await;
    match done {
        Ok(_) => Ok(()),
        Err(failure) => Err(without(failure, secret).of_command(session.access)),
    }
}

/// FerretDB's `createUser` takes neither custom data nor a password that was hashed before; this writes what
/// it would.
fn stored(wanted: &Wanted<'_>) -> Document {
    let database = database(wanted.instance);
    let id = format!("{database}.{}", wanted.name);
    let mut credentials = Document::new();
    if let Some(password) = wanted.password {
        let verifier = Verifier::of(password);
        credentials.insert(
            MECHANISM,
            doc! {
                "iterationCount": i32::try_from(verifier.rounds).unwrap_or(i32::MAX),
                "salt": verifier.salt,
                "storedKey": verifier.stored_key,
                "serverKey": verifier.server_key,
            },
        );
    }
    let user = doc! {
        "_id": id.as_str(), "credentials": credentials, "user": wanted.name.as_str(), "db": database,
        "roles": wanted.roles(), "userId": new_id(), "customData": wanted.mark.clone(),
    };
    doc! {
        "update": "system.users",
        "updates": [{ "q": { "_id": id.as_str() }, "u": user, "upsert": true }],
    }
}

/// A random UUID (RFC 9562, version 4).
fn new_id() -> Binary {
    let mut bytes = vec![0; 16];
    rand::rng().fill_bytes(&mut bytes);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    Binary {
        subtype: BinarySubtype::Uuid,
        bytes,
    }
}

/// Removes a user; that it is gone already is fine.
pub(super) async fn remove(
    session: &mut Session<'_>,
    database: &str,
    name: &str,
) -> Result<(), Error> {
    let dropped = session
        .try_run(USERS, database, doc! { "dropUser": name })
        .await;
    match dropped {
        Err(failure) if !failure.is(code::USER_NOT_FOUND) => {
            Err(failure.of_command(session.access))
        }
        _ => Ok(()),
    }
}

/// Ends what a user has at work, its cursors and transactions; its connections have lost their rights with it.
/// FerretDB has no command for either.
pub(super) async fn end_sessions(
    session: &mut Session<'_>,
    flavour: Flavour,
    instance: InstanceId,
    names: &[String],
) -> Result<(), Error> {
    // Without a name, everybody's would be ended.
    if flavour == Flavour::Ferretdb || names.is_empty() {
        return Ok(());
    }
    let database = database(instance);
    let users: Vec<Document> = names
        .iter()
        .map(|name| doc! { "user": name.as_str(), "db": database.as_str() })
        .collect();
    let command = doc! { "killAllSessions": users };
    session.run(SESSIONS, ADMIN, command).await.map(drop)
}

pub(super) fn conflict(access: &Access, what: &str, reason: &str) -> Error {
    Error::Conflict {
        cluster: access.description.clone(),
        what: what.to_owned(),
        reason: reason.to_owned(),
    }
}
