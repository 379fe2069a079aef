//! What a broker's failure means to those who know drivers only: whether something may be left, whether
//! another try is of use, and what to do.

use windlass_services::Error as DriverError;

use crate::error::Error;
use crate::failure::Failure;

/// A failure to make something. Only what was not sent is tried again: after anything else the specification
/// wants what may be left to be removed first.
pub(crate) fn making(error: Error, place: &str) -> DriverError {
    let (cluster, doing, failure) = (place.to_owned(), error.doing.to_owned(), error.failure);
    if let Failure::NotSent(reason) = failure {
        return DriverError::Unreachable { cluster, reason };
    }
    let (reason, advice) = (failure.to_string(), advice(&failure));
    if failure.effect_unknown() || matches!(failure, Failure::Busy(_)) {
        DriverError::Spoilt {
            cluster,
            doing,
            reason,
            advice,
        }
    } else {
        DriverError::Refused {
            cluster,
            doing,
            reason,
            advice,
        }
    }
}

/// A failure to make a binding, where the broker may have been asked whether it has the instance at all.
pub(crate) fn binding(error: Error, place: &str, is_forgotten: bool) -> DriverError {
    const FORGOTTEN: &str = "the broker does not have the instance any more";
    const BACK: &str = "Ask the operator of the broker to bring it back; nothing was changed here. To do without it, \
                        detach the instance, deploy, and remove it.";
    match making(error, place) {
        DriverError::Spoilt { cluster, doing, .. } if is_forgotten => DriverError::Spoilt {
            cluster,
            doing,
            reason: FORGOTTEN.to_owned(),
            advice: BACK.to_owned(),
        },
        DriverError::Refused { cluster, doing, .. } if is_forgotten => DriverError::Refused {
            cluster,
            doing,
            reason: FORGOTTEN.to_owned(),
            advice: BACK.to_owned(),
        },
        other => other,
    }
}

/// A failure to remove something: tried again, unless the broker says that it has done nothing and will not.
pub(crate) fn removing(error: Error, place: &str) -> DriverError {
    let (cluster, doing, failure) = (place.to_owned(), error.doing.to_owned(), error.failure);
    let reason = failure.to_string();
    match &failure {
        Failure::NotSent(reason) => DriverError::Unreachable {
            cluster,
            reason: reason.clone(),
        },
        Failure::Unauthorized(_)
        | Failure::Version(_)
        | Failure::Conflict(_)
        | Failure::Refused { .. } => DriverError::Refused {
            cluster,
            doing,
            reason,
            advice: advice(&failure),
        },
        _ => DriverError::Failed {
            cluster,
            doing,
            reason,
        },
    }
}

/// A failure to read something, which changes nothing.
pub(crate) fn looking(error: Error, place: &str) -> DriverError {
    let (cluster, doing, failure) = (place.to_owned(), error.doing.to_owned(), error.failure);
    match failure {
        Failure::NotSent(reason) => DriverError::Unreachable { cluster, reason },
        Failure::NoAnswer(_) | Failure::Cut(_) => DriverError::Unreachable {
            cluster,
            reason: failure.to_string(),
        },
        Failure::Missing(what) => DriverError::Missing { cluster, what },
        failure => DriverError::Refused {
            cluster,
            doing,
            reason: failure.to_string(),
            advice: advice(&failure),
        },
    }
}

fn advice(failure: &Failure) -> String {
    let text = match failure {
        Failure::Unauthorized(_) => {
            "Set the broker's credentials right: 'windlass broker update NAME --user USER --password-stdin'."
        }
        Failure::Version(_) => "Ask the operator of the broker for a version that speaks 2.17.",
        Failure::OutdatedCatalogue(_) => {
            "Fetch its catalogue with 'windlass broker refresh NAME', look at the service, and try again."
        }
        Failure::Conflict(_) => "Remove the instance and add it again: the new one has another id.",
        Failure::Busy(_) => "Try again when the broker has finished what it is doing.",
        Failure::Refused { .. } | Failure::NeedsApplication(_) | Failure::Missing(_) => {
            "Ask the operator of the broker what it lacks; nothing was changed."
        }
        Failure::NoAnswer(_) | Failure::Cut(_) | Failure::NotSent(_) => {
            "Check that the broker runs and answers, then try again. What it may have made is taken back."
        }
        Failure::Server(_)
        | Failure::Malformed(_)
        | Failure::Reported { .. }
        | Failure::Stuck { .. }
        | Failure::Forgotten(_) => {
            "Ask the operator of the broker, then try again. What it may have made is taken back."
        }
    };
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{looking, making, removing};
    use crate::error::{Error, Removal};
    use crate::failure::Failure;

    fn error(failure: Failure) -> Error {
        Error {
            doing: "provisioning the instance",
            failure,
            removal: Removal::Left,
        }
    }

    fn refused(status: u16) -> Failure {
        Failure::Refused {
            status,
            description: "no".to_owned(),
            instance_usable: true,
            update_repeatable: true,
        }
    }

    #[test]
    fn what_may_be_left_is_taken_back_and_nothing_is_tried_twice() {
        let text = || "x".to_owned();
        for (failure, effect_unknown, is_transient) in [
            (Failure::NotSent(text()), false, true),
            (Failure::Unauthorized(text()), false, false),
            (Failure::Conflict(text()), false, false),
            (refused(400), false, false),
            (Failure::Busy(text()), true, false),
            (Failure::Server(text()), true, false),
            (Failure::NoAnswer(Duration::from_secs(1)), true, false),
            (Failure::Forgotten(text()), true, false),
        ] {
            let said = format!("{failure:?}");
            let made = making(error(failure), "broker 'acme'");
            assert_eq!(made.effect_unknown(), effect_unknown, "{said}");
            assert_eq!(made.is_transient(), is_transient, "{said}");
            let words = made.to_string();
            assert!(words.contains("broker 'acme'"), "{words}");
            assert!(!words.contains("nothing was removed"), "{words}");
        }
    }

    #[test]
    fn a_removal_is_repeated_unless_it_is_refused() {
        let server = removing(error(Failure::Server("x".to_owned())), "b");
        assert!(server.is_transient() && server.effect_unknown());
        let no = removing(error(refused(422)), "b");
        assert!(!no.is_transient() && !no.effect_unknown());
        let slow = looking(error(Failure::NoAnswer(Duration::from_secs(1))), "b");
        assert!(!slow.effect_unknown(), "{slow}");
    }
}
