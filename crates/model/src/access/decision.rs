//! The decision.

use std::fmt;

use super::{Action, Level, Needs, Role};

/// What the caller is to the object that it wants to do something with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It has an account, and the object is its own or everyone's.
    Account,
    /// A member of the organisation that the object belongs to.
    Member(Role),
    /// It operates the installation that the object belongs to.
    Operator,
}

/// What comes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It may be done.
    Allowed,
    /// It may not.
    Refused(Reason),
}

/// Why something is refused to somebody who may see the object; says who may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The caller's role is too low.
    Role {
        /// What was to be done.
        action: Action,
        /// What the caller is.
        is: Role,
        /// The least role that may.
        needed: Role,
    },
    /// The token's level is too low.
    Level {
        /// What was to be done.
        action: Action,
        /// The token's level.
        is: Level,
    },
    /// The token is for one application, and this is about its organisation.
    OneApplication {
        /// What was to be done.
        action: Action,
    },
    /// Only who operates the installation may.
    Operator {
        /// What was to be done.
        action: Action,
    },
    /// The object is not of the kind that this is done with.
    Elsewhere {
        /// What was to be done.
        action: Action,
    },
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Role { action, is, needed } => {
                let may: Vec<String> = Role::ALL
                    .into_iter()
                    .filter(|role| role >= needed)
                    .map(|role| format!("{role}s"))
                    .collect();
                write!(
                    f,
                    "{} is for {} of the organisation; your role in it is '{is}'",
                    action.phrase(),
                    listed(&may, "and")
                )
            }
            Self::Level { action, is } => {
                let may: Vec<String> = Level::ALL
                    .into_iter()
                    .filter(|level| *level >= action.level())
                    .map(|level| format!("'{level}'"))
                    .collect();
                write!(
                    f,
                    "{} takes a token of the level {}; this one has '{is}'",
                    action.phrase(),
                    listed(&may, "or")
                )
            }
            Self::OneApplication { action } => write!(
                f,
                "{} takes a token that is not for one application only",
                action.phrase()
            ),
            Self::Operator { action } => write!(
                f,
                "{} is for those who operate the installation, with a token that is not for one organisation only",
                action.phrase()
            ),
            Self::Elsewhere { action } => {
                write!(f, "{} is not possible here", action.phrase())
            }
        }
    }
}

/// Whether somebody may do that.
pub fn decide(standing: Standing, level: Level, action: Action) -> Decision {
    match (standing, action.needs()) {
        (Standing::Member(is), Needs::Role(needed)) if is < needed => {
            return Decision::Refused(Reason::Role { action, is, needed });
        }
        (Standing::Account | Standing::Member(_), Needs::Operator) => {
            return Decision::Refused(Reason::Operator { action });
        }
        // Who operates an installation is by that in none of its organisations.
        (Standing::Account | Standing::Operator, Needs::Role(_)) => {
            return Decision::Refused(Reason::Elsewhere { action });
        }
        (Standing::Member(_), Needs::Role(_))
        | (Standing::Operator, Needs::Operator)
        | (_, Needs::Account) => {}
    }
    if level < action.level() {
        return Decision::Refused(Reason::Level { action, is: level });
    }
    Decision::Allowed
}

fn listed(words: &[String], last: &str) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., end] => format!("{} {last} {end}", first.join(", ")),
    }
}
