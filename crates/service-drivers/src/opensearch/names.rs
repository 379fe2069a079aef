//! Names on the server, and the marks by which we know what is ours.

use windlass_model::id::{InstanceId, short};

/// What names of roles, users and indices begin with.
pub(super) const PREFIX: &str = "svc-";

/// The name of the instance's role.
pub(super) fn role(instance: InstanceId) -> String {
    format!("{PREFIX}{}", short(instance))
}

/// What the names of the instance's indices begin with. Short names are of one length, so that none begins
/// with another.
pub(super) fn index_prefix(instance: InstanceId) -> String {
    format!("{}-", role(instance))
}

/// What the server calls the indices behind a data stream of the instance.
pub(super) fn backing_prefix(instance: InstanceId) -> String {
    format!(".ds-{}", index_prefix(instance))
}

/// The pattern of the instance's indices.
pub(super) fn pattern(instance: InstanceId) -> String {
    format!("{}*", index_prefix(instance))
}

/// The name of a binding's user. It begins as the indices do, because some servers let every user have an index
/// of their own name.
pub(super) fn user(instance: InstanceId, generation: u32) -> String {
    format!("{}{generation}", index_prefix(instance))
}

/// Whether a user is named as one of the instance's.
pub(super) fn is_user_of(instance: InstanceId, name: &str) -> bool {
    let generation = name.strip_prefix(&index_prefix(instance));
    generation.is_some_and(|digits| {
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// The mark of a role: whose it is and what it was made with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct InstanceMark {
    pub(super) instance: InstanceId,
    pub(super) connection_limit: u32,
}

impl InstanceMark {
    /// The mark's text; what follows the colon is for people.
    pub(super) fn text(instance: InstanceId, connection_limit: u32, comment: &str) -> String {
        format!("windlass instance {instance} connections {connection_limit}: {comment}")
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("windlass instance ")?;
        let (instance, rest) = rest.split_once(" connections ")?;
        let (limit, _) = rest.split_once(':')?;
        Some(Self {
            instance: instance.parse().ok()?,
            connection_limit: limit.parse().ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use windlass_model::id::InstanceId;

    use super::{InstanceMark, index_prefix, is_user_of, role, user};

    const ID: &str = "0192f0c1-2b3c-7d4e-8f50-617283940a0b";

    fn instance() -> InstanceId {
        ID.parse().expect("an id")
    }

    #[test]
    fn marks_survive_comments_of_every_sort() {
        for comment in ["shop/test/DEFAULT", "", ": connections 9: ", "a'b\"c\\"] {
            let mark =
                InstanceMark::parse(&InstanceMark::text(instance(), 60, comment)).expect("a mark");
            assert_eq!(mark.instance, instance());
            assert_eq!(mark.connection_limit, 60, "{comment}");
        }
        for text in ["", "windlass", "windlass instance x connections 3: "] {
            assert_eq!(InstanceMark::parse(text), None, "{text}");
        }
    }

    #[test]
    fn users_are_known_by_the_form_of_their_names() {
        assert!(is_user_of(instance(), &user(instance(), u32::MAX)));
        for other in [
            role(instance()),
            index_prefix(instance()),
            format!("{}1x", index_prefix(instance())),
            "svc-other-1".to_owned(),
        ] {
            assert!(!is_user_of(instance(), &other), "{other}");
        }
    }

    #[test]
    fn names_are_those_of_indices_and_need_no_escape_in_a_path() {
        let name = user(instance(), u32::MAX);
        assert_eq!(windlass_model::percent::encode(&name), name);
        assert_eq!(name, name.to_lowercase());
    }
}
