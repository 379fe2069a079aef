//! From Docker's failures to the contract's.

use std::error::Error as _;
use std::time::Duration;

use bollard::errors::Error as Docker;
use windlass_engine::Error;

/// Why a call to Docker failed, before a caller that expects a certain answer has looked at it.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Docker answered with a status that is no success.
    Answered {
        doing: String,
        status: u16,
        message: String,
    },
    /// Anything else.
    Other(Error),
}

impl Failure {
    pub(crate) fn new(doing: &str, passed: Duration, error: Docker) -> Self {
        let doing = doing.to_owned();
        match error {
            Docker::DockerResponseServerError {
                status_code,
                message,
            } => Self::Answered {
                doing,
                status: status_code,
                message,
            },
            other => Self::Other(unanswered(doing, passed, &other)),
        }
    }

    pub(crate) fn is(&self, wanted: u16) -> bool {
        matches!(self, Self::Answered { status, .. } if *status == wanted)
    }

    pub(crate) fn mentions(&self, text: &str) -> bool {
        matches!(self, Self::Answered { message, .. } if message.contains(text))
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Other(error) => error,
            Failure::Answered { doing, message, .. } if is_disk_full(&message) => {
                Self::DiskFull { doing }
            }
            Failure::Answered {
                doing,
                status: 404,
                message,
            } => not_found(doing, message),
            Failure::Answered {
                doing,
                status: 400..=499 | 501,
                message,
            } => Self::Refused {
                doing,
                reason: message,
            },
            Failure::Answered { doing, message, .. } => Self::Failed {
                doing,
                reason: message,
            },
        }
    }
}

pub(crate) fn is_disk_full(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    message.contains("no space left on device") || message.contains("disk quota exceeded")
}

/// Docker says what is missing in words only.
fn not_found(doing: String, message: String) -> Error {
    let lower = message.to_ascii_lowercase();
    let name_after = |marker: &str| {
        lower
            .find(marker)
            .map(|at| message[at + marker.len()..].trim().to_owned())
    };
    for (marker, what) in [
        ("no such container: ", "container"),
        ("no such image: ", "image"),
        ("no such volume: ", "volume"),
    ] {
        if let Some(name) = name_after(marker) {
            return Error::NotFound { what, name };
        }
    }
    if let Some(rest) = name_after("network ")
        && let Some(name) = rest.strip_suffix(" not found")
    {
        return Error::NotFound {
            what: "network",
            name: name.to_owned(),
        };
    }
    Error::Refused {
        doing,
        reason: message,
    }
}

/// No answer at all, or half of one.
fn unanswered(doing: String, passed: Duration, error: &Docker) -> Error {
    match error {
        Docker::RequestTimeoutError => Error::NoAnswer {
            doing,
            after: passed,
        },
        Docker::SocketNotFoundError(path) => Error::Unreachable {
            doing,
            reason: format!("there is no socket at {path}; is Docker running?"),
        },
        Docker::HyperLegacyError { err } if err.is_connect() => Error::Unreachable {
            doing,
            reason: chain(error),
        },
        // The request went out and the connection broke: nobody knows what became of it.
        Docker::HyperLegacyError { .. }
        | Docker::HyperResponseError { .. }
        | Docker::IOError { .. } => {
            tracing::debug!(doing, error = chain(error), "an answer of Docker was lost");
            Error::NoAnswer {
                doing,
                after: passed,
            }
        }
        Docker::DockerStreamError { error } if is_disk_full(error) => Error::DiskFull { doing },
        Docker::DockerStreamError { error } => Error::Failed {
            doing,
            reason: error.clone(),
        },
        // An answer that is cut off, or that we do not understand.
        _ => Error::Failed {
            doing,
            reason: chain(error),
        },
    }
}

/// An error and its causes: hyper's own words are only "client error (Connect)".
pub(crate) fn chain(error: &Docker) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let words = error.to_string();
        if !text.contains(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16, message: &str) -> Error {
        Failure::Answered {
            doing: "testing".to_owned(),
            status,
            message: message.to_owned(),
        }
        .into()
    }

    #[test]
    fn answers_become_the_contracts_errors() {
        let full = "write /var/lib/docker/tmp/x: no space left on device";
        assert!(matches!(answered(500, full), Error::DiskFull { .. }));
        assert!(matches!(
            answered(500, "driver failed"),
            Error::Failed { .. }
        ));
        assert!(matches!(
            answered(409, "volume is in use"),
            Error::Refused { .. }
        ));
        assert!(matches!(answered(400, "invalid"), Error::Refused { .. }));
        assert!(
            matches!(answered(404, "No such container: web"), Error::NotFound { what: "container", name } if name == "web")
        );
        assert!(
            matches!(answered(404, "network web not found"), Error::NotFound { what: "network", name } if name == "web")
        );
        assert!(matches!(
            answered(404, "page not found"),
            Error::Refused { .. }
        ));
    }

    #[test]
    fn a_missing_socket_is_unreachable_and_a_time_out_is_not() {
        let error = |docker| Error::from(Failure::new("testing", Duration::from_secs(3), docker));
        let missing = error(Docker::SocketNotFoundError("/x.sock".to_owned()));
        assert!(matches!(&missing, Error::Unreachable { .. }) && !missing.effect_unknown());
        let late = error(Docker::RequestTimeoutError);
        assert!(matches!(late, Error::NoAnswer { after, .. } if after == Duration::from_secs(3)));
    }
}
