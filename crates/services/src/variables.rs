//! What the variables of all types have in common.

use secrecy::SecretString;
use windlass_model::names::{Prefix, VariableName};

use crate::spec::{Endpoint, Variable, VariableRequest};

/// The variables of a binding, in the order in which they are added.
#[derive(Debug)]
pub struct Variables<'a> {
    prefix: &'a Prefix,
    made: Vec<Variable>,
}

impl<'a> Variables<'a> {
    /// None yet, for this prefix.
    pub fn of(prefix: &'a Prefix) -> Self {
        let made = Vec::new();
        Self { prefix, made }
    }

    /// `<PREFIX>_<suffix>`, which anybody may see.
    #[must_use]
    pub fn plain(self, suffix: &str, value: impl Into<String>) -> Self {
        let name = format!("{}_{suffix}", self.prefix);
        self.plain_named(&name, value)
    }

    /// `<PREFIX>_<suffix>`, which is or holds a secret.
    #[must_use]
    pub fn secret(self, suffix: &str, value: &SecretString) -> Self {
        let name = format!("{}_{suffix}", self.prefix);
        self.secret_named(&name, value)
    }

    /// The conventional name of a secret value under the prefix `DEFAULT`; nothing under others.
    #[must_use]
    pub fn alias(self, name: &str, value: &SecretString) -> Self {
        self.push_alias(name, value.clone(), true)
    }

    /// The same for a value that anybody may see.
    #[must_use]
    pub fn plain_alias(self, name: &str, value: impl Into<String>) -> Self {
        self.push_alias(name, SecretString::from(value.into()), false)
    }

    /// A whole name, as a profile has them, of a value that anybody may see; in the place of an alias of that name.
    #[must_use]
    pub fn plain_named(self, name: &str, value: impl Into<String>) -> Self {
        self.push(name, SecretString::from(value.into()), false, false)
    }

    /// The same for a value that is or holds a secret.
    #[must_use]
    pub fn secret_named(self, name: &str, value: &SecretString) -> Self {
        self.push(name, value.clone(), true, false)
    }

    /// The name of a profile for one of several: `usual` under `DEFAULT`, `<PREFIX>_<suffix>` under others.
    #[must_use]
    pub fn secret_of_several(self, usual: &str, suffix: &str, value: &SecretString) -> Self {
        if self.prefix.is_default() {
            self.secret_named(usual, value)
        } else {
            self.secret(suffix, value)
        }
    }

    /// All of them.
    pub fn made(self) -> Vec<Variable> {
        self.made
    }

    fn push_alias(self, name: &str, value: SecretString, is_sensitive: bool) -> Self {
        if self.prefix.is_default() {
            self.push(name, value, is_sensitive, true)
        } else {
            self
        }
    }

    fn push(mut self, name: &str, value: SecretString, is_sensitive: bool, is_alias: bool) -> Self {
        let name: VariableName = name
            .parse()
            .expect("a prefix and a suffix are letters, digits and underscores");
        self.made.retain(|made| !made.is_alias || made.name != name);
        self.made.push(Variable {
            name,
            value,
            is_sensitive,
            is_alias,
        });
        self
    }
}

/// The scheme of a URL: the one that the request asks for if the type has it, else the type's first.
///
/// # Panics
/// Without any scheme.
pub fn scheme(request: &VariableRequest, known: &'static [&'static str]) -> &'static str {
    let wanted = request.url_scheme.as_deref();
    let found = known.iter().find(|scheme| Some(**scheme) == wanted);
    found.unwrap_or(&known[0])
}

/// `host:port` as it stands in a URL: IPv6 in brackets (RFC 3986, 3.2.2).
pub fn authority(endpoint: &Endpoint) -> String {
    let (host, port) = (&endpoint.host, endpoint.port);
    if host.contains(':') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}
