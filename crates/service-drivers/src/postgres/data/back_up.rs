//! Copying a database out: `pg_dump -Fc`.

use secrecy::SecretString;
use windlass_services::data::Output;
use windlass_services::{Access, BackedUp, Error, InstanceSpec, Tools, password};

use super::super::catalogue::find;
use super::super::driver::PostgresDriver;
use super::super::failure::unexpected;
use super::super::limits::LOOK;
use super::super::names::group;
use super::super::owned::Heir;
use super::super::session::Session;
use super::super::sql::identifier;
use super::leftovers::clear_role;
use super::limits::{LOCKED_TABLES, RESERVED, ROLES};
use super::names::dumper;
use super::roles;
use super::tool::{Failed, Program};
use crate::streams::Counting;

/// What dumps a database, without what another server would not have: owners, rights, places.
const COMMAND: [&str; 7] = [
    "pg_dump",
    "--format=custom",
    "--no-owner",
    "--no-privileges",
    "--no-tablespaces",
    "--no-security-labels",
    LOCKED_TABLES,
];

/// What a dump is made with.
struct Begun {
    password: SecretString,
    /// The server's version, as a number and in its own words.
    version: (i32, String),
}

pub(super) async fn back_up(
    driver: &PostgresDriver,
    access: &Access,
    spec: &InstanceSpec,
    tools: &dyn Tools,
    output: Output<'_>,
) -> Result<BackedUp, Error> {
    let _turn = driver.dumps.take(access, spec.instance).await?;
    // Neither the cluster's gate nor the instance's lock is kept for as long as a dump takes.
    let begun = driver.call(access, begin(access, spec)).await?;
    let mut counting = Counting::of(output);
    let program = Program {
        instance: spec.instance,
        purpose: "dump",
        version: begun.version.0,
        database: &group(spec.instance),
        role: &dumper(spec.instance),
        password: &begun.password,
        command: COMMAND.map(str::to_owned).to_vec(),
    };
    let dumped = program.run(access, tools, None, Some(&mut counting)).await;
    let bytes = counting.bytes;
    let ended = driver.call(access, end(access, spec)).await;
    dumped.map_err(|failed| match failed {
        Failed::Run(error) => error,
        Failed::Refused(reason) => Error::Failed {
            cluster: access.description.clone(),
            doing: "dumping the database".to_owned(),
            reason,
        },
    })?;
    ended?;
    Ok(BackedUp {
        bytes,
        server_version: begun.version.1,
    })
}

/// Makes the role that dumps. It may read whatever the group and the bindings' users own, and nothing else.
async fn begin(access: &Access, spec: &InstanceSpec) -> Result<Begun, Error> {
    let session = Session::open(access).await?;
    let group = group(spec.instance);
    session.lock(&group).await?;
    let found = find(&session, spec.instance).await?;
    found.whole(access, spec.instance)?;
    let name = dumper(spec.instance);
    clear_role(&session, &found, spec.instance, &name).await?;
    let role = identifier(&name);
    let mut more = format!("GRANT {} TO {role}", identifier(&group));
    for login in found.own_logins(spec.instance) {
        more = format!("{more}; GRANT {} TO {role}", identifier(&login.name));
    }
    if found.administrator.is_superuser {
        // Policies that their owner is subject to as well would leave out rows, or the dump fails.
        more = format!("{more}; ALTER ROLE {role} BYPASSRLS");
    }
    // Applications may have taken all the connections.
    let limit = spec.connection_limit.saturating_add(RESERVED);
    more = format!(
        "{more}; ALTER DATABASE {} CONNECTION LIMIT {limit}",
        identifier(&group)
    );
    let password = password::generate();
    let what = (spec.instance, name.as_str());
    roles::make(&session, &found.administrator, what, &password, &more).await?;
    let rows = session
        .rows(LOOK, "SELECT current_setting('server_version')", &[])
        .await?;
    let words: String = match rows.first().map(|row| row.try_get(0)) {
        Some(read) => read.map_err(|error| unexpected(access, LOOK, &error))?,
        None => String::new(),
    };
    Ok(Begun {
        password,
        version: (found.administrator.version / 10_000, words),
    })
}

async fn end(access: &Access, spec: &InstanceSpec) -> Result<(), Error> {
    let session = Session::open(access).await?;
    let group = group(spec.instance);
    session.lock(&group).await?;
    let found = find(&session, spec.instance).await?;
    let limit = format!(
        "ALTER DATABASE {} CONNECTION LIMIT {}",
        identifier(&group),
        spec.connection_limit
    );
    if found.own_database(access, spec.instance)?.is_some() {
        session.run(ROLES, &limit).await?;
    }
    match roles::find(&session, spec.instance, &dumper(spec.instance)).await? {
        Some(role) => roles::remove(&session, &found.administrator, &role, Heir::Nobody).await,
        None => Ok(()),
    }
}
