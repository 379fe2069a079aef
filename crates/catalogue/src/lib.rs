//! The catalogue as data: which types of service there are, in which versions and plans. One file for each
//! type, in `types/`; an operator's files add types, versions and plans, or replace a type's file.
//!
//! An [`Entry`] is one version in one plan: what a region offers and what an instance is of.

mod check;
mod entry;
mod error;
mod file;

use std::collections::BTreeMap;

use rust_embed::Embed;

pub use entry::Entry;
pub use error::Error;
pub use file::{Plan, ServiceType, Version};

/// The files of the types that Windlass knows.
#[derive(Embed)]
#[folder = "types"]
struct Files;

/// All types, by the names of their files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalogue(BTreeMap<String, ServiceType>);

impl Catalogue {
    /// The types that Windlass knows.
    ///
    /// # Errors
    /// A file that is wrong: a fault of this build, which its tests exclude.
    pub fn built_in() -> Result<Self, Error> {
        let mut catalogue = Self(BTreeMap::new());
        for name in Files::iter() {
            let file = Files::get(&name).map(|file| file.data.into_owned());
            let text = String::from_utf8(file.unwrap_or_default())
                .map_err(|_| Error::new(&name, "it is not text in UTF-8"))?;
            catalogue.put(&name, &text)?;
        }
        Ok(catalogue)
    }

    /// Adds the type of a file, or replaces the one that had a file of that name.
    ///
    /// # Errors
    /// What is wrong with the file, and where. The catalogue is as before then.
    pub fn put(&mut self, name: &str, text: &str) -> Result<(), Error> {
        let read: ServiceType =
            toml::from_str(text).map_err(|error| Error::new(name, &error.to_string()))?;
        check::file(&read).map_err(|reason| Error::new(name, &reason))?;
        let others = self.0.iter().filter(|(other, _)| *other != name);
        let taken: Vec<String> = others
            .flat_map(|(_, other)| entry::of(other))
            .map(|entry| entry.identifier)
            .collect();
        if let Some(entry) = entry::of(&read).find(|entry| taken.contains(&entry.identifier)) {
            let reason = format!("another file has '{}' already", entry.identifier);
            return Err(Error::new(name, &reason));
        }
        self.0.insert(name.to_owned(), read);
        Ok(())
    }

    /// Every version in every plan: those of a type in the order of its file.
    pub fn entries(&self) -> impl Iterator<Item = Entry> + '_ {
        self.0.values().flat_map(entry::of)
    }
}

#[cfg(test)]
mod tests;
