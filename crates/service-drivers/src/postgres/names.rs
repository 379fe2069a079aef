//! Names on the server, and the marks by which we know what is ours.

use windlass_model::id::{BindingId, InstanceId, short};

/// What names of group roles and databases begin with.
pub(super) const PREFIX: &str = "svc_";

/// The name of the instance's group role and of its database.
pub(super) fn group(instance: InstanceId) -> String {
    format!("{PREFIX}{}", short(instance))
}

/// The name of a binding's login role.
pub(super) fn login(instance: InstanceId, generation: u32) -> String {
    format!("{}_{generation}", group(instance))
}

/// The comment of a group role: whose it is and what it was made with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct InstanceMark {
    pub(super) instance: String,
    pub(super) connection_limit: u32,
    /// The operation whose restore was swapped in last.
    pub(super) restored: Option<String>,
}

impl InstanceMark {
    /// The comment's text; what follows the colon is for people.
    pub(super) fn text(&self, comment: &str) -> String {
        let restored = self.restored.as_ref();
        let restored = restored.map_or_else(String::new, |by| format!(" restored {by}"));
        format!(
            "windlass instance {} connections {}{restored}: {comment}",
            self.instance, self.connection_limit
        )
    }

    pub(super) fn parse(comment: &str) -> Option<Self> {
        let rest = comment.strip_prefix("windlass instance ")?;
        let (instance, rest) = rest.split_once(" connections ")?;
        let (with, _) = rest.split_once(':')?;
        let (limit, restored) = match with.split_once(" restored ") {
            Some((limit, restored)) => (limit, Some(restored.to_owned())),
            None => (with, None),
        };
        Some(Self {
            instance: instance.to_owned(),
            connection_limit: limit.parse().ok()?,
            restored,
        })
    }

    pub(super) fn is_of(&self, instance: InstanceId) -> bool {
        self.instance == instance.to_string()
    }
}

/// What the comments of an instance's login roles begin with.
pub(super) fn binding_mark_of(instance: InstanceId) -> String {
    format!("windlass binding of {instance}: ")
}

/// The comment of a login role.
pub(super) fn binding_mark(instance: InstanceId, binding: BindingId) -> String {
    format!("{}{binding}", binding_mark_of(instance))
}

#[cfg(test)]
mod tests {
    use windlass_model::id::InstanceId;

    use super::{InstanceMark, group, login};

    const ID: &str = "0192f0c1-2b3c-7d4e-8f50-617283940a0b";

    #[test]
    fn marks_survive_comments_of_every_sort() {
        let instance: InstanceId = ID.parse().expect("an id");
        for comment in ["shop/test/DEFAULT", "", ": connections 9: ", "a'b\"c\\"] {
            for restored in [None, Some(ID.to_owned())] {
                let mark = InstanceMark {
                    instance: instance.to_string(),
                    connection_limit: 60,
                    restored,
                };
                let parsed = InstanceMark::parse(&mark.text(comment)).expect("a mark");
                assert!(parsed.is_of(instance));
                assert_eq!(parsed, mark, "{comment}");
            }
        }
    }

    #[test]
    fn what_is_not_a_mark_is_not_taken_for_one() {
        for comment in [
            "",
            "windlass",
            "windlass instance x",
            "my own role",
            "windlass instance x connections y: ",
        ] {
            assert_eq!(InstanceMark::parse(comment), None, "{comment}");
        }
    }

    #[test]
    fn names_need_no_quotes_and_are_short() {
        let instance: InstanceId = ID.parse().expect("an id");
        let name = login(instance, u32::MAX);
        assert!(name.starts_with(&group(instance)));
        assert!(name.len() <= 31, "{name}");
        assert!(
            name.chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'),
            "{name}"
        );
    }
}
