//! What a type's file must say besides being of the right shape.

use std::collections::BTreeSet;

use crate::file::ServiceType;

/// The kinds that the API knows.
const KINDS: [&str; 6] = [
    "DATABASE", "STORAGE", "CACHE", "SEARCH", "QUEUE", "EXTERNAL",
];
/// What no server starts with less of.
const LEAST_MEMORY_MIB: u32 = 4;

/// Why a file cannot be used, with what to do.
pub(crate) fn file(service: &ServiceType) -> Result<(), String> {
    word("driver", &service.driver)?;
    if !KINDS.contains(&service.kind.as_str()) {
        return Err(format!(
            "kind '{}' is none of {}",
            service.kind,
            KINDS.join(", ")
        ));
    }
    if service.versions.is_empty() || service.plans.is_empty() {
        return Err("it needs at least one [[version]] and one [[plan]]".to_owned());
    }
    if service.connections == 0 {
        return Err("connections must be at least 1".to_owned());
    }
    for version in &service.versions {
        word("version number", &version.number)?;
    }
    once(
        "version",
        service.versions.iter().map(|version| &version.number),
    )?;
    for plan in &service.plans {
        word("plan name", &plan.name)?;
        if plan.memory_mib < LEAST_MEMORY_MIB || plan.cpu_millis == 0 {
            return Err(format!(
                "plan '{}' needs at least {LEAST_MEMORY_MIB} MiB of memory and some processor time",
                plan.name
            ));
        }
    }
    once("plan", service.plans.iter().map(|plan| &plan.name))
}

/// Parts of identifiers, which people type and which stand in URLs.
fn word(what: &str, text: &str) -> Result<(), String> {
    let is_word = text
        .starts_with(|first: char| first.is_ascii_lowercase() || first.is_ascii_digit())
        && text.chars().all(|character| {
            character.is_ascii_lowercase() || character.is_ascii_digit() || "-.".contains(character)
        });
    if is_word && text.len() <= 32 {
        return Ok(());
    }
    Err(format!(
        "{what} '{}' must be 1 to 32 lower-case letters, digits, hyphens and dots, a letter or digit first",
        text.escape_default()
    ))
}

fn once<'a>(what: &str, names: impl Iterator<Item = &'a String>) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(format!("{what} '{name}' is there twice"));
        }
    }
    Ok(())
}
