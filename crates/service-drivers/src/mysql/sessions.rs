//! Counting and ending sessions.

use tokio::time::{Instant, sleep};
use windlass_model::id::InstanceId;
use windlass_services::Error;

use super::failure::code;
use super::limits::{LOOK_AGAIN, SESSIONS};
use super::names::login;
use super::session::{Cluster, Session};

/// How many sessions the binding's user has open.
pub(super) async fn of_binding(
    cluster: Cluster<'_>,
    instance: InstanceId,
    generation: u32,
) -> Result<u32, Error> {
    let mut session = Session::open(cluster).await?;
    let open = of(&mut session, &[&login(instance, generation)]).await?;
    Ok(u32::try_from(open.len()).unwrap_or(u32::MAX))
}

/// Ends every session of these users, and returns when there is none. Of a user that was dropped too: its
/// sessions keep its name. And those that are still logging in, which have its name before the server looks
/// whether it is locked.
pub(super) async fn end(session: &mut Session<'_>, users: &[&str]) -> Result<(), Error> {
    let deadline = Instant::now() + SESSIONS.within;
    loop {
        let left = of(session, users).await?;
        if left.is_empty() {
            return Ok(());
        }
        if Instant::now() >= deadline {
            return Err(Error::Failed {
                cluster: session.access.description.clone(),
                doing: SESSIONS.doing.to_owned(),
                reason: format!("{} did not end within {:?}", left.len(), SESSIONS.within),
            });
        }
        for id in left {
            match session
                .run_raw(SESSIONS, format!("KILL CONNECTION {id}"))
                .await
            {
                Ok(()) => {}
                Err(failure) if failure.is(code::NO_SUCH_SESSION) => {}
                Err(failure) => return Err(failure.of_statement(session.access)),
            }
        }
        sleep(LOOK_AGAIN).await;
    }
}

/// The sessions of these users. Compared here: the server's comparison takes other letters for the same.
pub(super) async fn of(session: &mut Session<'_>, users: &[&str]) -> Result<Vec<u64>, Error> {
    let sql = "SELECT ID, USER FROM information_schema.PROCESSLIST".to_owned();
    let rows = session.rows(SESSIONS, sql).await?;
    let ours = rows.iter().filter(|row| users.contains(&row.text(1)));
    Ok(ours.map(|row| row.number(0)).collect())
}
