//! OpenSearch and what it was made from.

use serde_json::{Map, Value, json};
use windlass_model::id::{BindingId, InstanceId};

/// Which server it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flavour {
    /// The fork of version 7.10.
    Opensearch,
    /// Elasticsearch itself. From its documentation; never run.
    Elasticsearch,
}

/// The key of a user's instance among its attributes.
const INSTANCE: &str = "windlass_instance";
/// The key of a user's binding.
const BINDING: &str = "windlass_binding";
/// The key of a role's mark, where roles have such.
const MARK: &str = "windlass";

impl Flavour {
    /// The type's name.
    pub(super) fn kind(self) -> &'static str {
        match self {
            Self::Opensearch => "opensearch",
            Self::Elasticsearch => "elasticsearch",
        }
    }

    /// The name for people.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Opensearch => "OpenSearch",
            Self::Elasticsearch => "Elasticsearch",
        }
    }

    /// What is supported, for people.
    pub(super) fn supported(self) -> &'static str {
        match self {
            Self::Opensearch => "versions 2.12 to 2.x are supported",
            Self::Elasticsearch => "versions 8.x are supported",
        }
    }

    /// Whether a version is: what a server says, or an image's tag, of which a lone major version is the newest.
    pub(super) fn supports(self, version: &str) -> bool {
        let Some(parts) = version.split('.').map(number).collect::<Option<Vec<_>>>() else {
            return false;
        };
        match (self, &parts[..]) {
            (Self::Opensearch, [2]) | (Self::Elasticsearch, [8, ..]) => true,
            (Self::Opensearch, [2, minor, ..]) => *minor >= 12,
            _ => false,
        }
    }

    /// Where roles are.
    pub(super) fn roles(self) -> &'static str {
        match self {
            Self::Opensearch => "_plugins/_security/api/roles",
            Self::Elasticsearch => "_security/role",
        }
    }

    /// Where users are.
    pub(super) fn users(self) -> &'static str {
        match self {
            Self::Opensearch => "_plugins/_security/api/internalusers",
            Self::Elasticsearch => "_security/user",
        }
    }

    /// The administrator of every new server whose password everybody knows.
    pub(super) fn known(self) -> (&'static str, &'static str) {
        match self {
            Self::Opensearch => ("admin", "admin"),
            Self::Elasticsearch => ("elastic", "changeme"),
        }
    }

    /// How somebody becomes an administrator who can do all that is needed.
    pub(super) fn remedy(self) -> &'static str {
        match self {
            Self::Opensearch => {
                "map it to the role 'all_access', and let that role use the security plugin's API \
                 (plugins.security.restapi.roles_enabled)"
            }
            Self::Elasticsearch => "give it the role 'superuser'",
        }
    }

    /// Rounds of hashing a password, as a power of two. Ours are random and need none of them.
    pub(super) fn hashing_cost(self) -> u32 {
        match self {
            // It forgets who has logged in whenever any role or user changes, and hashes again at the next request
            // of each.
            Self::Opensearch => 6,
            // Its own; it may take no other.
            Self::Elasticsearch => 10,
        }
    }

    /// A user with one role, who bears the mark of a binding.
    pub(super) fn user(
        self,
        hash: &str,
        role: &str,
        instance: InstanceId,
        binding: BindingId,
    ) -> Value {
        let mark = json!({ INSTANCE: instance.to_string(), BINDING: binding.to_string() });
        match self {
            Self::Opensearch => json!({
                "hash": hash,
                "opendistro_security_roles": [role],
                "backend_roles": [],
                "attributes": mark,
            }),
            Self::Elasticsearch => json!({
                "password_hash": hash,
                "roles": [role],
                "enabled": true,
                "metadata": mark,
            }),
        }
    }

    /// The instance that a user's mark names, and the binding.
    pub(super) fn mark_of_user(self, user: &Value) -> Option<(InstanceId, BindingId)> {
        let marks = user.get(match self {
            Self::Opensearch => "attributes",
            Self::Elasticsearch => "metadata",
        })?;
        let text = |key| marks.get(key).and_then(Value::as_str);
        Some((text(INSTANCE)?.parse().ok()?, text(BINDING)?.parse().ok()?))
    }

    /// Puts a mark on a role.
    pub(super) fn mark_role(self, role: &mut Map<String, Value>, mark: String) {
        match self {
            Self::Opensearch => role.insert("description".to_owned(), mark.into()),
            Self::Elasticsearch => role.insert("metadata".to_owned(), json!({ MARK: mark })),
        };
    }

    /// The text of a role's mark.
    pub(super) fn mark_of_role(self, role: &Value) -> Option<&str> {
        match self {
            Self::Opensearch => role.get("description"),
            Self::Elasticsearch => role.get("metadata").and_then(|marks| marks.get(MARK)),
        }?
        .as_str()
    }
}

fn number(part: &str) -> Option<u32> {
    // `parse` alone would take a sign.
    let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| part.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use windlass_model::id::{BindingId, InstanceId};

    use super::Flavour::{Elasticsearch, Opensearch};

    const ID: &str = "0192f0c1-2b3c-7d4e-8f50-617283940a0b";

    #[test]
    fn versions_are_known() {
        for (version, opensearch, elasticsearch) in [
            ("2", true, false),
            ("2.12.0", true, false),
            ("2.19.4", true, false),
            ("2.11.1", false, false),
            ("1.3.20", false, false),
            ("3.0.0", false, false),
            ("8.19.4", false, true),
            ("8", false, true),
            ("7.17.0", false, false),
            ("9.0.0", false, false),
            ("", false, false),
            ("latest", false, false),
            ("2.", false, false),
            ("+2.19", false, false),
            ("2.19.4 --privileged", false, false),
            ("8/../x", false, false),
        ] {
            assert_eq!(Opensearch.supports(version), opensearch, "{version}");
            assert_eq!(Elasticsearch.supports(version), elasticsearch, "{version}");
        }
    }

    #[test]
    fn marks_are_found_again() {
        let (instance, binding): (InstanceId, BindingId) =
            (ID.parse().expect("an id"), ID.parse().expect("an id"));
        for flavour in [Opensearch, Elasticsearch] {
            let user = flavour.user("hash", "svc-a", instance, binding);
            assert_eq!(flavour.mark_of_user(&user), Some((instance, binding)));
            assert_eq!(flavour.mark_of_user(&json!({})), None);
            let mut role = serde_json::Map::new();
            flavour.mark_role(&mut role, "mark".to_owned());
            assert_eq!(flavour.mark_of_role(&Value::Object(role)), Some("mark"));
            assert_eq!(flavour.mark_of_role(&json!({})), None);
        }
    }
}
