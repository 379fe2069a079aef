//! Which certificate a client gets: by the name that it asks for.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use tokio_rustls::rustls::ServerConfig;

use super::pair::Pair;

/// What the operator calls the pair for clients that name no host, or one that no certificate has.
pub(super) const DEFAULT: &str = "default";

/// The certificates in force by their names; immutable, replaced whole.
#[derive(Debug, Default)]
pub(super) struct Names {
    exact: HashMap<Box<str>, Arc<ServerConfig>>,
    /// By what stands behind `*.`, which is one label (RFC 9525, 6.3).
    wildcards: HashMap<Box<str>, Arc<ServerConfig>>,
    default: Option<Arc<ServerConfig>>,
}

impl Names {
    /// Of pairs in the order of their files' names: of two that have one name, the first is chosen.
    pub(super) fn of<'a>(pairs: impl Iterator<Item = (&'a str, &'a Arc<Pair>)>) -> Self {
        let mut names = Self::default();
        for (file, pair) in pairs {
            if file == DEFAULT {
                names.default = Some(Arc::clone(&pair.config));
            }
            for name in &pair.names {
                let (map, key) = match name.strip_prefix("*.") {
                    Some(rest) => (&mut names.wildcards, rest),
                    None => (&mut names.exact, name.as_str()),
                };
                map.entry(key.into())
                    .or_insert_with(|| Arc::clone(&pair.config));
            }
        }
        names
    }

    /// Whether nobody can be answered.
    pub(super) fn is_empty(&self) -> bool {
        self.exact.is_empty() && self.wildcards.is_empty() && self.default.is_none()
    }

    /// The certificate of a host, in lower case and without a dot at its end.
    pub(super) fn of_host(&self, host: &str) -> Option<&Arc<ServerConfig>> {
        self.exact.get(host).or_else(|| {
            let (label, rest) = host.split_once('.')?;
            (!label.is_empty()).then(|| self.wildcards.get(rest))?
        })
    }

    /// What a client gets that asks for this name.
    pub(super) fn choose(&self, name: Option<&str>) -> Option<&Arc<ServerConfig>> {
        let asked = name.map(|name| {
            let name = name.strip_suffix('.').unwrap_or(name);
            if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
                Cow::Owned(name.to_ascii_lowercase())
            } else {
                Cow::Borrowed(name)
            }
        });
        asked
            .and_then(|name| self.of_host(&name))
            .or(self.default.as_ref())
    }
}
