//! Names on the server, and the marks by which we know what is ours.

use windlass_model::id::{BindingId, InstanceId, short};
use windlass_model::percent::encode;

/// What names of users begin with.
pub(super) const PREFIX: &str = "svc_";

/// The name of the user that is the instance's mark.
pub(super) fn instance_user(instance: InstanceId) -> String {
    format!("{PREFIX}{}", short(instance))
}

/// The name of a binding's user.
pub(super) fn binding_user(instance: InstanceId, generation: u32) -> String {
    format!("{}_{generation}", instance_user(instance))
}

/// The key pattern that says whose it is and what it was made with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct InstanceMark {
    instance: String,
    pub(super) connection_limit: u32,
}

impl InstanceMark {
    pub(super) fn text(instance: InstanceId, connection_limit: u32) -> String {
        format!("windlass/instance/{instance}/connections/{connection_limit}")
    }

    pub(super) fn parse(pattern: &str) -> Option<Self> {
        let rest = pattern.strip_prefix("windlass/instance/")?;
        let (instance, limit) = rest.split_once("/connections/")?;
        Some(Self {
            instance: instance.to_owned(),
            connection_limit: limit.parse().ok()?,
        })
    }

    pub(super) fn is_of(&self, instance: InstanceId) -> bool {
        self.instance == instance.to_string()
    }
}

/// The key pattern that holds the comment, for people; patterns have no spaces.
pub(super) fn comment(comment: &str) -> String {
    format!("windlass/comment/{}", encode(comment))
}

/// What the key pattern in the selector of any binding's user begins with.
pub(super) const BINDING_MARK: &str = "windlass/binding-of/";

/// The same of a binding of the instance.
pub(super) fn binding_mark_of(instance: InstanceId) -> String {
    format!("{BINDING_MARK}{instance}/")
}

/// The whole of it.
pub(super) fn binding_mark(instance: InstanceId, binding: BindingId) -> String {
    format!("{}{binding}", binding_mark_of(instance))
}

/// The short id in the name of a user of ours.
pub(super) fn short_id(user: &str) -> Option<&str> {
    let rest = user.strip_prefix(PREFIX)?;
    let (short, generation) = rest
        .split_once('_')
        .map_or((rest, "1"), |(short, generation)| (short, generation));
    let is_short = short.len() == 16
        && short
            .bytes()
            .all(|c| c.is_ascii_lowercase() || (b'2'..=b'7').contains(&c));
    (is_short && generation.parse::<u32>().is_ok()).then_some(short)
}

#[cfg(test)]
mod tests {
    use windlass_model::id::{InstanceId, short};

    use super::{InstanceMark, binding_user, comment, instance_user, short_id};

    const ID: &str = "0192f0c1-2b3c-7d4e-8f50-617283940a0b";

    #[test]
    fn marks_are_read_back() {
        let instance: InstanceId = ID.parse().expect("an id");
        let mark = InstanceMark::parse(&InstanceMark::text(instance, 60)).expect("a mark");
        assert!(mark.is_of(instance));
        assert_eq!(mark.connection_limit, 60);
        for pattern in [
            "",
            "*",
            "windlass/instance/x",
            "windlass/instance/x/connections/y",
        ] {
            assert_eq!(InstanceMark::parse(pattern), None, "{pattern}");
        }
    }

    #[test]
    fn comments_have_nothing_that_a_pattern_cannot_have() {
        let comment = comment("shop/test's * [\\ \"(~x)\"");
        assert!(
            !comment.contains([' ', '*', '[', '\\', '"', '(', ')']),
            "{comment}"
        );
    }

    #[test]
    fn short_ids_are_found_in_our_names_only() {
        let instance: InstanceId = ID.parse().expect("an id");
        let id = short(instance);
        assert_eq!(short_id(&instance_user(instance)), Some(id.as_str()));
        assert_eq!(short_id(&binding_user(instance, 12)), Some(id.as_str()));
        for user in [
            "default",
            "svc_",
            "svc_short",
            &format!("svc_{id}_x"),
            &format!("svc_{id}x"),
        ] {
            assert_eq!(short_id(user), None, "{user}");
        }
    }
}
