//! Values that forms can only send as text.

use serde::de::Error;
use serde::{Deserialize, Deserializer};

#[derive(Deserialize)]
#[serde(untagged)]
enum Boolean {
    Value(bool),
    Text(String),
}

/// A boolean, or its text.
pub(crate) fn boolean<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<bool>, D::Error> {
    let given = Option::<Boolean>::deserialize(deserializer)
        .map_err(|_| D::Error::custom("true or false is expected"))?;
    match given {
        None => Ok(None),
        Some(Boolean::Value(value)) => Ok(Some(value)),
        Some(Boolean::Text(text)) => match text.as_str() {
            "true" | "1" => Ok(Some(true)),
            "false" | "0" => Ok(Some(false)),
            _ => Err(D::Error::custom("true or false is expected")),
        },
    }
}
