//! Which value an environment variable has when several sources name it.

use serde::{Deserialize, Serialize};

use crate::names::VariableName;

/// Where a variable comes from, lowest precedence first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VariableSource {
    /// Given by Windlass to every release: `STAGE`, `PORT`, ...
    Builtin,
    /// Given by an attached service instance.
    Service,
    /// Set by the user.
    Custom,
}

/// One candidate for a variable's value; `value` is whatever the caller needs, such as a reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate<V> {
    /// The name.
    pub name: VariableName,
    /// The source.
    pub source: VariableSource,
    /// The value or a reference to it.
    pub value: V,
}

/// The effective variables: custom over service over built-in, sorted by name. Of two candidates of one
/// source and name the later wins.
pub fn merge<V>(candidates: impl IntoIterator<Item = Candidate<V>>) -> Vec<Candidate<V>> {
    let mut effective = std::collections::BTreeMap::<VariableName, Candidate<V>>::new();
    for candidate in candidates {
        match effective.get(&candidate.name) {
            Some(held) if held.source > candidate.source => {}
            _ => {
                effective.insert(candidate.name.clone(), candidate);
            }
        }
    }
    effective.into_values().collect()
}
