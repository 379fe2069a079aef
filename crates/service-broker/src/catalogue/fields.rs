//! The fields of one object of a catalogue, looked at one after the other; what is wrong is collected.

use serde_json::{Map, Value};

use super::problem::Problem;

/// One object and where it is.
pub(super) struct Fields<'a> {
    pub(super) at: String,
    object: &'a Map<String, Value>,
}

impl<'a> Fields<'a> {
    /// The object at that place, or a problem.
    pub(super) fn of(at: String, value: &'a Value, problems: &mut Vec<Problem>) -> Option<Self> {
        if let Value::Object(object) = value {
            return Some(Self { at, object });
        }
        problems.push(Problem::new(at, "must be an object"));
        None
    }

    /// The place of a field.
    pub(super) fn place(&self, name: &str) -> String {
        format!("{}.{name}", self.at)
    }

    /// A field that is there; `null` is not.
    pub(super) fn find(&self, name: &str) -> Option<&'a Value> {
        self.object.get(name).filter(|value| !value.is_null())
    }

    /// A text that must be there, not blank, of that many characters at most and on one line if short.
    pub(super) fn text(
        &self,
        name: &str,
        most: usize,
        problems: &mut Vec<Problem>,
    ) -> Option<&'a str> {
        let problem = match self.find(name) {
            None => "is missing".to_owned(),
            Some(Value::String(text)) if text.trim().is_empty() => "must not be empty".to_owned(),
            Some(Value::String(text)) if text.chars().count() > most => {
                format!("has more than {most} characters")
            }
            Some(Value::String(text)) if most <= NAME && text.chars().any(char::is_control) => {
                "has a control character".to_owned()
            }
            Some(Value::String(text)) => return Some(text),
            Some(_) => "must be a string".to_owned(),
        };
        problems.push(Problem::new(self.place(name), problem));
        None
    }

    /// A boolean that must be there.
    pub(super) fn boolean(&self, name: &str, problems: &mut Vec<Problem>) {
        if self.find(name).is_none() {
            problems.push(Problem::new(self.place(name), "is missing"));
        }
        self.boolean_if_any(name, problems);
    }

    /// A boolean that may be there.
    pub(super) fn boolean_if_any(&self, name: &str, problems: &mut Vec<Problem>) {
        if self.find(name).is_some_and(|value| !value.is_boolean()) {
            problems.push(Problem::new(
                self.place(name),
                "must be a boolean, true or false",
            ));
        }
    }

    /// An object that may be there.
    pub(super) fn object_if_any(
        &self,
        name: &str,
        problems: &mut Vec<Problem>,
    ) -> Option<Fields<'a>> {
        Fields::of(self.place(name), self.find(name)?, problems)
    }

    /// The members of an array that may be there, with their places.
    pub(super) fn array_if_any(
        &self,
        name: &str,
        problems: &mut Vec<Problem>,
    ) -> Vec<(String, &'a Value)> {
        match self.find(name) {
            None => Vec::new(),
            Some(Value::Array(members)) => members
                .iter()
                .enumerate()
                .map(|(number, member)| (format!("{}[{number}]", self.place(name)), member))
                .collect(),
            Some(_) => {
                problems.push(Problem::new(self.place(name), "must be an array"));
                Vec::new()
            }
        }
    }
}

/// Characters of an id or a name.
pub(super) const NAME: usize = 255;
/// Characters of a description: more than the specification advises, for there are brokers with whole pages.
pub(super) const DESCRIPTION: usize = 10_000;
