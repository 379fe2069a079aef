//! The variables that a binding gives.

use secrecy::ExposeSecret;
use windlass_services::Variable;

/// The value of one that must be there.
pub(crate) fn value<'a>(variables: &'a [Variable], name: &str) -> &'a str {
    let found = variables
        .iter()
        .find(|variable| variable.name.as_str() == name);
    found
        .unwrap_or_else(|| panic!("{name} is given"))
        .value
        .expose_secret()
}
