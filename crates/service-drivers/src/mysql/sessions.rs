//! Ending sessions.

use tokio::time::{Instant, sleep};
use windlass_services::Error;

use super::failure::code;
use super::limits::{LOGGING_IN, LOOK_AGAIN, SESSIONS};
use super::session::Session;

/// What the servers call who has not logged in yet.
const STRANGER: &str = "unauthenticated user";

/// Ends every session of these users, and returns when there is none. Of a user that was dropped too: its
/// sessions keep its name.
///
/// Who was logging in when the call began is waited for, and not for long: the server has read already what
/// it will let in, so that a user that is locked in the meantime would still come in.
pub(super) async fn end(session: &mut Session<'_>, users: &[&str]) -> Result<(), Error> {
    let begun = Instant::now();
    let strangers = of(session, &[STRANGER]).await?;
    loop {
        let mut left = of(session, users).await?;
        let mut waited_for = of(session, &[STRANGER]).await?;
        waited_for.retain(|id| strangers.contains(id));
        if left.is_empty() && waited_for.is_empty() {
            // One that has logged in between these two looks is in the next one.
            left = of(session, users).await?;
            if left.is_empty() {
                return Ok(());
            }
        }
        if begun.elapsed() >= SESSIONS.within {
            return Err(Error::Failed {
                cluster: session.access.description.clone(),
                doing: SESSIONS.doing.to_owned(),
                reason: format!("{} did not end within {:?}", left.len(), SESSIONS.within),
            });
        }
        if begun.elapsed() >= LOGGING_IN {
            left.append(&mut waited_for);
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
