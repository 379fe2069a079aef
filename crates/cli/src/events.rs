//! Server-sent events, as far as the server sends them (WHATWG HTML section 9.2).

use std::io::{self, BufRead};

use serde_json::Value;

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    /// Its kind.
    pub(crate) kind: String,
    /// Its place in the stream, from which another stream goes on.
    pub(crate) id: Option<String>,
    /// Its data.
    pub(crate) data: Value,
}

/// The events of a stream, until it ends.
pub(crate) struct Events<S> {
    lines: io::Lines<S>,
}

impl<S: BufRead> Events<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self {
            lines: stream.lines(),
        }
    }
}

impl<S: BufRead> Iterator for Events<S> {
    type Item = io::Result<Event>;

    fn next(&mut self) -> Option<Self::Item> {
        let (mut kind, mut id, mut data) = (String::new(), None, String::new());
        loop {
            let line = match self.lines.next()? {
                Ok(line) => line,
                Err(error) => return Some(Err(error)),
            };
            if line.is_empty() {
                if data.is_empty() && kind.is_empty() {
                    continue;
                }
                let data = serde_json::from_str(&data).unwrap_or(Value::Null);
                return Some(Ok(Event { kind, id, data }));
            }
            let (field, value) = line.split_once(':').unwrap_or((line.as_str(), ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "event" => value.clone_into(&mut kind),
                "id" => id = Some(value.to_owned()),
                "data" => {
                    if !data.is_empty() {
                        data.push('\n');
                    }
                    data.push_str(value);
                }
                // Comments have no name: they keep the connection open.
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn events_are_separated_by_blank_lines_and_comments_are_passed_over() {
        let text = ": hello\n\nid: 3\nevent: log\ndata: {\"text\":\"a\"}\n\nevent: end\ndata: {}\n\n:alive\n\n";
        let seen: Vec<Event> = Events::new(text.as_bytes()).map(Result::unwrap).collect();
        assert_eq!(
            seen,
            [
                Event {
                    kind: "log".to_owned(),
                    id: Some("3".to_owned()),
                    data: json!({"text": "a"})
                },
                Event {
                    kind: "end".to_owned(),
                    id: None,
                    data: json!({})
                },
            ]
        );
    }

    #[test]
    fn half_an_event_is_none() {
        assert!(
            Events::new("event: log\ndata: {".as_bytes())
                .next()
                .is_none()
        );
    }
}
