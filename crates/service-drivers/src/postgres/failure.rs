//! What a failure of the server means in the contract's words.

use std::error::Error as _;

use tokio_postgres::error::{DbError, SqlState};
use windlass_services::{Access, Error};

use crate::step::Step;

/// A statement that did not succeed.
#[derive(Debug)]
pub(super) enum Failure {
    /// No answer in time.
    Elapsed(Step),
    /// The server, or the connection to it, failed.
    Server(Step, tokio_postgres::Error),
}

impl Failure {
    /// The server's code, if it was the server that refused.
    pub(super) fn code(&self) -> Option<&SqlState> {
        match self {
            Self::Elapsed(_) => None,
            Self::Server(_, error) => error.code(),
        }
    }

    pub(super) fn is(&self, code: &SqlState) -> bool {
        self.code() == Some(code)
    }

    /// The failure of a statement.
    pub(super) fn of_statement(self, access: &Access) -> Error {
        let cluster = access.description.clone();
        match self {
            Self::Elapsed(step) => no_answer(cluster, step),
            Self::Server(step, error) => match error.as_db_error() {
                Some(refusal) if is_full(refusal.code()) => Error::Full {
                    cluster,
                    reason: words(refusal),
                },
                // The server's own time-out, or an operator who ended the statement.
                Some(refusal) if *refusal.code() == SqlState::QUERY_CANCELED => {
                    no_answer(cluster, step)
                }
                Some(refusal) => Error::Failed {
                    cluster,
                    doing: step.doing.to_owned(),
                    reason: words(refusal),
                },
                None => Error::Failed {
                    cluster,
                    doing: step.doing.to_owned(),
                    reason: causes(&error),
                },
            },
        }
    }

    /// The failure of a connection that was not yet there: nothing was done.
    pub(super) fn of_connection(self, access: &Access, database: &str) -> Error {
        let cluster = access.description.clone();
        let place = format!("{}:{}", access.endpoint.host, access.endpoint.port);
        let error = match self {
            Self::Elapsed(step) => {
                let reason = format!("{place} gave no answer within {:?}", step.within);
                return Error::Unreachable { cluster, reason };
            }
            Self::Server(_, error) => error,
        };
        let Some(refusal) = error.as_db_error() else {
            if is_authentication(&error) {
                return Error::Unauthorized {
                    cluster,
                    reason: causes(&error),
                };
            }
            return Error::Unreachable {
                cluster,
                reason: format!("{place}: {}", causes(&error)),
            };
        };
        let code = refusal.code();
        if *code == SqlState::INVALID_PASSWORD
            || *code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION
            || *code == SqlState::INSUFFICIENT_PRIVILEGE
        {
            Error::Unauthorized {
                cluster,
                reason: format!("user '{}': {}", access.user, words(refusal)),
            }
        } else if is_full(code) {
            Error::Full {
                cluster,
                reason: words(refusal),
            }
        } else if *code == SqlState::INVALID_CATALOG_NAME {
            Error::Missing {
                cluster,
                what: format!("database '{database}'"),
            }
        } else {
            // Starting up, shutting down, recovering: it is there and does not serve.
            Error::Unreachable {
                cluster,
                reason: format!("{place}: {}", words(refusal)),
            }
        }
    }
}

/// What a catalogue read gave in a form that no supported version gives.
pub(super) fn unexpected(access: &Access, step: Step, error: &tokio_postgres::Error) -> Error {
    Error::Failed {
        cluster: access.description.clone(),
        doing: step.doing.to_owned(),
        reason: causes(error),
    }
}

fn no_answer(cluster: String, step: Step) -> Error {
    Error::NoAnswer {
        cluster,
        doing: step.doing.to_owned(),
        after: step.within,
    }
}

/// Class 53: disk, memory, connections, a configured limit.
fn is_full(code: &SqlState) -> bool {
    code.code().starts_with("53")
}

/// Whether the client gave up on the authentication: a method that it lacks, a server that does not know
/// the password either.
fn is_authentication(error: &tokio_postgres::Error) -> bool {
    error.to_string().contains("authentication")
}

/// The server's words: message and hint, with its code for those who look it up. Neither the statement
/// nor the detail, which can quote values.
pub(super) fn words(refusal: &DbError) -> String {
    let hint = refusal
        .hint()
        .map(|hint| format!("; {hint}"))
        .unwrap_or_default();
    format!(
        "{}{hint} (SQLSTATE {})",
        refusal.message(),
        refusal.code().code()
    )
}

/// The client's words with all causes.
fn causes(error: &tokio_postgres::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
