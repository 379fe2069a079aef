//! The rules for the JSON schema of parameters.

use serde_json::Value;

use super::fields::Fields;
use super::problem::Problem;

/// The specification's limit.
const MOST_BYTES: usize = 64 * 1024;

/// Checks the `parameters` of one action: whether they are a schema that can be used here, not what it says.
pub(super) fn check(action: &Fields<'_>, problems: &mut Vec<Problem>) {
    let Some(parameters) = action.object_if_any("parameters", problems) else {
        return;
    };
    let place = action.place("parameters");
    let Some(schema) = action.find("parameters") else {
        return;
    };
    if schema.to_string().len() > MOST_BYTES {
        problems.push(Problem::new(&place, "is larger than 64 kB"));
    }
    if parameters.find("$schema").is_none() {
        let what = "is missing: which JSON Schema it is must be said";
        problems.push(Problem::new(parameters.place("$schema"), what));
    }
    if refers_outside(schema) {
        problems.push(Problem::new(
            place,
            "refers to a schema elsewhere ($ref), which is never fetched",
        ));
    }
}

fn refers_outside(value: &Value) -> bool {
    match value {
        Value::Object(object) => object.iter().any(|(key, value)| {
            let is_outside = key == "$ref" && value.as_str().is_some_and(|to| !to.starts_with('#'));
            is_outside || refers_outside(value)
        }),
        Value::Array(members) => members.iter().any(refers_outside),
        _ => false,
    }
}
