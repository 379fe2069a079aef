//! Checking and hardening a server.

use windlass_services::{Access, Error};

use super::check::field;
use super::failure::unexpected;
use super::flavour::Flavour;
use super::limits::{LOOK, USERS};
use super::names::BINDING_MARK;
use super::provision::limit;
use super::session::{Command, Session, command};
use super::users::{User, Users, save, set_default};

/// What the administrator does, one command of each sort.
const NEEDED: [&str; 17] = [
    "ACL LIST",
    "ACL SETUSER x",
    "ACL DELUSER x",
    "ACL SAVE",
    "ACL LOG RESET",
    "CONFIG GET aclfile",
    "CONFIG SET maxclients 1",
    "CLIENT LIST",
    "CLIENT KILL USER x",
    "INFO memory",
    "SET x y",
    "DEL x",
    "FLUSHALL ASYNC",
    "FUNCTION FLUSH",
    "SCRIPT FLUSH",
    "SLOWLOG RESET",
    "BGREWRITEAOF",
];

pub(super) async fn prepare(access: &Access, flavour: Flavour) -> Result<(), Error> {
    let mut session = Session::open_alone(access).await?;
    let info = session.text(LOOK, &command(["INFO"])).await?;
    let objection = match objection(&info, flavour) {
        Some(objection) => Some(objection),
        None => missing_rights(&mut session).await?,
    };
    let objection = match objection {
        Some(objection) => Some(objection),
        None => missing_file(&mut session).await?,
    };
    if let Some(reason) = objection {
        let cluster = access.description.clone();
        return Err(Error::Unsupported { cluster, reason });
    }
    restore(&mut session).await
}

/// Why the server cannot be used, if so.
fn objection(info: &str, flavour: Flavour) -> Option<String> {
    // Valkey tells its own version beside the one of Redis that it is compatible with.
    let (found, version) = match field(info, "valkey_version") {
        Some(version) => (Flavour::Valkey, version),
        None => (
            Flavour::Redis,
            field(info, "redis_version").unwrap_or("of an unknown version"),
        ),
    };
    if found != flavour || !flavour.supports(version) {
        return Some(format!(
            "it runs {} {version}; of {}, {} are supported",
            found.title(),
            flavour.title(),
            flavour.supported()
        ));
    }
    if field(info, "role") != Some("master") {
        return Some("it is a replica; name the server that it follows".to_owned());
    }
    if field(info, "cluster_enabled") == Some("1") {
        return Some(
            "it is part of a Redis Cluster, whose other servers would not know the users"
                .to_owned(),
        );
    }
    None
}

async fn missing_rights(session: &mut Session<'_>) -> Result<Option<String>, Error> {
    let user = session.access.user.clone();
    let mut lacking = Vec::new();
    for needed in NEEDED {
        let words = ["ACL", "DRYRUN", user.as_str()].into_iter();
        let tried = command(words.chain(needed.split(' ')));
        let answer = session.text(LOOK, &tried).await?;
        if answer != "OK" {
            lacking.push(needed);
        }
    }
    Ok((!lacking.is_empty()).then(|| {
        format!(
            "the administrator '{user}' may not run {}; let another one run: ACL SETUSER {user} ~* +@all",
            lacking.join(", ")
        )
    }))
}

async fn missing_file(session: &mut Session<'_>) -> Result<Option<String>, Error> {
    let read = command(["CONFIG", "GET", "aclfile"]);
    let answer = session.run(LOOK, &read).await?;
    let file = answer.array().and_then(|pair| pair.get(1)?.text());
    match file {
        None => Err(unexpected(session.access, LOOK, "aclfile")),
        Some("") => Ok(Some(
            "it has no file for its users, who would be gone after a restart; start it with the setting aclfile"
                .to_owned(),
        )),
        Some(_) => Ok(None),
    }
}

/// Sets again what a restart forgets, and shuts `default` to all but the bindings.
async fn restore(session: &mut Session<'_>) -> Result<(), Error> {
    let users = Users::read(session).await?;
    let bindings = users.0.iter().filter(|user| {
        user.selected
            .iter()
            .any(|text| text.starts_with(BINDING_MARK))
    });
    let hashes = bindings.flat_map(|user| user.hashes.iter().map(String::as_str));
    let limits = users.0.iter().filter_map(User::mark);
    let limits = limits.map(|mark| limit(mark.connection_limit));
    let changes: Vec<Command> = limits.chain([set_default(hashes), save()]).collect();
    session.run_all(USERS, &changes).await
}
