//! Who the administrator is, and whether it does.

use windlass_services::{Access, Error};

use super::dialect::Dialect;
use super::limits::LOOK;
use super::session::{Row, Session};
use super::sql::{account, literal};

/// The pattern of the databases in which the administrator works, as it stands in grants.
const OURS: &str = "svc\\_%";
/// Rights on a database that stand for all of them: those that are most often left out.
const ON_OURS: [&str; 5] = ["CREATE", "DROP", "CREATE VIEW", "EVENT", "TRIGGER"];

/// What the server says about itself and us.
#[derive(Debug, Clone)]
pub(super) struct Administrator {
    /// `10.11.19-MariaDB-...`, `8.4.3`.
    pub(super) version: String,
    pub(super) is_read_only: bool,
    /// See [`Dialect::literal_grants`].
    pub(super) has_literal_grants: bool,
    pub(super) name: String,
    pub(super) host: String,
    /// Rights on the whole server.
    pub(super) rights: Vec<Right>,
    /// Rights on the databases of [`OURS`].
    pub(super) rights_on_ours: Vec<Right>,
    pub(super) may_read_users: bool,
}

/// A right, and whether it may be given on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Right {
    pub(super) name: String,
    pub(super) is_grantable: bool,
}

/// Reads about the administrator.
pub(super) async fn administrator(session: &mut Session<'_>) -> Result<Administrator, Error> {
    let sql = "SELECT VERSION(), @@global.read_only, CURRENT_USER()".to_owned();
    let rows = session.rows(LOOK, sql).await?;
    let Some(row) = rows.first() else {
        return Err(nobody(session.access));
    };
    let (version, is_read_only) = (row.text(0).to_owned(), row.number(1) != 0);
    let (name, host) = row
        .text(2)
        .rsplit_once('@')
        .ok_or_else(|| nobody(session.access))?;
    let (name, host) = (name.to_owned(), host.to_owned());
    // That column holds both in quotes which are doubled nowhere.
    let grantee = literal(&format!("'{name}'@'{host}'"));
    let sql = format!(
        "SELECT PRIVILEGE_TYPE, IS_GRANTABLE FROM information_schema.USER_PRIVILEGES WHERE GRANTEE = {grantee}"
    );
    let rights = read(&session.rows(LOOK, sql).await?);
    let sql = format!(
        "SELECT PRIVILEGE_TYPE, IS_GRANTABLE FROM information_schema.SCHEMA_PRIVILEGES \
         WHERE GRANTEE = {grantee} AND TABLE_SCHEMA = {}",
        literal(OURS)
    );
    let rights_on_ours = read(&session.rows(LOOK, sql).await?);
    let has_literal_grants = if Dialect::of_server(&version) == session.dialect {
        let sql = format!("SELECT {}", session.dialect.literal_grants());
        let rows = session.rows(LOOK, sql).await?;
        rows.first().is_some_and(|row| row.number(0) != 0)
    } else {
        false
    };
    let users = "SELECT COUNT(*) FROM mysql.user".to_owned();
    let may_read_users = match session.rows_raw(LOOK, users).await {
        Ok(_) => true,
        Err(failure) if failure.is_denied() => false,
        Err(failure) => return Err(failure.of_statement(session.access)),
    };
    Ok(Administrator {
        version,
        is_read_only,
        has_literal_grants,
        name,
        host,
        rights,
        rights_on_ours,
        may_read_users,
    })
}

fn read(rows: &[Row]) -> Vec<Right> {
    let right = |row: &Row| Right {
        name: row.text(0).to_owned(),
        is_grantable: row.text(1) == "YES",
    };
    rows.iter().map(right).collect()
}

impl Administrator {
    /// Why this administrator on this server does not do.
    pub(super) fn objection(&self, dialect: Dialect) -> Option<String> {
        let runs = Dialect::of_server(&self.version);
        let (major, minor) = numbers(&self.version);
        if runs != dialect || !dialect.supports(major, minor) {
            let (product, supported) = (runs.product(), dialect.supported());
            let of = if runs == dialect { "" } else { " of " };
            let wanted = if runs == dialect {
                ""
            } else {
                dialect.product()
            };
            return Some(format!(
                "it runs {product} {major}.{minor}; {supported}{of}{wanted}"
            ));
        }
        if self.is_read_only {
            return Some("it is a read-only replica; name the primary server".to_owned());
        }
        if self.has_literal_grants {
            let setting = dialect.literal_grants();
            return Some(format!(
                "it runs with {setting}, which is not supported: switch it off"
            ));
        }
        self.lacking(dialect)
    }

    fn lacking(&self, dialect: Dialect) -> Option<String> {
        let user = account(&self.name, &self.host);
        let has = |right: &str| self.rights.iter().any(|found| found.name == right);
        let kill = dialect.kill_right();
        let on_server = [
            ("CREATE USER", has("CREATE USER")),
            ("PROCESS", has("PROCESS")),
            (kill, has(kill) || has("SUPER")),
        ];
        let lacks: Vec<_> = on_server
            .iter()
            .filter(|(_, has)| !has)
            .map(|(name, _)| *name)
            .collect();
        let mut names: Vec<_> = lacks.iter().map(|name| (*name).to_owned()).collect();
        let mut remedies = Vec::new();
        if !lacks.is_empty() {
            remedies.push(format!("GRANT {} ON *.* TO {user}", lacks.join(", ")));
        }
        if !self.may_read_users {
            names.push("SELECT on the database mysql".to_owned());
            remedies.push(format!("GRANT SELECT ON mysql.* TO {user}"));
        }
        if !self.may_grant_ours() {
            names.push(format!("all rights on {OURS} with GRANT OPTION"));
            remedies.push(format!(
                "GRANT ALL PRIVILEGES ON `{OURS}`.* TO {user} WITH GRANT OPTION"
            ));
        }
        if names.is_empty() {
            return None;
        }
        Some(format!(
            "the administrator '{}' lacks {}; let root run: {}",
            self.name,
            names.join(" and "),
            remedies.join("; ")
        ))
    }

    fn may_grant_ours(&self) -> bool {
        let is_granted = |rights: &[Right], name: &str| {
            rights
                .iter()
                .any(|right| right.name == name && right.is_grantable)
        };
        ON_OURS
            .iter()
            .all(|name| is_granted(&self.rights, name) || is_granted(&self.rights_on_ours, name))
    }
}

/// The first two numbers of a version.
pub(super) fn numbers(version: &str) -> (u32, u32) {
    let mut parts = version.split(|c: char| !c.is_ascii_digit());
    let mut next = || parts.next().and_then(|part| part.parse().ok());
    (next().unwrap_or_default(), next().unwrap_or_default())
}

fn nobody(access: &Access) -> Error {
    Error::Unauthorized {
        cluster: access.description.clone(),
        reason: format!("the server does not say who '{}' is to it", access.user),
    }
}

#[cfg(test)]
mod tests {
    use super::super::dialect::Dialect::{Mariadb, Mysql};
    use super::{Administrator, ON_OURS, Right};

    fn rights(names: &[&str], is_grantable: bool) -> Vec<Right> {
        let right = |name: &&str| Right {
            name: (*name).to_owned(),
            is_grantable,
        };
        names.iter().map(right).collect()
    }

    fn administrator(version: &str) -> Administrator {
        let kill = ["CONNECTION ADMIN", "CONNECTION_ADMIN"];
        Administrator {
            version: version.to_owned(),
            is_read_only: false,
            has_literal_grants: false,
            name: "padmin".to_owned(),
            host: "%".to_owned(),
            rights: rights(&[&["CREATE USER", "PROCESS"], &kill[..]].concat(), false),
            rights_on_ours: rights(&ON_OURS, true),
            may_read_users: true,
        }
    }

    #[test]
    fn supported_versions_do_and_no_others() {
        for (version, dialect, does) in [
            ("10.11.19-MariaDB-0+deb12u1-log", Mariadb, true),
            ("11.8.2-MariaDB", Mariadb, true),
            ("10.6.1-MariaDB", Mariadb, false),
            ("12.0.1-MariaDB", Mariadb, false),
            ("8.4.3", Mariadb, false),
            ("8.0.36", Mysql, true),
            ("8.4.3", Mysql, true),
            ("5.7.44-log", Mysql, false),
            ("9.0.1", Mysql, false),
            ("10.11.19-MariaDB", Mysql, false),
        ] {
            let found = administrator(version).objection(dialect);
            assert_eq!(found.is_none(), does, "{version}: {found:?}");
        }
    }

    #[test]
    fn the_other_product_is_named() {
        assert_eq!(
            administrator("10.11.19-MariaDB")
                .objection(Mysql)
                .as_deref(),
            Some("it runs MariaDB 10.11; versions 8.0 to 8.4 are supported of MySQL")
        );
    }

    #[test]
    fn lacking_rights_are_named_with_the_remedy() {
        let weak = Administrator {
            rights: rights(&["CREATE USER"], false),
            rights_on_ours: rights(&ON_OURS, false),
            may_read_users: false,
            ..administrator("10.11.2-MariaDB")
        };
        assert_eq!(
            weak.objection(Mariadb).expect("an objection"),
            "the administrator 'padmin' lacks PROCESS and CONNECTION ADMIN and SELECT on the database mysql and \
             all rights on svc\\_% with GRANT OPTION; let root run: \
             GRANT PROCESS, CONNECTION ADMIN ON *.* TO 'padmin'@'%'; GRANT SELECT ON mysql.* TO 'padmin'@'%'; \
             GRANT ALL PRIVILEGES ON `svc\\_%`.* TO 'padmin'@'%' WITH GRANT OPTION"
        );
    }

    #[test]
    fn a_replica_does_not_do() {
        let replica = Administrator {
            is_read_only: true,
            ..administrator("8.4.3")
        };
        assert!(replica.objection(Mysql).is_some());
    }
}
