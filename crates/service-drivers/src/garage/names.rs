//! Names on the server, and the marks by which we know what is ours.

use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use windlass_model::id::{BindingId, InstanceId, short};

/// What names of buckets begin with.
const PREFIX: &str = "svc-";
/// Characters of a key's id after its first two, as the server itself makes them.
const ID_LENGTH: usize = 24;

/// The name of the instance's bucket: a label of DNS, without a dot, which would be a sub-domain of its own.
pub(super) fn bucket(instance: InstanceId) -> String {
    format!("{PREFIX}{}", short(instance))
}

/// The id of a binding's key. It is no secret, and does not betray the password that it is made from: that
/// has nearly two hundred random bits.
pub(super) fn key_id(instance: InstanceId, generation: u32, password: &SecretString) -> String {
    let mark = format!("windlass access key of {instance} generation {generation}");
    let code = code(password, &mark);
    format!("GK{}", &code[..ID_LENGTH])
}

/// A text that follows from the secret and leads nobody back to it: HMAC with SHA-256, in hex.
pub(super) fn code(secret: &SecretString, of: &str) -> String {
    let mut code = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
        .expect("HMAC takes keys of any length");
    code.update(of.as_bytes());
    hex::encode(code.finalize().into_bytes())
}

/// Whose a key is, as its name says. Tenants can neither see nor change it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// The steward of an instance, and what the instance was made with.
    Instance {
        instance: InstanceId,
        connection_limit: u32,
    },
    /// The key of a binding.
    Binding {
        instance: InstanceId,
        generation: u32,
        binding: BindingId,
    },
}

impl Mark {
    /// The name of a key; what follows the colon of a steward's is for people.
    pub(super) fn text(self, comment: &str) -> String {
        match self {
            Self::Instance {
                instance,
                connection_limit,
            } => format!("windlass instance {instance} connections {connection_limit}: {comment}"),
            Self::Binding {
                instance,
                generation,
                binding,
            } => format!("windlass binding {binding} of {instance} generation {generation}"),
        }
    }

    pub(super) fn parse(name: &str) -> Option<Self> {
        if let Some(rest) = name.strip_prefix("windlass instance ") {
            let (instance, rest) = rest.split_once(" connections ")?;
            let (limit, _) = rest.split_once(':')?;
            return Some(Self::Instance {
                instance: instance.parse().ok()?,
                connection_limit: limit.parse().ok()?,
            });
        }
        let rest = name.strip_prefix("windlass binding ")?;
        let (binding, rest) = rest.split_once(" of ")?;
        let (instance, generation) = rest.split_once(" generation ")?;
        Some(Self::Binding {
            instance: instance.parse().ok()?,
            generation: generation.parse().ok()?,
            binding: binding.parse().ok()?,
        })
    }

    /// The instance that it belongs to.
    pub(super) fn instance(self) -> InstanceId {
        match self {
            Self::Instance { instance, .. } | Self::Binding { instance, .. } => instance,
        }
    }
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;
    use windlass_model::id::{BindingId, InstanceId};

    use super::{Mark, bucket, key_id};

    const ID: &str = "0192f0c1-2b3c-7d4e-8f50-617283940a0b";

    fn instance() -> InstanceId {
        ID.parse().expect("an id")
    }

    #[test]
    fn marks_survive_comments_of_every_sort() {
        let mark = Mark::Instance {
            instance: instance(),
            connection_limit: 60,
        };
        for comment in ["shop/test/DEFAULT", "", ": connections 9: ", "a'b\"c\\"] {
            assert_eq!(Mark::parse(&mark.text(comment)), Some(mark), "{comment}");
        }
        let binding: BindingId = ID.parse().expect("an id");
        let mark = Mark::Binding {
            instance: instance(),
            generation: u32::MAX,
            binding,
        };
        assert_eq!(Mark::parse(&mark.text("unused")), Some(mark));
    }

    #[test]
    fn what_is_not_a_mark_is_not_taken_for_one() {
        for name in [
            "",
            "windlass",
            "Unnamed key",
            "windlass instance x connections 3: ",
            "windlass instance 0192f0c1-2b3c-7d4e-8f50-617283940a0b connections 3",
            "windlass binding 0192f0c1-2b3c-7d4e-8f50-617283940a0b of nobody generation 1",
            "a windlass instance 0192f0c1-2b3c-7d4e-8f50-617283940a0b connections 3: ",
        ] {
            assert_eq!(Mark::parse(name), None, "{name}");
        }
    }

    #[test]
    fn ids_of_keys_differ_by_instance_generation_and_password() {
        let (one, two) = (SecretString::from("one"), SecretString::from("two"));
        let other = "0192f0c1-2b3c-7d4e-8f50-617283940a0c";
        let ids = [
            key_id(instance(), 1, &one),
            key_id(instance(), 1, &two),
            key_id(instance(), 2, &one),
            key_id(other.parse().expect("an id"), 1, &one),
        ];
        for (at, id) in ids.iter().enumerate() {
            assert_eq!(id.len(), 26, "{id}");
            assert!(id.starts_with("GK"), "{id}");
            assert!(!ids[at + 1..].contains(id), "{id}");
        }
        assert_eq!(ids[0], key_id(instance(), 1, &one));
    }

    #[test]
    fn buckets_have_names_that_everybody_takes() {
        let name = bucket(instance());
        assert!((3..=63).contains(&name.len()));
        let mut bytes = name.bytes();
        assert!(bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'));
    }
}
