//! From credentials to variables.

use std::collections::BTreeSet;

use secrecy::SecretString;
use serde_json::Value;
use windlass_model::names::{Prefix, VariableName};
use windlass_services::Variable;

use super::bounds::{MOST_OF_ALL, MOST_OF_VALUE, MOST_VARIABLES};
use super::key::{is_harmless, upper_snake};
use super::kind::{Kind, is_jdbc};
use crate::spec::Opaque;
use crate::words::quoted;

/// Keys, as [`upper_snake`] makes them, of which the first that is there holds the URL. Java's is the last,
/// because only Java reads it.
const URLS: [&str; 5] = ["URI", "URL", "CONNECTION_STRING", "JDBC_URL", "JDBCURL"];

/// The variables of a binding, and what did not become one.
#[derive(Debug, Clone, Default)]
pub struct Rendered {
    /// The variables.
    pub variables: Vec<Variable>,
    /// What was left out: the binding has more than an environment can take.
    pub skipped: Vec<Skipped>,
}

/// A key of the credentials that is no variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// The key, cleaned and cut, in quotes.
    pub key: String,
    /// Why.
    pub why: &'static str,
}

/// The variables of those credentials, the URL first, then by key.
pub fn render(prefix: &Prefix, tags: &[String], credentials: &Opaque) -> Rendered {
    let mut entries: Vec<Entry<'_>> = Vec::new();
    let mut making = Making::default();
    for (key, value) in credentials.expose() {
        match (upper_snake(key), text(value)) {
            (_, None) => {}
            (None, _) => making.skip(
                key,
                "its name has nothing that a variable's may have, or is too long",
            ),
            (Some(name), Some(value)) => entries.push(Entry { key, name, value }),
        }
    }
    let url = URLS.iter().find_map(|name| {
        let mut named = entries.iter().filter(|entry| entry.name == *name);
        let entry = named.find(|entry| credentials.expose()[entry.key].is_string())?;
        (!entry.value.trim().is_empty()).then(|| entry.value.clone())
    });
    let kind = Kind::of(tags, url.as_deref());
    let begin = match kind {
        Some(kind) => format!("{prefix}_{}", kind.word()),
        None => prefix.to_string(),
    };
    if let Some(url) = &url {
        let main = kind.map_or("URL", Kind::main);
        making.add(&format!("{begin}_{main}"), "the URL", url, true);
        let alias = kind.and_then(Kind::alias);
        if let Some(alias) = alias.filter(|_| prefix.is_default() && is_url(url)) {
            making.add(alias, "the URL", url, true);
        }
    }
    for entry in &entries {
        let is_sensitive = !is_harmless(&entry.name, &entry.value);
        let name = format!("{begin}_{}", entry.name);
        // The URL's own key may have the name that the URL has already.
        if making.names.contains(&name) && Some(&entry.value) == url.as_ref() {
            continue;
        }
        making.add(&name, entry.key, &entry.value, is_sensitive);
    }
    making.rendered
}

struct Entry<'a> {
    key: &'a String,
    name: String,
    value: String,
}

/// A value as text: nested ones as JSON, and nothing for `null`.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            Some(value.to_string())
        }
    }
}

fn is_url(text: &str) -> bool {
    text.contains("://") && !is_jdbc(text)
}

#[derive(Default)]
struct Making {
    rendered: Rendered,
    names: BTreeSet<String>,
    bytes: usize,
}

impl Making {
    fn add(&mut self, name: &str, key: &str, value: &str, is_sensitive: bool) {
        let why = if self.names.contains(name) {
            "another key gives the same name"
        } else if value.contains('\0') {
            "its value has a zero byte, which no variable can hold"
        } else if value.len() > MOST_OF_VALUE {
            "its value is too large"
        } else if self.bytes + value.len() > MOST_OF_ALL {
            "all values together are too large"
        } else if self.rendered.variables.len() >= MOST_VARIABLES {
            "there are too many"
        } else if let Ok(parsed) = name.parse::<VariableName>() {
            self.names.insert(name.to_owned());
            self.bytes += value.len();
            self.rendered.variables.push(Variable {
                name: parsed,
                value: SecretString::from(value.to_owned()),
                is_sensitive,
                is_alias: false,
            });
            return;
        } else {
            "its name is too long"
        };
        self.skip(key, why);
    }

    /// Remembered for people: there is no use in thousands.
    fn skip(&mut self, key: &str, why: &'static str) {
        if self.rendered.skipped.len() < MOST_VARIABLES {
            let key = quoted(key);
            self.rendered.skipped.push(Skipped { key, why });
        }
    }
}
