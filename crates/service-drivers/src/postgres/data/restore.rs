//! Filling a fresh database from a dump.

use rand::Rng;
use rand::distr::Alphanumeric;
use secrecy::SecretString;
use tokio::io::AsyncReadExt;
use windlass_model::id::OperationId;
use windlass_services::data::Input;
use windlass_services::{Access, Error, InstanceSpec, Source, Tools, password};

use super::super::catalogue::find;
use super::super::driver::PostgresDriver;
use super::super::names::group;
use super::super::owned::Heir;
use super::super::provision::make_database;
use super::super::session::Session;
use super::super::sql::{identifier, literal};
use super::archive::{AHEAD, Dump, major};
use super::leftovers::clear_restores;
use super::limits::{LOADING, RENAME, ROLES};
use super::names::{filling, fresh, fresh_mark};
use super::roles;
use super::tool::{Failed, Program};
use crate::streams::{Last, Watched};

const ARCHIVE: [&str; 7] = [
    "pg_restore",
    "--no-owner",
    "--no-privileges",
    "--no-tablespaces",
    "--no-security-labels",
    "--no-subscriptions",
    "--exit-on-error",
];
/// What old programs write about what every database has and only a superuser may comment on, and what guards a
/// script against lines that its data has smuggled in: this one runs where they reach nothing. Data is left as it is.
const FILTER: &str = r"sed -e '/^COPY .* FROM stdin;$/,/^\\\.$/b' -e '/^COMMENT ON EXTENSION plpgsql IS /d' -e '/^COMMENT ON SCHEMA public IS /d' -e '/^\\restrict /d' -e '/^\\unrestrict /d'";
const PSQL: &str = "psql -X -q -o /dev/null -v ON_ERROR_STOP=1 -v VERBOSITY=terse -f -";
/// Before this version an archive has a comment on plpgsql, which only a superuser may make.
const WITHOUT_COMMENTS: i32 = 11;
/// What a user can do about a dump that is refused.
const ADVICE: &str = "make the dump with `pg_dump --format=custom --no-owner --no-privileges`, of a server that is not \
                      newer than this one; nothing was changed";

pub(super) async fn restore(
    driver: &PostgresDriver,
    access: &Access,
    spec: &InstanceSpec,
    operation: OperationId,
    tools: &dyn Tools,
    (source, input): (&Source, Input<'_>),
) -> Result<(), Error> {
    let _turn = driver.restores.take(access, spec.instance).await?;
    let mut input = Watched::of(input, AHEAD).await;
    if let Some(reason) = input.broken.take() {
        return Err(unread(access, reason));
    }
    let refused = |reason| refused(access, reason);
    let dump = Dump::of(input.head()).map_err(refused)?;
    check_kind(source).map_err(refused)?;
    let (version, secret) = driver
        .call(access, begin(access, spec, &dump, source))
        .await?;
    let loaded = load(access, spec, tools, &dump, (version, &secret), &mut input).await;
    match loaded {
        Ok(()) => driver.call(access, end(access, spec, operation)).await,
        Err(error) => {
            // What could not be removed now is removed by the next call, or by a discard.
            if let Err(left) = driver.call(access, take_back(access, spec)).await {
                tracing::warn!(cluster = %access.description, error = %left, "what is left of a restore that failed could not be removed yet");
            }
            Err(error)
        }
    }
}

fn refused(access: &Access, reason: String) -> Error {
    Error::Refused {
        cluster: access.description.clone(),
        doing: "restoring the dump".to_owned(),
        reason,
        advice: ADVICE.to_owned(),
    }
}

fn unread(access: &Access, reason: String) -> Error {
    Error::Failed {
        cluster: access.description.clone(),
        doing: "reading what is to be restored".to_owned(),
        reason,
    }
}

fn check_kind(source: &Source) -> Result<(), String> {
    match source.kind.as_deref() {
        None | Some("postgres") => Ok(()),
        Some(other) => Err(format!("it is of type '{other}', not 'postgres'")),
    }
}

/// A fresh database that belongs to a role of its own, closed to everybody else. Gives the server's major version, and
/// the role's password.
async fn begin(
    access: &Access,
    spec: &InstanceSpec,
    dump: &Dump,
    source: &Source,
) -> Result<(i32, SecretString), Error> {
    let session = Session::open(access).await?;
    session.lock(&group(spec.instance)).await?;
    let found = find(&session, spec.instance).await?;
    found.whole(access, spec.instance)?;
    let version = found.administrator.version / 10_000;
    let said = source.server_version.as_deref().and_then(major);
    let from = said.into_iter().chain(dump.versions().server).max();
    if let Some(newer) = from.filter(|from| *from > version) {
        let reason = format!(
            "it comes from PostgreSQL {newer}, which is newer than this server's {version}"
        );
        return Err(refused(access, reason));
    }
    clear_restores(&session, &found, spec.instance).await?;
    let name = filling(spec.instance);
    let password = password::generate();
    let what = (spec.instance, name.as_str());
    roles::make(&session, &found.administrator, what, &password, "").await?;
    let database = (name.as_str(), name.as_str());
    make_database(&session, &found.administrator, database, LOADING).await?;
    let database = identifier(&name);
    let sql = format!(
        "REVOKE ALL ON DATABASE {database} FROM PUBLIC;
         GRANT ALL ON DATABASE {database} TO {database};
         ALTER DATABASE {database} WITH ALLOW_CONNECTIONS true"
    );
    session.run(ROLES, &sql).await?;
    Ok((version, password))
}

/// Has the dump loaded, as a role that has nothing but the fresh database.
async fn load(
    access: &Access,
    spec: &InstanceSpec,
    tools: &dyn Tools,
    dump: &Dump,
    (version, password): (i32, &SecretString),
    input: &mut Watched<'_>,
) -> Result<(), Error> {
    let name = filling(spec.instance);
    let versions = dump.versions();
    let program = |command: Vec<String>| Program {
        instance: spec.instance,
        purpose: "load",
        version: version.max(versions.program.unwrap_or_default()),
        database: &name,
        role: &name,
        password,
        command,
    };
    let is_old = versions.program.is_some_and(|by| by < WITHOUT_COMMENTS);
    let end = token();
    let echo = format!("\n\\echo {end}\n");
    let mut said = Last::default();
    let (loaded, has_end) = match dump {
        Dump::Archive(_) if !is_old => {
            let target = format!("--dbname={name}");
            let command = ARCHIVE.map(str::to_owned).into_iter().chain([target]);
            let program = program(command.collect());
            let loaded = program.run(access, tools, Some(&mut *input), None).await;
            (loaded, true)
        }
        Dump::Archive(_) => {
            let convert = format!(
                "{{ {} --file=- && printf '\n\\\\echo %s\n' {end}; }} | ",
                ARCHIVE.join(" ")
            );
            let program = program(script(&convert));
            let loaded = program
                .run(access, tools, Some(&mut *input), Some(&mut said))
                .await;
            (loaded, said.contains(&end))
        }
        Dump::Sql { .. } => {
            let mut input = (&mut *input).chain(echo.as_bytes());
            let program = program(script(""));
            let loaded = program
                .run(access, tools, Some(&mut input), Some(&mut said))
                .await;
            (loaded, said.contains(&end))
        }
    };
    if let Some(reason) = input.broken.take() {
        return Err(unread(access, reason));
    }
    loaded.map_err(|failed| match failed {
        Failed::Run(error) => error,
        Failed::Refused(reason) => refused(access, reason),
    })?;
    let is_whole = input.tail().is_none_or(|tail| dump.is_whole(tail));
    if !(is_whole && has_end) {
        // Statements that are not whole swallow what comes after them, and `\q` ends the program before that.
        let reason = "it is cut off, or ends the program that loads it before its end".to_owned();
        return Err(refused(access, reason));
    }
    Ok(())
}

/// `psql` behind the filter, and behind what makes statements of an archive.
fn script(convert: &str) -> Vec<String> {
    let script = format!("set -o pipefail; {convert}LC_ALL=C {FILTER} | {PSQL}");
    ["bash", "-c", &script].map(str::to_owned).to_vec()
}

/// What the program says when it has come to the end: no dump can know it.
fn token() -> String {
    let drawn = rand::rng().sample_iter(Alphanumeric).take(32);
    drawn.map(char::from).collect()
}

/// What was restored becomes the instance's, and waits to be swapped in.
async fn end(access: &Access, spec: &InstanceSpec, operation: OperationId) -> Result<(), Error> {
    let session = Session::open(access).await?;
    let group = group(spec.instance);
    session.lock(&group).await?;
    let found = find(&session, spec.instance).await?;
    found.whole(access, spec.instance)?;
    let name = filling(spec.instance);
    let Some(filler) = roles::find(&session, spec.instance, &name).await? else {
        return Err(Error::Missing {
            cluster: access.description.clone(),
            what: format!("role '{name}', which another call has removed,"),
        });
    };
    roles::remove(&session, &found.administrator, &filler, Heir::Role(&group)).await?;
    let (from, to) = (identifier(&name), identifier(&fresh(spec.instance)));
    let sql = format!(
        "ALTER DATABASE {from} WITH ALLOW_CONNECTIONS false IS_TEMPLATE false;
         ALTER DATABASE {from} RENAME TO {to};
         COMMENT ON DATABASE {to} IS {}",
        literal(&fresh_mark(operation))
    );
    session.run(RENAME, &sql).await
}

async fn take_back(access: &Access, spec: &InstanceSpec) -> Result<(), Error> {
    let session = Session::open(access).await?;
    session.lock(&group(spec.instance)).await?;
    let found = find(&session, spec.instance).await?;
    clear_restores(&session, &found, spec.instance).await
}
