//! Filling a fresh database from a dump.

use rand::Rng;
use rand::distr::Alphanumeric;
use secrecy::SecretString;
use tokio::io::AsyncReadExt;
use windlass_model::id::OperationId;
use windlass_services::data::Input;
use windlass_services::{Access, Error, InstanceSpec, Source, Tools, password};

use super::super::catalogue::find;
use super::super::driver::MysqlDriver;
use super::super::ledger;
use super::super::limits::{CREATE, LOOK, USERS};
use super::super::names::database;
use super::super::session::{Cluster, Session};
use super::super::sql::{identifier, pattern, user};
use super::dump::{AHEAD, Dump, newer};
use super::filled;
use super::leftovers::{check_names, clear_restores};
use super::names::{filler, fresh};
use super::record::{self, Restore, State};
use super::tool::{Failed, Program};
use crate::streams::{Last, Watched};

/// Takes out who defined what: users that need not exist here, and that who loads may not name. Each such line begins
/// so; a line of data cannot, for the programs write a value's line ends as escapes.
const FILTER: &str = concat!(
    r"sed -E",
    r" -e 's,^(/\*![0-9]+) DEFINER=`[^`]*`@`[^`]*`,\1,'",
    r" -e 's,^(/\*![0-9]+ CREATE\*/ /\*![0-9]+) DEFINER=`[^`]*`@`[^`]*`,\1,'",
    r" -e 's,^(CREATE( OR REPLACE)?) DEFINER=`[^`]*`@`[^`]*`,\1,'",
    r" -e '/^SET @@(SESSION\.SQL_LOG_BIN|GLOBAL\.GTID_PURGED)[^;]*;$/d'",
);
/// What a user can do about a dump that is refused.
const ADVICE: &str = "make the dump of one database without its name (`mysqldump --single-transaction --no-tablespaces \
                      DATABASE`, of MySQL with --set-gtid-purged=OFF), of a server that is not newer than this one; \
                      nothing was changed";

pub(super) fn refused(access: &Access, reason: String) -> Error {
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

/// What a load is made with.
struct Begun {
    password: SecretString,
    version: String,
    restore: Restore,
}

pub(super) async fn restore(
    driver: &MysqlDriver,
    cluster: Cluster<'_>,
    spec: &InstanceSpec,
    operation: OperationId,
    tools: &dyn Tools,
    (source, input): (&Source, Input<'_>),
) -> Result<(), Error> {
    let access = cluster.access;
    let _turn = driver.restores.take(access, spec.instance).await?;
    let mut input = Watched::of(input, AHEAD).await;
    if let Some(reason) = input.broken.take() {
        return Err(unread(access, reason));
    }
    let dump = Dump::of(input.head()).map_err(|reason| refused(access, reason))?;
    let kind = cluster.dialect.kind();
    if let Some(other) = source.kind.as_deref().filter(|other| *other != kind) {
        let reason = format!("it is of type '{other}', not '{kind}'");
        return Err(refused(access, reason));
    }
    let from = [source.server_version.as_deref(), dump.server.as_deref()];
    let begin = begin(cluster, spec, operation, &from);
    let begun = driver.call(access, begin).await?;
    let loaded = load(cluster, spec, tools, (&dump, &begun), &mut input).await;
    let result = match loaded {
        Ok(()) => {
            let filled = filled::write_down(cluster, spec, &begun.restore);
            driver.call(access, filled).await
        }
        Err(error) => Err(error),
    };
    if result.is_err()
        && let Err(left) = driver.call(access, take_back(cluster, spec)).await
    {
        // It is removed by the next call, or by a discard.
        tracing::warn!(cluster = %access.description, error = %left, "what is left of a restore that failed could not be removed yet");
    }
    result
}

/// A fresh database, and a user that has all rights on it and none on any other.
async fn begin(
    cluster: Cluster<'_>,
    spec: &InstanceSpec,
    operation: OperationId,
    from: &[Option<&str>],
) -> Result<Begun, Error> {
    let mut session = Session::open(cluster).await?;
    ledger::make(&mut session).await?;
    session.lock(&database(spec.instance)).await?;
    let found = find(&mut session, spec.instance).await?;
    found.whole(cluster.access, spec.instance)?;
    let rows = session.rows(LOOK, "SELECT VERSION()".to_owned()).await?;
    let version = rows.first().map_or("", |row| row.text(0)).to_owned();
    for from in from.iter().flatten() {
        if let Some(reason) = newer(cluster.dialect, from, &version) {
            return Err(refused(cluster.access, reason));
        }
    }
    let before = record::restore(&mut session, spec.instance).await?;
    if before.is_some_and(|before| before.state.is_under_way()) {
        let reason =
            "the swap of an earlier restore has begun and must come to its end first".to_owned();
        return Err(Error::Failed {
            cluster: cluster.access.description.clone(),
            doing: "restoring".to_owned(),
            reason,
        });
    }
    clear_restores(&mut session, &found, spec.instance).await?;
    check_names(&mut session, spec.instance).await?;
    let restore = Restore {
        operation: operation.to_string(),
        filler: filler(spec.instance),
        state: State::Filling,
    };
    let password = password::generate();
    record::note(&mut session, spec.instance, &restore, State::Filling).await?;
    record::note_copier(&mut session, spec.instance, &restore.filler).await?;
    let account = user(&restore.filler);
    let sql = format!(
        "CREATE USER {account} {} REQUIRE NONE PASSWORD EXPIRE NEVER",
        cluster.dialect.identified(&password)
    );
    session.run(USERS, sql).await?;
    let fresh = fresh(spec.instance);
    let sql = format!(
        "CREATE DATABASE {} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci",
        identifier(&fresh)
    );
    session.run(CREATE, sql).await?;
    let sql = format!("GRANT ALL PRIVILEGES ON {}.* TO {account}", pattern(&fresh));
    session.run(USERS, sql).await?;
    Ok(Begun {
        password,
        version,
        restore,
    })
}

async fn load(
    cluster: Cluster<'_>,
    spec: &InstanceSpec,
    tools: &dyn Tools,
    (dump, begun): (&Dump, &Begun),
    input: &mut Watched<'_>,
) -> Result<(), Error> {
    let access = cluster.access;
    let drawn = rand::rng().sample_iter(Alphanumeric).take(32);
    let token: String = drawn.map(char::from).collect();
    let end = format!("\nDELIMITER ;\nSELECT '{token}';\n");
    let mut said = Last::default();
    let program = Program {
        instance: spec.instance,
        dialect: cluster.dialect,
        purpose: "load",
        version: &begun.version,
        user: &begun.restore.filler,
        password: &begun.password,
        command: command(cluster, &fresh(spec.instance)),
    };
    let loaded = {
        let mut input = (&mut *input).chain(end.as_bytes());
        program
            .run(access, tools, Some(&mut input), Some(&mut said))
            .await
    };
    if let Some(reason) = input.broken.take() {
        return Err(unread(access, reason));
    }
    loaded.map_err(|failed| match failed {
        Failed::Run(error) => error,
        Failed::Refused(reason) => refused(access, reason),
    })?;
    let is_whole = input.tail().is_none_or(|tail| dump.is_whole(tail));
    if !(is_whole && said.contains(&token)) {
        return Err(refused(
            access,
            "it is cut off: its end is missing".to_owned(),
        ));
    }
    Ok(())
}

/// In binary mode the program knows no commands of its own but those about delimiters, and so none that runs another.
fn command(cluster: Cluster<'_>, database: &str) -> Vec<String> {
    let program = cluster.dialect.client_program();
    let script = format!(
        "set -o pipefail; {FILTER} | {program} --no-defaults --host=\"$SERVER_HOST\" --port=\"$SERVER_PORT\" --protocol=tcp \
         --user=\"$SERVER_USER\" --batch --binary-mode --default-character-set=utf8mb4 {database}"
    );
    ["bash", "-c", &script].map(str::to_owned).to_vec()
}

async fn take_back(cluster: Cluster<'_>, spec: &InstanceSpec) -> Result<(), Error> {
    let mut session = Session::open(cluster).await?;
    session.lock(&database(spec.instance)).await?;
    let found = find(&mut session, spec.instance).await?;
    clear_restores(&mut session, &found, spec.instance).await
}
