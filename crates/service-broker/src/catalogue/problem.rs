//! Something that is wrong with a catalogue.

use std::fmt;

/// Something that is wrong with a catalogue, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where, such as `services[0].plans[1].name`.
    pub at: String,
    /// What.
    pub what: String,
}

impl Problem {
    /// A problem at that place.
    pub(crate) fn new(at: impl Into<String>, what: impl Into<String>) -> Self {
        Self {
            at: at.into(),
            what: what.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.at, self.what)
    }
}
