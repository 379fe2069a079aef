//! Names on the server, and the marks by which we know what is ours.

use windlass_model::id::{BindingId, InstanceId, short};

/// What names of virtual hosts and users begin with.
pub(super) const PREFIX: &str = "svc-";
/// The tag of our virtual hosts, for people; the mark is the description.
pub(super) const TAG: &str = "windlass";

/// The name of the instance's virtual host. Without a slash, which clients write in several ways.
pub(super) fn vhost(instance: InstanceId) -> String {
    format!("{PREFIX}{}", short(instance))
}

/// The name of a binding's user.
pub(super) fn user(instance: InstanceId, generation: u32) -> String {
    format!("{}-{generation}", vhost(instance))
}

/// Whether a user is named as one of the instance's.
pub(super) fn is_user_of(instance: InstanceId, name: &str) -> bool {
    let generation = name
        .strip_prefix(&vhost(instance))
        .and_then(|rest| rest.strip_prefix('-'));
    generation.is_some_and(|digits| {
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// The description of a virtual host: whose it is and what it was made with. Tenants cannot change it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct InstanceMark {
    pub(super) instance: InstanceId,
    pub(super) connection_limit: u32,
}

impl InstanceMark {
    /// The description's text; what follows the colon is for people.
    pub(super) fn text(instance: InstanceId, connection_limit: u32, comment: &str) -> String {
        format!("windlass instance {instance} connections {connection_limit}: {comment}")
    }

    pub(super) fn parse(description: &str) -> Option<Self> {
        let rest = description.strip_prefix("windlass instance ")?;
        let (instance, rest) = rest.split_once(" connections ")?;
        let (limit, _) = rest.split_once(':')?;
        Some(Self {
            instance: instance.parse().ok()?,
            connection_limit: limit.parse().ok()?,
        })
    }
}

/// What the tag of an instance's users begins with. A tag that the server does not know gives no rights,
/// and it is all that users have to write something on. The server keeps a name of a tag until it is
/// restarted (an atom, of which it has room for five millions).
pub(super) fn binding_mark_of(instance: InstanceId) -> String {
    format!("windlass-binding-of-{instance}:")
}

/// The tag of a user.
pub(super) fn binding_mark(instance: InstanceId, binding: BindingId) -> String {
    format!("{}{binding}", binding_mark_of(instance))
}

#[cfg(test)]
mod tests {
    use windlass_model::id::InstanceId;

    use super::{InstanceMark, is_user_of, user, vhost};

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
    }

    #[test]
    fn what_is_not_a_mark_is_not_taken_for_one() {
        for description in [
            "",
            "windlass",
            "Default virtual host",
            "windlass instance x connections 3: ",
            "windlass instance 0192f0c1-2b3c-7d4e-8f50-617283940a0b connections y: ",
        ] {
            assert_eq!(InstanceMark::parse(description), None, "{description}");
        }
    }

    #[test]
    fn users_are_known_by_the_form_of_their_names() {
        let name = vhost(instance());
        assert!(is_user_of(instance(), &user(instance(), u32::MAX)));
        for other in [
            name.clone(),
            format!("{name}-"),
            format!("{name}-1x"),
            format!("{name}1"),
            "svc-other-1".to_owned(),
        ] {
            assert!(!is_user_of(instance(), &other), "{other}");
        }
    }

    #[test]
    fn names_need_no_escape_in_a_path() {
        let name = user(instance(), u32::MAX);
        assert_eq!(windlass_model::percent::encode(&name), name);
    }
}
