//! The variables that a `FROM` can use: the `ARG` before the first one.

use std::collections::HashMap;

use windlass_engine::ownership::may_become_private;

/// Docker gives these to builds without an `ARG`, if the server has them.
const PROXIES: [&str; 10] = [
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "FTP_PROXY",
    "ftp_proxy",
    "NO_PROXY",
    "no_proxy",
    "ALL_PROXY",
    "all_proxy",
];

/// Longer than any name. A value can hold others twice, and those others twice, and so on.
const LONGEST: usize = 4096;

/// The variables so far.
pub(super) struct Variables<'a> {
    /// Those that the server gives to the build; their values are none of the Dockerfile's.
    given: &'a [String],
    values: HashMap<String, Value>,
    /// Whether there was an `ARG` of which not even the names can be read for sure.
    is_unsure: bool,
}

/// What an `ARG` gives.
#[derive(Clone)]
enum Value {
    Known(String),
    /// It has none.
    Absent,
    /// Versions of Docker differ in it, or may.
    Unsure,
}

/// A word with its variables filled in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Expanded {
    /// With nothing in the place of variables that have no value, as Docker does it.
    pub(super) text: String,
    /// The text before the first variable without a value, if there is one.
    certain: Option<String>,
}

impl Expanded {
    /// Whether the word would be a private name if the variables without a value had some value after all.
    /// Docker's builder does not set those that BuildKit predefines (`TARGETARCH`, ...); nothing says that it
    /// never will.
    pub(super) fn may_be_private(&self) -> bool {
        self.certain.as_deref().is_some_and(may_become_private)
    }
}

impl<'a> Variables<'a> {
    pub(super) fn new(given: &'a [String]) -> Self {
        Self {
            given,
            values: HashMap::new(),
            is_unsure: false,
        }
    }

    /// Takes an `ARG` that stands before the first `FROM`.
    pub(super) fn declare(&mut self, rest: &str) {
        let Some(words) = argument_words(rest) else {
            self.is_unsure = true;
            return;
        };
        // Whether one of them sees the one before it differs between versions.
        let is_alone = words.len() == 1;
        let mut declared = Vec::new();
        for word in &words {
            let (name, value) = match word.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (word.as_str(), None),
            };
            if !is_name(name) {
                self.is_unsure = true;
                return;
            }
            let value = match value {
                Some(value) if is_alone || !value.contains('$') => match self.expand(value) {
                    Ok(expanded) if expanded.certain.is_none() => Value::Known(expanded.text),
                    _ => Value::Unsure,
                },
                Some(_) => Value::Unsure,
                // Whether a second ARG without a value takes the first one's away is nothing to rely on.
                None if self.values.contains_key(name) => Value::Unsure,
                None => Value::Absent,
            };
            declared.push((name, value));
        }
        for (name, value) in declared {
            self.values.insert(name.to_owned(), value);
        }
    }

    /// Fills in `$NAME`, `${NAME}`, `${NAME:-other}` and `${NAME:+other}` and takes quotes away; the error says
    /// what cannot be filled in for sure.
    pub(super) fn expand(&self, word: &str) -> Result<Expanded, String> {
        let mut expanded = Expanded {
            text: String::new(),
            certain: None,
        };
        let mut quote = None;
        let mut rest = word;
        while let Some(c) = rest.chars().next() {
            let behind = &rest[c.len_utf8()..];
            rest = behind;
            match c {
                '\\' | '`' => return Err(format!("'{c}' may be an escape character")),
                '\'' | '"' if quote.is_none() => quote = Some(c),
                _ if quote == Some(c) => quote = None,
                '$' if quote != Some('\'') => {
                    let (value, after) = self.substitute(behind)?;
                    if let Some(value) = value {
                        expanded.text.push_str(&value);
                    } else {
                        let before = expanded.text.clone();
                        expanded.certain.get_or_insert(before);
                    }
                    rest = after;
                }
                c => expanded.text.push(c),
            }
            if expanded.text.len() > LONGEST {
                return Err(format!("it gives more than {LONGEST} bytes"));
            }
        }
        if quote.is_some() {
            return Err("a quote in it is not closed".to_owned());
        }
        Ok(expanded)
    }

    /// The value of the variable that the text behind a `$` begins with, and the text behind it.
    fn substitute<'t>(&self, text: &'t str) -> Result<(Option<String>, &'t str), String> {
        let (inside, has_braces) = match text.strip_prefix('{') {
            Some(inside) => (inside, true),
            None => (text, false),
        };
        let length = inside
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(inside.len());
        let (name, after) = inside.split_at(length);
        if !is_name(name) {
            return Err("a '$' in it is not followed by the name of a variable".to_owned());
        }
        let value = self.value(name)?;
        if !has_braces {
            return Ok((value, after));
        }
        let unclosed = || format!("'${{{name}' in it is not closed");
        let (modifier, after) = after.split_once('}').ok_or_else(unclosed)?;
        if modifier.is_empty() {
            return Ok((value, after));
        }
        let (kind, other) = modifier.split_at_checked(2).unwrap_or_default();
        let is_empty = value.as_deref().unwrap_or_default().is_empty();
        let chosen = match kind {
            _ if other.contains(['$', '{', '"', '\'', '\\', '`']) => None,
            ":-" => Some(if is_empty {
                Some(other.to_owned())
            } else {
                value
            }),
            ":+" => Some(Some(if is_empty {
                String::new()
            } else {
                other.to_owned()
            })),
            _ => None,
        };
        match chosen {
            Some(value) => Ok((value, after)),
            None => Err(format!(
                "of '${{{name}{modifier}}}' only the plain forms ${{{name}}}, ${{{name}:-other}} and ${{{name}:+other}} can be filled in"
            )),
        }
    }

    fn value(&self, name: &str) -> Result<Option<String>, String> {
        if PROXIES.contains(&name) || self.given.iter().any(|given| given == name) {
            return Err(format!("the value of '{name}' is the server's"));
        }
        match self.values.get(name) {
            _ if self.is_unsure => {}
            Some(Value::Known(value)) => return Ok(Some(value.clone())),
            Some(Value::Absent) | None => return Ok(None),
            Some(Value::Unsure) => {}
        }
        Err(format!(
            "the value of '{name}' is not known for sure: give it as ARG NAME=VALUE, in a line of its own"
        ))
    }
}

/// The words of an `ARG`, quotes and all; `None` when Docker's versions may split it differently.
fn argument_words(rest: &str) -> Option<Vec<String>> {
    if !rest.is_ascii() || rest.contains(['\\', '`']) {
        return None;
    }
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in rest.chars() {
        if quote.is_none() && c.is_whitespace() {
            words.extend(word.take());
            continue;
        }
        match quote {
            None if matches!(c, '"' | '\'') => quote = Some(c),
            Some(open) if open == c => quote = None,
            _ => {}
        }
        word.get_or_insert_default().push(c);
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
