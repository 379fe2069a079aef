//! From columns to values and back. What cannot be read is a damaged store, never a panic.

use std::fmt::Display;
use std::str::FromStr;

use serde::Serialize;
use serde::de::value::{Error as ValueError, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use windlass_model::time::Timestamp;

use crate::fault::{Fault, damaged};

/// A text.
pub(crate) fn text(row: &SqliteRow, column: &str) -> Result<String, Fault> {
    row.try_get(column).map_err(|error| damaged(column, error))
}

/// A text that may be absent.
pub(crate) fn text_or_none(row: &SqliteRow, column: &str) -> Result<Option<String>, Fault> {
    row.try_get(column).map_err(|error| damaged(column, error))
}

/// A value with a text form: an id, a name, a state.
pub(crate) fn parsed<T>(row: &SqliteRow, column: &str) -> Result<T, Fault>
where
    T: FromStr,
    T::Err: Display,
{
    text(row, column)?
        .parse()
        .map_err(|error| damaged(column, error))
}

/// The same, if it is there.
pub(crate) fn parsed_or_none<T>(row: &SqliteRow, column: &str) -> Result<Option<T>, Fault>
where
    T: FromStr,
    T::Err: Display,
{
    text_or_none(row, column)?
        .map(|text| text.parse().map_err(|error| damaged(column, error)))
        .transpose()
}

/// A number.
pub(crate) fn number<T: TryFrom<i64>>(row: &SqliteRow, column: &str) -> Result<T, Fault> {
    let value: i64 = row
        .try_get(column)
        .map_err(|error| damaged(column, error))?;
    T::try_from(value).map_err(|_| damaged(column, format!("{value} is out of range")))
}

/// A number that may be absent.
pub(crate) fn number_or_none<T: TryFrom<i64>>(
    row: &SqliteRow,
    column: &str,
) -> Result<Option<T>, Fault> {
    let value: Option<i64> = row
        .try_get(column)
        .map_err(|error| damaged(column, error))?;
    value
        .map(|value| {
            T::try_from(value).map_err(|_| damaged(column, format!("{value} is out of range")))
        })
        .transpose()
}

/// A yes or no.
pub(crate) fn flag(row: &SqliteRow, column: &str) -> Result<bool, Fault> {
    Ok(number::<i64>(row, column)? != 0)
}

/// A point in time.
pub(crate) fn time(row: &SqliteRow, column: &str) -> Result<Timestamp, Fault> {
    number(row, column).map(Timestamp)
}

/// A point in time that may be absent.
pub(crate) fn time_or_none(row: &SqliteRow, column: &str) -> Result<Option<Timestamp>, Fault> {
    Ok(number_or_none(row, column)?.map(Timestamp))
}

/// A document.
pub(crate) fn document<T: DeserializeOwned>(row: &SqliteRow, column: &str) -> Result<T, Fault> {
    serde_json::from_str(&text(row, column)?).map_err(|error| damaged(column, error))
}

/// A document that may be absent.
pub(crate) fn document_or_none<T: DeserializeOwned>(
    row: &SqliteRow,
    column: &str,
) -> Result<Option<T>, Fault> {
    text_or_none(row, column)?
        .map(|text| serde_json::from_str(&text).map_err(|error| damaged(column, error)))
        .transpose()
}

/// A variant of an enum without data, by its name.
pub(crate) fn word<T: DeserializeOwned>(row: &SqliteRow, column: &str) -> Result<T, Fault> {
    let text = text(row, column)?;
    let name: StrDeserializer<'_, ValueError> = text.as_str().into_deserializer();
    T::deserialize(name).map_err(|error| damaged(column, error))
}

/// The same, if it is there.
pub(crate) fn word_or_none<T: DeserializeOwned>(
    row: &SqliteRow,
    column: &str,
) -> Result<Option<T>, Fault> {
    match text_or_none(row, column)? {
        Some(_) => word(row, column).map(Some),
        None => Ok(None),
    }
}

/// The text of a document.
pub(crate) fn to_document<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value)
        .expect("the rows have no maps with keys other than texts, so they have a JSON form")
}

/// The name of a variant of an enum without data.
pub(crate) fn to_word<T: Serialize>(value: T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        other => unreachable!("an enum without data has a name, not {other:?}"),
    }
}
