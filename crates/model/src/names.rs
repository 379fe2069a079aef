//! Names that users choose: validated once, at the edge, and carried as types from there on.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A name that was refused, with the rule that it breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} '{given}' is not allowed: {rule}")]
pub struct InvalidName {
    /// What kind of name it is.
    pub what: &'static str,
    /// What was given, cut to 64 characters.
    pub given: String,
    /// The rule in words.
    pub rule: &'static str,
}

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident, $what:literal, $rule:literal, $parse:expr;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidName;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let parse: fn(&str) -> Option<String> = $parse;
                parse(text).map(Self).ok_or_else(|| InvalidName {
                    what: $what,
                    given: text.chars().take(64).collect(),
                    rule: $rule,
                })
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidName;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+};
}

names! {
    /// The name of an application in host names, paths and repositories.
    ///
    /// `control` is refused because divio-cli rewrites it in request URLs.
    ApplicationSlug, "application name",
        "2 to 40 of a-z, 0-9 and single hyphens, beginning with a letter, ending with a letter or digit, and without 'control'",
        |text| (dns_label(text, 2, 40) && !text.contains("control")).then(|| text.to_owned());
    /// The name of an environment of an application. Without hyphens: an address is
    /// `<application>-<environment>.<domain>`, and no two environments may share one.
    EnvironmentSlug, "environment name",
        "2 to 20 of a-z and 0-9, beginning with a letter, not 'local' and without 'control'",
        |text| (dns_label(text, 2, 20) && !text.contains('-') && text != "local" && !text.contains("control")).then(|| text.to_owned());
    /// The name of a region.
    RegionSlug, "region name",
        "2 to 32 of a-z, 0-9 and single hyphens, beginning with a letter, ending with a letter or digit",
        |text| dns_label(text, 2, 32).then(|| text.to_owned());
    /// The name of a template of applications.
    ///
    /// `control` is refused because divio-cli rewrites it in request URLs.
    TemplateName, "template name",
        "2 to 40 of a-z, 0-9 and single hyphens, beginning with a letter, ending with a letter or digit, and without 'control'",
        |text| (dns_label(text, 2, 40) && !text.contains("control")).then(|| text.to_owned());
    /// The name of a registered broker of services.
    BrokerName, "broker name",
        "2 to 32 of a-z, 0-9 and single hyphens, beginning with a letter, ending with a letter or digit",
        |text| dns_label(text, 2, 32).then(|| text.to_owned());
    /// The name of a process of a release: `web`, `worker`, ...
    ProcessName, "process name",
        "1 to 20 of a-z, 0-9 and single hyphens, beginning with a letter, ending with a letter or digit",
        |text| dns_label(text, 1, 20).then(|| text.to_owned());
    /// The prefix of a service instance's variables; upper-cased on input.
    Prefix, "prefix",
        "1 to 32 of A-Z, 0-9 and underscore, beginning with a letter",
        |text| {
            let upper = text.to_ascii_uppercase();
            (upper.len() <= 32 && upper_identifier(&upper)).then_some(upper)
        };
    /// The name of an environment variable. Windlass keeps lower case, as POSIX programs may use it.
    VariableName, "variable name",
        "1 to 128 of letters, digits and underscore, not beginning with a digit",
        |text| {
            let mut chars = text.chars();
            let first = chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
            (first && text.len() <= 128 && chars.all(|c| c.is_ascii_alphanumeric() || c == '_'))
                .then(|| text.to_owned())
        };
    /// The name of a host in the domain name system, which a user has; lower-cased on input.
    HostName, "domain",
        "labels of a-z, 0-9 and hyphens with dots between, at least two, 253 characters in all, such as media.example.com: no address, port or path",
        |text| {
            let lower = text.to_ascii_lowercase();
            host_name(&lower).then_some(lower)
        };
    /// The name of a git branch (the rules of git-check-ref-format that matter here).
    BranchName, "branch name",
        "1 to 200 of letters, digits and ./_- without '..', '//', a leading '-', '/' or '.', or a trailing '/', '.' or '.lock'",
        |text| {
            let good = !text.is_empty()
                && text.len() <= 200
                && text.chars().all(|c| c.is_ascii_alphanumeric() || "./_-".contains(c))
                && !text.contains("..")
                && !text.contains("//")
                && !text.contains("/.")
                && !text.starts_with(['-', '/', '.'])
                && !text.ends_with(['/', '.'])
                && !text.split('/').any(|part| part.strip_suffix(".lock").is_some());
            good.then(|| text.to_owned())
        };
}

/// Lower-case letters, digits and single hyphens, a letter first, no hyphen last.
fn dns_label(text: &str, min: usize, max: usize) -> bool {
    (min..=max).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && !text.ends_with('-')
        && !text.contains("--")
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

/// RFC 1123, 2.1: labels of up to 63, the last one not of digits only, which would be an address.
fn host_name(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
    };
    let last = text.rsplit('.').next().unwrap_or_default();
    text.len() <= 253
        && text.contains('.')
        && text.split('.').all(is_label)
        && !last.bytes().all(|byte| byte.is_ascii_digit())
}

fn upper_identifier(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_uppercase())
        && text
            .chars()
            .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

impl HostName {
    /// Whether it is that domain or below it.
    pub fn is_within(&self, domain: &str) -> bool {
        let rest = self.0.strip_suffix(domain);
        rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    }
}

impl Prefix {
    /// The prefix of an instance that is the only one of its type.
    pub fn default_prefix() -> Self {
        Self("DEFAULT".to_owned())
    }

    /// Whether this is `DEFAULT`, whose variables have aliases such as `DATABASE_URL`.
    pub fn is_default(&self) -> bool {
        self.0 == "DEFAULT"
    }
}
