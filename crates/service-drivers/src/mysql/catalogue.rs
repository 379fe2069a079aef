//! What the server's tables and our own say about an instance.

use windlass_model::id::InstanceId;
use windlass_services::{Access, Error};

use super::ledger::{self, Binding, Instance};
use super::limits::LOOK;
use super::names;
use super::session::Session;
use super::sql::literal;

/// A user of the server, ours or not.
#[derive(Debug, Clone)]
pub(super) struct Account {
    pub(super) name: String,
    pub(super) host: String,
}

/// What is there in the name of an instance.
#[derive(Debug)]
pub(super) struct Found {
    name: String,
    instance: Option<Instance>,
    pub(super) has_database: bool,
    /// The rows of its bindings.
    pub(super) bindings: Vec<Binding>,
    /// Every user named as one of its bindings.
    pub(super) accounts: Vec<Account>,
}

/// Looks for an instance.
pub(super) async fn find(session: &mut Session<'_>, instance: InstanceId) -> Result<Found, Error> {
    let name = names::database(instance);
    Ok(Found {
        instance: ledger::instance(session, &name).await?,
        has_database: has_database(session, &name).await?,
        bindings: ledger::bindings(session, instance).await?,
        accounts: accounts(session, &name).await?,
        name,
    })
}

/// Whether there is a database of that name.
pub(super) async fn has_database(session: &mut Session<'_>, name: &str) -> Result<bool, Error> {
    let sql = format!(
        "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = {}",
        literal(name)
    );
    let rows = session.rows(LOOK, sql).await?;
    Ok(rows.iter().any(|row| row.text(0) == name))
}

async fn accounts(session: &mut Session<'_>, database: &str) -> Result<Vec<Account>, Error> {
    let sql = format!(
        "SELECT User, Host FROM mysql.user WHERE User LIKE {} ORDER BY User, Host",
        literal(&format!("{database}%"))
    );
    let rows = session.rows(LOOK, sql).await?;
    // An underscore is a wildcard in LIKE, and collations may take other letters for the same.
    let start = format!("{database}_");
    let accounts = rows.iter().map(|row| Account {
        name: row.text(0).to_owned(),
        host: row.text(1).to_owned(),
    });
    Ok(accounts
        .filter(|account| account.name.starts_with(&start))
        .collect())
}

impl Found {
    /// The instance's row if it is this instance's; a conflict if the name is anything else's.
    pub(super) fn own(
        &self,
        access: &Access,
        instance: InstanceId,
    ) -> Result<Option<&Instance>, Error> {
        let what = format!("database '{}'", self.name);
        match &self.instance {
            Some(row) if row.instance == instance.to_string() => Ok(Some(row)),
            Some(_) => Err(conflict(access, &what, "it was made for another instance")),
            None if self.has_database => Err(conflict(
                access,
                &what,
                "the records of what is ours do not know it",
            )),
            None => Ok(None),
        }
    }

    /// Whether the instance is there as a whole.
    pub(super) fn whole(&self, access: &Access, instance: InstanceId) -> Result<(), Error> {
        match self.own(access, instance)? {
            Some(_) if self.has_database => Ok(()),
            _ => Err(ledger::missing(access, instance)),
        }
    }

    /// The row of the user of that name, if there is one; a conflict if there is such a user without it.
    pub(super) fn own_binding(
        &self,
        access: &Access,
        name: &str,
    ) -> Result<Option<&Binding>, Error> {
        let row = self.bindings.iter().find(|binding| binding.name == name);
        let mut accounts = self.accounts.iter().filter(|account| account.name == name);
        // One at another host is never ours, and would be preferred to ours.
        let foreign = accounts.find(|account| row.is_none() || account.host != "%");
        match foreign {
            None => Ok(row),
            Some(account) => Err(conflict(
                access,
                &format!("user '{name}'@'{}'", account.host),
                "the records of what is ours do not know it",
            )),
        }
    }

    /// The bindings of ours whose user is there.
    pub(super) fn own_logins(&self) -> impl Iterator<Item = &str> {
        self.bindings
            .iter()
            .map(|binding| binding.name.as_str())
            .filter(|name| self.has_login(name))
    }

    /// Whether a user is there under the name and host that ours have.
    pub(super) fn has_login(&self, name: &str) -> bool {
        self.accounts
            .iter()
            .any(|account| account.name == name && account.host == "%")
    }
}

pub(super) fn conflict(access: &Access, what: &str, reason: &str) -> Error {
    Error::Conflict {
        cluster: access.description.clone(),
        what: what.to_owned(),
        reason: reason.to_owned(),
    }
}
