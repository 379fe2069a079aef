//! What a failure of the server means in the contract's words.

use sqlx::mysql::MySqlDatabaseError;
use windlass_services::{Access, Error};

use crate::step::Step;

/// The servers' numbers of errors.
pub(super) mod code {
    pub(crate) const DATABASE_EXISTS: u16 = 1007;
    pub(crate) const NO_RIGHT_TO_DATABASE: u16 = 1044;
    pub(crate) const ACCESS_DENIED: u16 = 1045;
    pub(crate) const NO_SUCH_DATABASE: u16 = 1049;
    pub(crate) const SYNTAX: u16 = 1064;
    pub(crate) const NO_SUCH_SESSION: u16 = 1094;
    pub(crate) const HOST_NOT_ALLOWED: u16 = 1130;
    pub(crate) const NO_RIGHT_TO_TABLE: u16 = 1142;
    pub(crate) const NO_RIGHT_TO_COLUMN: u16 = 1143;
    pub(crate) const NO_SUCH_TABLE: u16 = 1146;
    pub(crate) const NO_SUCH_SETTING: u16 = 1193;
    pub(crate) const NO_RIGHT: u16 = 1227;
    /// CREATE USER, ALTER USER or DROP USER of a user that is there already, or is not.
    pub(crate) const CANNOT_USER: u16 = 1396;
    /// A warning: information_schema passed over a table that was being changed.
    pub(crate) const TABLE_SKIPPED: &str = "1684";
    pub(super) const ACCESS_DENIED_NO_PASSWORD: u16 = 1698;
    /// The account is locked: MySQL's number and MariaDB's.
    pub(super) const LOCKED: [u16; 2] = [3118, 4151];
    /// Connections, disk, memory, a table's limit, the connections of a user.
    pub(super) const FULL: [u16; 8] = [1021, 1037, 1040, 1041, 1114, 1135, 1203, 1226];
    /// Ended by the server: an operator's KILL QUERY, MariaDB's time-out, MySQL's.
    pub(super) const ENDED: [u16; 3] = [1317, 1969, 3024];
}

/// A statement that did not succeed.
#[derive(Debug)]
pub(super) enum Failure {
    /// No answer in time.
    Elapsed(Step),
    /// The server, or the connection to it, failed.
    Server(Step, sqlx::Error),
}

impl Failure {
    /// The server's number of the error, if it was the server that refused.
    pub(super) fn code(&self) -> Option<u16> {
        match self {
            Self::Elapsed(_) => None,
            Self::Server(_, error) => number(error),
        }
    }

    pub(super) fn is(&self, code: u16) -> bool {
        self.code() == Some(code)
    }

    /// Whether the administrator lacks a right.
    pub(super) fn is_denied(&self) -> bool {
        let denials = [
            code::NO_RIGHT_TO_DATABASE,
            code::ACCESS_DENIED,
            code::NO_RIGHT_TO_TABLE,
            code::NO_RIGHT_TO_COLUMN,
            code::NO_RIGHT,
        ];
        self.code().is_some_and(|code| denials.contains(&code))
    }

    /// The failure of a statement.
    pub(super) fn of_statement(self, access: &Access) -> Error {
        let cluster = access.description.clone();
        let (step, error) = match self {
            Self::Elapsed(step) => return no_answer(cluster, step),
            Self::Server(step, error) => (step, error),
        };
        let Some(refusal) = refusal(&error) else {
            return Error::Failed {
                cluster,
                doing: step.doing.to_owned(),
                reason: words_of_client(&error),
            };
        };
        let (number, reason) = (refusal.number(), words(refusal));
        if code::FULL.contains(&number) {
            Error::Full { cluster, reason }
        } else if code::ENDED.contains(&number) {
            no_answer(cluster, step)
        } else if number == code::NO_SUCH_DATABASE || number == code::NO_SUCH_TABLE {
            // Of ours, that is: no statement here names a tenant's table.
            Error::Missing {
                cluster,
                what: format!("what 'prepare' and 'provision' make ({reason})"),
            }
        } else {
            Error::Failed {
                cluster,
                doing: step.doing.to_owned(),
                reason,
            }
        }
    }

    /// The failure of a connection that was not yet there: nothing was done.
    pub(super) fn of_connection(self, access: &Access) -> Error {
        let cluster = access.description.clone();
        let place = format!("{}:{}", access.endpoint.host, access.endpoint.port);
        let error = match self {
            Self::Elapsed(step) => {
                let reason = format!("{place} gave no answer within {:?}", step.within);
                return Error::Unreachable { cluster, reason };
            }
            Self::Server(_, error) => error,
        };
        let Some(refusal) = refusal(&error) else {
            let reason = words_of_client(&error);
            if is_authentication(&reason) {
                return Error::Unauthorized { cluster, reason };
            }
            return Error::Unreachable {
                cluster,
                reason: format!("{place}: {reason}"),
            };
        };
        let (number, reason) = (refusal.number(), words(refusal));
        let denials = [
            code::ACCESS_DENIED,
            code::ACCESS_DENIED_NO_PASSWORD,
            code::NO_RIGHT_TO_DATABASE,
            code::HOST_NOT_ALLOWED,
        ];
        if denials.contains(&number) || code::LOCKED.contains(&number) {
            Error::Unauthorized {
                cluster,
                reason: format!("user '{}': {reason}", access.user),
            }
        } else if code::FULL.contains(&number) {
            Error::Full { cluster, reason }
        } else if number == code::NO_SUCH_DATABASE {
            Error::Missing {
                cluster,
                what: format!("database '{}'", access.database.as_deref().unwrap_or("")),
            }
        } else {
            // Shutting down, or refusing this machine for its earlier failures: there, and does not serve.
            Error::Unreachable {
                cluster,
                reason: format!("{place}: {reason}"),
            }
        }
    }
}

/// The server's number of an error, if it was the server that refused.
pub(super) fn number(error: &sqlx::Error) -> Option<u16> {
    refusal(error).map(MySqlDatabaseError::number)
}

fn refusal(error: &sqlx::Error) -> Option<&MySqlDatabaseError> {
    match error {
        sqlx::Error::Database(error) => error.try_downcast_ref(),
        _ => None,
    }
}

fn no_answer(cluster: String, step: Step) -> Error {
    Error::NoAnswer {
        cluster,
        doing: step.doing.to_owned(),
        after: step.within,
    }
}

/// Whether the client gave up on the authentication: a method that it lacks.
fn is_authentication(reason: &str) -> bool {
    reason.contains("auth plugin") || reason.contains("authentication")
}

/// The server's words with its number for those who look it up. The words of a syntax error quote the
/// statement, in which a password's hash may stand.
fn words(refusal: &MySqlDatabaseError) -> String {
    let number = refusal.number();
    if number == code::SYNTAX {
        return format!("the server does not understand the statement (error {number})");
    }
    format!("{} (error {number})", refusal.message())
}

/// The client's words. They quote no statement: it knows none but as bytes to send.
fn words_of_client(error: &sqlx::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let further = error.to_string();
        if !text.contains(&further) {
            text = format!("{text}: {further}");
        }
        cause = error.source();
    }
    text
}
