//! Copying a database out: routines by ourselves, which only their definer or an administrator is shown, and all else
//! by the server's own program.

use std::fmt::Write as _;

use rand::Rng;
use rand::distr::Alphanumeric;
use secrecy::SecretString;
use tokio::io::AsyncWriteExt;
use windlass_services::data::Output;
use windlass_services::{BackedUp, Error, InstanceSpec, Tools, password};

use super::super::catalogue::find;
use super::super::driver::MysqlDriver;
use super::super::limits::{LOOK, USERS};
use super::super::names::database;
use super::super::session::{Cluster, Session};
use super::super::sql::{pattern, user};
use super::dump::TITLE;
use super::leftovers::remove_copier;
use super::names::dumper;
use super::objects::{self, Kind, Object};
use super::record;
use super::tool::{Failed, Program};
use crate::streams::Counting;

/// What a dump is made with.
struct Begun {
    password: SecretString,
    version: String,
    routines: Vec<Object>,
}

pub(super) async fn back_up(
    driver: &MysqlDriver,
    cluster: Cluster<'_>,
    spec: &InstanceSpec,
    tools: &dyn Tools,
    output: Output<'_>,
) -> Result<BackedUp, Error> {
    let access = cluster.access;
    let _turn = driver.dumps.take(access, spec.instance).await?;
    // Neither the cluster's gate nor the instance's lock is kept for as long as a dump takes.
    let begun = driver.call(access, begin(cluster, spec)).await?;
    let mut counting = Counting::of(output);
    let head = head(&begun);
    let written = counting.write_all(head.as_bytes()).await;
    let dumped = match written {
        Ok(()) => {
            let program = Program {
                instance: spec.instance,
                dialect: cluster.dialect,
                purpose: "dump",
                version: &begun.version,
                user: &dumper(spec.instance),
                password: &begun.password,
                command: command(cluster, &database(spec.instance)),
            };
            program.run(access, tools, None, Some(&mut counting)).await
        }
        Err(error) => Err(Failed::Refused(format!("it could not be written: {error}"))),
    };
    let bytes = counting.bytes;
    let ended = driver.call(access, end(cluster, spec)).await;
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
        server_version: begun.version,
    })
}

fn command(cluster: Cluster<'_>, database: &str) -> Vec<String> {
    let (program, further) = cluster.dialect.dump_program();
    let script = format!(
        "exec {program} --host=\"$SERVER_HOST\" --port=\"$SERVER_PORT\" --protocol=tcp --user=\"$SERVER_USER\" \
         --single-transaction --skip-lock-tables --skip-add-locks --quick --hex-blob --triggers --events \
         --no-tablespaces --default-character-set=utf8mb4 {further} {database}"
    );
    ["sh", "-c", &script].map(str::to_owned).to_vec()
}

/// What stands before the program's own output.
fn head(begun: &Begun) -> String {
    let mut head = format!("{TITLE}\n-- Server version\t{}\n", begun.version);
    if begun.routines.is_empty() {
        return head;
    }
    // No routine can have it in its text.
    let drawn = rand::rng().sample_iter(Alphanumeric).take(16);
    let delimiter: String = drawn.map(char::from).collect();
    let delimiter = format!("~{delimiter}~");
    for routine in &begun.routines {
        let mode: String = routine
            .sql_mode
            .chars()
            .filter(|c| c.is_ascii_alphanumeric() || "_,".contains(*c))
            .collect();
        let _ = write!(
            head,
            "SET sql_mode = '{mode}';\nDELIMITER {delimiter}\n{}\n{delimiter}\nDELIMITER ;\n",
            routine.text
        );
    }
    head
}

/// Makes the user that dumps. It may read the instance's database and nothing else.
async fn begin(cluster: Cluster<'_>, spec: &InstanceSpec) -> Result<Begun, Error> {
    let mut session = Session::open(cluster).await?;
    super::super::ledger::make(&mut session).await?;
    let database = database(spec.instance);
    session.lock(&database).await?;
    let found = find(&mut session, spec.instance).await?;
    found.whole(cluster.access, spec.instance)?;
    let name = dumper(spec.instance);
    remove_copier(&mut session, &found, spec.instance, &name).await?;
    let mut routines = objects::of(&mut session, &database, Kind::Function).await?;
    routines.extend(objects::of(&mut session, &database, Kind::Procedure).await?);
    let password = password::generate();
    record::note_copier(&mut session, spec.instance, &name).await?;
    let account = user(&name);
    let sql = format!(
        "CREATE USER {account} {} REQUIRE NONE PASSWORD EXPIRE NEVER",
        cluster.dialect.identified(&password)
    );
    session.run(USERS, sql).await?;
    let sql = format!(
        "GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON {}.* TO {account}",
        pattern(&database)
    );
    session.run(USERS, sql).await?;
    let rows = session.rows(LOOK, "SELECT VERSION()".to_owned()).await?;
    let version = rows.first().map(|row| row.text(0).to_owned());
    Ok(Begun {
        password,
        version: version.unwrap_or_default(),
        routines,
    })
}

async fn end(cluster: Cluster<'_>, spec: &InstanceSpec) -> Result<(), Error> {
    let mut session = Session::open(cluster).await?;
    session.lock(&database(spec.instance)).await?;
    let found = find(&mut session, spec.instance).await?;
    let name = dumper(spec.instance);
    remove_copier(&mut session, &found, spec.instance, &name).await
}
