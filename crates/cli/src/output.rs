//! Standard output for data, standard error for talk.

use std::io::{self, IsTerminal, Write};

use serde_json::Value;

use crate::error::Error;

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

/// Data: a table with a head; columns as wide as their widest cell.
pub(crate) fn table(head: &[&str], rows: &[Vec<String>]) -> Result<(), Error> {
    let width = |column: usize| {
        let cells = rows
            .iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count());
        cells
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
    line(&render(
        &head
            .iter()
            .map(|cell| (*cell).to_owned())
            .collect::<Vec<_>>(),
    ))?;
    rows.iter().try_for_each(|row| line(&render(row)))
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
    say(&format!("{} {error}", paint("error:", "31;1")));
    if let Error::User {
        hint: Some(hint), ..
    } = error
    {
        say(&format!("{} {hint}", paint("hint:", "36;1")));
    }
}

/// Text in a colour, where a person reads it and has not asked for none (no-color.org).
#[expect(
    clippy::disallowed_methods,
    reason = "NO_COLOR is a convention of the environment, not a setting of ours"
)]
pub(crate) fn paint(text: &str, style: &str) -> String {
    let coloured = io::stderr().is_terminal()
        && std::env::var("NO_COLOR").map_or(true, |value| value.is_empty());
    if coloured {
        format!("\x1b[{style}m{text}\x1b[0m")
    } else {
        text.to_owned()
    }
}

/// A field of an object as text for a table.
pub(crate) fn cell(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        other => other.to_string(),
    }
}
