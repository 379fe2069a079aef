//! Standard output for data, standard error for talk.

use std::io::{self, Write};

use serde_json::Value;

use crate::error::Error;
use crate::terminal::{Stream, paint};

/// Data: one JSON document.
pub(crate) fn json(value: &Value) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, value)?;
    writeln!(out)?;
    Ok(())
}

/// Data: a line.
pub(crate) fn line(text: &str) -> Result<(), Error> {
    writeln!(io::stdout().lock(), "{text}")?;
    Ok(())
}

/// Data: text as it is, shown at once.
pub(crate) fn raw(text: &str) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(())
}

/// Data: a table with a head; columns as wide as their widest cell. An empty one is talk: `none` says so, and
/// what to do about it.
pub(crate) fn table(head: &[&str], rows: &[Vec<String>], none: &str) -> Result<(), Error> {
    if rows.is_empty() {
        say(none);
        return Ok(());
    }
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        let widths = cells.map(|cell| cell.chars().count());
        widths
            .chain([head[column].chars().count()])
            .max()
            .unwrap_or_default()
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let render = |cells: &[String]| {
        let padded = cells
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:<width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let head: Vec<String> = head.iter().map(|cell| (*cell).to_owned()).collect();
    line(&render(&head))?;
    rows.iter().try_for_each(|row| line(&render(row)))
}

/// Data: one object, a field a line; those without a value are left out.
pub(crate) fn fields(fields: &[(&str, Option<String>)]) -> Result<(), Error> {
    let shown = fields
        .iter()
        .filter_map(|(name, value)| Some((name, value.as_ref()?)));
    let width = fields.iter().map(|(name, _)| name.len()).max();
    for (name, value) in shown {
        let width = width.unwrap_or_default();
        line(format!("{name:<width$}  {value}").trim_end())?;
    }
    Ok(())
}

/// Talk: a line. What cannot be said is not worth failing for.
pub(crate) fn say(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Talk: why a command failed, and what to do.
pub(crate) fn fail(error: &Error) {
    if matches!(error, Error::OutputClosed) {
        return;
    }
    let text = harmless(&error.to_string());
    say(&format!("{} {text}", paint(Stream::Err, "error:", "31;1")));
    if let Some(hint) = error.hint() {
        hinted(hint);
    }
}

/// Talk: what to do.
pub(crate) fn hinted(text: &str) {
    let mark = paint(Stream::Err, "hint:", "36;1");
    say(&format!("{mark} {}", harmless(text)));
}

/// A value as text for people, on one line.
pub(crate) fn cell(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => one_line(text),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        other => other.to_string(),
    }
}

/// A field of an object, if it has a value.
pub(crate) fn filled(value: &Value) -> Option<String> {
    (!value.is_null()).then(|| cell(value))
}

/// A time for people: to the second, in UTC.
pub(crate) fn time(value: &Value) -> String {
    let text = cell(value);
    match (text.get(..10), text.get(10..11), text.get(11..19)) {
        (Some(date), Some("T"), Some(time)) if text.ends_with('Z') => format!("{date} {time}Z"),
        _ => text,
    }
}

/// The beginning of a commit's id.
pub(crate) fn commit(value: &Value) -> String {
    cell(value).chars().take(12).collect()
}

/// Text without line ends and without what a terminal would obey.
pub(crate) fn one_line(text: &str) -> String {
    escaped(text, |_| false)
}

/// Text of several lines without what a terminal would obey: it may come from a tenant's program.
pub(crate) fn harmless(text: &str) -> String {
    escaped(text, |c| matches!(c, '\n' | '\t'))
}

fn escaped(text: &str, kept: impl Fn(char) -> bool) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() && !kept(c) {
            safe.extend(c.escape_default());
        } else {
            safe.push(c);
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_cell_stays_on_its_line_and_commands_no_terminal() {
        assert_eq!(cell(&json!("a\nb\x1b[2Jc\r")), "a\\nb\\u{1b}[2Jc\\r");
        assert_eq!(cell(&json!("Zürich → 東京")), "Zürich → 東京");
        assert_eq!(harmless("a\n\tb\x07"), "a\n\tb\\u{7}");
    }

    #[test]
    fn times_are_shown_to_the_second() {
        assert_eq!(
            time(&json!("2026-11-21T11:22:33.4Z")),
            "2026-11-21 11:22:33Z"
        );
        assert_eq!(time(&json!("2026-11-21T11:22:33Z")), "2026-11-21 11:22:33Z");
        assert_eq!(time(&Value::Null), "-");
        assert_eq!(time(&json!("some day")), "some day");
    }
}
