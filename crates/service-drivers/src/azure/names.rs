//! Names in the account, and the marks by which we know what is ours.

use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use windlass_model::id::{BindingId, InstanceId, short};

/// What names of containers begin with.
pub(super) const PREFIX: &str = "svc-";
/// What ids of policies begin with.
const POLICY: &str = "windlass-";
/// Characters of the password's code in the id of a policy, which has 64 at most.
const CODE_LENGTH: usize = 10;

/// The name of the instance's container.
pub(super) fn container(instance: InstanceId) -> String {
    format!("{PREFIX}{}", short(instance))
}

/// A stored access policy of a binding, as its id says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Policy {
    pub(super) generation: u32,
    pub(super) binding: BindingId,
    /// A text that follows from the password, and leads nobody back to it.
    pub(super) code: String,
}

impl Policy {
    pub(super) fn of(generation: u32, binding: BindingId, password: &SecretString) -> Self {
        let mut code = Hmac::<Sha256>::new_from_slice(password.expose_secret().as_bytes())
            .expect("HMAC takes keys of any length");
        code.update(format!("windlass access policy of {binding}").as_bytes());
        let mut code = hex::encode(code.finalize().into_bytes());
        code.truncate(CODE_LENGTH);
        Self {
            generation,
            binding,
            code,
        }
    }

    pub(super) fn id(&self) -> String {
        let binding = self.binding.to_string().replace('-', "");
        format!("{POLICY}{}-{binding}-{}", self.generation, self.code)
    }

    pub(super) fn parse(id: &str) -> Option<Self> {
        let rest = id.strip_prefix(POLICY)?;
        let (generation, rest) = rest.split_once('-')?;
        let (binding, code) = rest.split_once('-')?;
        let policy = Self {
            generation: generation.parse().ok()?,
            binding: binding.parse().ok()?,
            code: code.to_owned(),
        };
        // Not what only resembles it: a sign, a zero before, another spelling of the id.
        let is_whole = code.len() == CODE_LENGTH && policy.id() == id;
        is_whole.then_some(policy)
    }
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;
    use windlass_model::id::{BindingId, InstanceId};

    use super::{Policy, container};

    const ID: &str = "0192f0c1-2b3c-7d4e-8f50-617283940a0b";

    #[test]
    fn ids_of_policies_are_read_again_and_fit() {
        let binding: BindingId = ID.parse().expect("an id");
        let (one, two) = (SecretString::from("one"), SecretString::from("two"));
        for generation in [1, 2, u32::MAX] {
            let policy = Policy::of(generation, binding, &one);
            assert!(policy.id().len() <= 64, "{}", policy.id());
            assert_eq!(Policy::parse(&policy.id()), Some(policy.clone()));
            assert_ne!(policy, Policy::of(generation, binding, &two));
        }
        for other in [
            "",
            "windlass-1",
            "windlass-1-x-0123456789",
            "windlass-01-0192f0c12b3c7d4e8f50617283940a0b-0123456789",
            "windlass-1-0192F0C12b3c7d4e8f50617283940a0b-0123456789",
            "windlass-1-0192f0c12b3c7d4e8f50617283940a0b-0123",
            "read-only",
        ] {
            assert_eq!(Policy::parse(other), None, "{other}");
        }
    }

    #[test]
    fn containers_have_names_that_the_service_takes() {
        let instance: InstanceId = ID.parse().expect("an id");
        let name = container(instance);
        assert!((3..=63).contains(&name.len()) && !name.contains("--"));
        let mut bytes = name.bytes();
        assert!(bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'));
    }
}
