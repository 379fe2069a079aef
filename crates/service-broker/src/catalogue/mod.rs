//! Reading a broker's catalogue: strictly, with all that is wrong said at once, because whoever runs the
//! broker mends it in one go.

mod check;
mod clashes;
mod fields;
mod problem;
mod schema;
mod version;

use serde_json::Value;

use crate::spec::Catalogue;

pub use clashes::clashes;
pub use problem::Problem;

/// The catalogue in a broker's answer.
///
/// # Errors
/// Everything that is wrong with it. Unknown fields are not.
pub fn parse(body: &[u8]) -> Result<Catalogue, Vec<Problem>> {
    let value: Value = serde_json::from_slice(body).map_err(|error| {
        let reason = format!(
            "is no JSON (line {}, column {})",
            error.line(),
            error.column()
        );
        vec![Problem::new("the catalogue", reason)]
    })?;
    let problems = check::catalogue(&value);
    if !problems.is_empty() {
        return Err(problems);
    }
    serde_json::from_value(value).map_err(|_| {
        vec![Problem::new(
            "the catalogue",
            "has a field of the wrong type",
        )]
    })
}

#[cfg(test)]
mod tests;
