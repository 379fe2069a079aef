//! Names at the endpoint.

use uuid::Uuid;
use windlass_model::id::{InstanceId, short};

/// What names of buckets begin with.
const BUCKET: &str = "svc-";
/// What names of users begin with.
const USER: &str = "windlass.";
/// The path of users, for those who look at them and for policies of the operator; endpoints that know no paths leave
/// it out.
pub(super) const PATH: &str = "/windlass/";
/// The one policy of a user.
pub(super) const POLICY: &str = "windlass";

/// The name of the instance's bucket: a label of DNS. On AWS all accounts of the world share the names; these have 80
/// random bits.
pub(super) fn bucket(instance: InstanceId) -> String {
    format!("{BUCKET}{}", short(instance))
}

/// The name of the user that is the instance's mark.
pub(super) fn steward(instance: InstanceId) -> String {
    format!("{USER}{}", instance.to_string().replace('-', ""))
}

/// The name of a binding's user, 52 characters at most; IAM takes 64.
pub(super) fn user(instance: InstanceId, generation: u32) -> String {
    format!("{}.{generation}", steward(instance))
}

/// Whose a user is, as its name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    Instance(InstanceId),
    Binding(InstanceId, u32),
}

impl Whose {
    pub(super) fn parse(name: &str) -> Option<Self> {
        let rest = name.strip_prefix(USER)?;
        let (instance, generation) = match rest.split_once('.') {
            Some((instance, generation)) => (instance, Some(generation.parse().ok()?)),
            None => (rest, None),
        };
        let instance = InstanceId::from(Uuid::try_parse(instance).ok()?);
        let (whose, written) = match generation {
            Some(number) => (Self::Binding(instance, number), user(instance, number)),
            None => (Self::Instance(instance), steward(instance)),
        };
        // Not what only resembles it: a sign, a zero before, another spelling of the id.
        (written == name).then_some(whose)
    }
}

#[cfg(test)]
mod tests {
    use windlass_model::id::InstanceId;

    use super::{Whose, bucket, steward, user};

    const ID: &str = "0192f0c1-2b3c-7d4e-8f50-617283940a0b";

    #[test]
    fn names_of_users_are_read_again_and_fit() {
        let instance: InstanceId = ID.parse().expect("an id");
        assert_eq!(
            Whose::parse(&steward(instance)),
            Some(Whose::Instance(instance))
        );
        for generation in [1, 12, u32::MAX] {
            let name = user(instance, generation);
            assert!(name.len() <= 64, "{name}");
            assert_eq!(
                Whose::parse(&name),
                Some(Whose::Binding(instance, generation))
            );
        }
        for other in [
            "",
            "windlass.",
            "windlass.rehearsal.0192f0c12b3c7d4e8f50617283940a0b",
            "windlass.0192f0c12b3c7d4e8f50617283940a0b.",
            "windlass.0192f0c12b3c7d4e8f50617283940a0b.01",
            "windlass.0192f0c12b3c7d4e8f50617283940a0b.+1",
            "windlass.0192F0C12b3c7d4e8f50617283940a0b",
            "windlass.0192f0c1-2b3c-7d4e-8f50-617283940a0b",
            "alice",
        ] {
            assert_eq!(Whose::parse(other), None, "{other}");
        }
    }

    #[test]
    fn buckets_have_names_that_everybody_takes() {
        let name = bucket(ID.parse().expect("an id"));
        assert!((3..=63).contains(&name.len()));
        let mut bytes = name.bytes();
        assert!(bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'));
    }
}
