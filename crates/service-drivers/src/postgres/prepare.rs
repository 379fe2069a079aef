//! Whether a cluster can be used, and its hardening.

use tokio_postgres::types::Type;
use windlass_services::{Access, Error};

use super::catalogue::{Administrator, administrator};
use super::failure::unexpected;
use super::limits::{LOOK, ROLES};
use super::session::{Session, home};
use super::sql::identifier;

/// The oldest and newest major versions that are known to work.
pub(super) const SUPPORTED: std::ops::RangeInclusive<i32> = 14..=18;

pub(super) async fn prepare(access: &Access) -> Result<(), Error> {
    let session = Session::open(access).await?;
    let administrator = administrator(&session).await?;
    if let Some(reason) = objection(&administrator, &access.user) {
        return Err(Error::Unsupported {
            cluster: access.description.clone(),
            reason,
        });
    }
    harden(&session).await
}

/// Why this administrator on this server does not do.
fn objection(administrator: &Administrator, user: &str) -> Option<String> {
    let major = administrator.version / 10_000;
    if !SUPPORTED.contains(&major) {
        let (oldest, newest) = (SUPPORTED.start(), SUPPORTED.end());
        return Some(format!(
            "it runs PostgreSQL {major}; versions {oldest} to {newest} are supported"
        ));
    }
    if administrator.is_standby {
        return Some("it is a read-only standby; name the primary server".to_owned());
    }
    if administrator.is_superuser {
        return None;
    }
    let role = identifier(user);
    let rights = [
        (
            administrator.can_create_databases,
            "CREATEDB",
            format!("ALTER ROLE {role} CREATEDB"),
        ),
        (
            administrator.can_create_roles,
            "CREATEROLE",
            format!("ALTER ROLE {role} CREATEROLE"),
        ),
        (
            administrator.can_signal,
            "membership of pg_signal_backend",
            format!("GRANT pg_signal_backend TO {role}"),
        ),
    ];
    let lacking: Vec<_> = rights.iter().filter(|(has, ..)| !has).collect();
    if lacking.is_empty() {
        return None;
    }
    let names: Vec<_> = lacking.iter().map(|(_, name, _)| *name).collect();
    let remedies: Vec<_> = lacking.iter().map(|(.., remedy)| remedy.as_str()).collect();
    Some(format!(
        "the administrator '{user}' lacks {}; let a superuser run: {}",
        names.join(" and "),
        remedies.join("; ")
    ))
}

/// Closes the databases that every server has to those who are not meant to be there. Where the
/// administrator may not do so it stays undone, and is said in the log: tenants could then connect to
/// them, but see no other tenant's data there.
async fn harden(session: &Session<'_>) -> Result<(), Error> {
    // Two that change the same rights at once fail with "tuple concurrently updated".
    session.lock("prepare").await?;
    let home = home(session.access);
    let sql = "SELECT datname, pg_has_role(current_user, datdba, 'USAGE'),
                      has_database_privilege('public', oid, 'CONNECT') OR has_database_privilege('public', oid, 'TEMP')
                 FROM pg_database WHERE datname IN ('postgres', 'template1', $1)";
    for row in session.rows(LOOK, sql, &[(&home, Type::TEXT)]).await? {
        let read = || Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?));
        let (name, may_close, is_open): (String, bool, bool) =
            read().map_err(|error| unexpected(session.access, LOOK, &error))?;
        if !is_open {
            continue;
        }
        if !may_close {
            tracing::warn!(
                cluster = %session.access.description, database = %name,
                "the administrator may not close this database to tenants: let its owner run REVOKE CONNECT, TEMP ON DATABASE ... FROM PUBLIC"
            );
            continue;
        }
        let name = identifier(&name);
        // The administrator's own way in first.
        let sql = format!(
            "GRANT CONNECT ON DATABASE {name} TO CURRENT_USER; REVOKE CONNECT, TEMP ON DATABASE {name} FROM PUBLIC"
        );
        session.run(ROLES, &sql).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Administrator, objection};

    fn administrator() -> Administrator {
        Administrator {
            version: 150_018,
            is_superuser: false,
            can_create_databases: true,
            can_create_roles: true,
            can_signal: true,
            is_standby: false,
        }
    }

    #[test]
    fn versions_14_to_18_do_and_no_others() {
        for (version, does) in [
            (90_624, false),
            (130_012, false),
            (140_000, true),
            (150_018, true),
            (180_001, true),
            (190_000, false),
        ] {
            let found = objection(
                &Administrator {
                    version,
                    ..administrator()
                },
                "padmin",
            );
            assert_eq!(found.is_none(), does, "{version}: {found:?}");
        }
    }

    #[test]
    fn lacking_rights_are_named_with_the_remedy() {
        let weak = Administrator {
            can_create_roles: false,
            can_signal: false,
            ..administrator()
        };
        let objection = objection(&weak, "p\"admin").expect("an objection");
        assert_eq!(
            objection,
            "the administrator 'p\"admin' lacks CREATEROLE and membership of pg_signal_backend; let a superuser run: \
             ALTER ROLE \"p\"\"admin\" CREATEROLE; GRANT pg_signal_backend TO \"p\"\"admin\""
        );
    }

    #[test]
    fn a_superuser_needs_nothing_else_but_a_primary_server() {
        let superuser = Administrator {
            is_superuser: true,
            can_signal: false,
            ..administrator()
        };
        assert_eq!(objection(&superuser, "postgres"), None);
        assert!(
            objection(
                &Administrator {
                    is_standby: true,
                    ..superuser
                },
                "postgres"
            )
            .is_some()
        );
    }
}
