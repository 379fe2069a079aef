//! Server-sent events, as far as the server sends them (WHATWG HTML section 9.2).

use std::io::BufRead;

use serde_json::Value;

use crate::error::Error;

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    /// Its kind.
    pub(crate) kind: String,
    /// Its data.
    pub(crate) data: Value,
}

/// Reads events until the stream or the caller ends; `each` says whether to go on.
pub(crate) fn read(
    stream: impl BufRead,
    mut each: impl FnMut(Event) -> Result<bool, Error>,
) -> Result<(), Error> {
    let (mut kind, mut data) = (String::new(), String::new());
    for line in stream.lines() {
        let line = line.map_err(|error| {
            Error::Unexpected(format!("the connection to the server was lost: {error}"))
        })?;
        if line.is_empty() {
            if !data.is_empty() || !kind.is_empty() {
                let value = serde_json::from_str(&data).unwrap_or(Value::Null);
                if !each(Event {
                    kind: std::mem::take(&mut kind),
                    data: value,
                })? {
                    return Ok(());
                }
            }
            data.clear();
        } else if let Some(rest) = line.strip_prefix("event:") {
            rest.trim_start().clone_into(&mut kind);
        } else if let Some(rest) = line.strip_prefix("data:") {
            if !data.is_empty() {
                data.push('\n');
            }
            data.push_str(rest.strip_prefix(' ').unwrap_or(rest));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn events_are_separated_by_blank_lines_and_comments_are_passed_over() {
        let text = ": hello\n\nevent: log\ndata: {\"text\":\"a\"}\n\nid: 3\nevent: end\ndata: {}\n\nevent: late\ndata: 1\n\n";
        let mut seen = Vec::new();
        read(text.as_bytes(), |event| {
            let more = event.kind != "end";
            seen.push(event);
            Ok(more)
        })
        .unwrap();
        assert_eq!(
            seen,
            [
                Event {
                    kind: "log".to_owned(),
                    data: json!({"text": "a"})
                },
                Event {
                    kind: "end".to_owned(),
                    data: json!({})
                },
            ]
        );
    }
}
