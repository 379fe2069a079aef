//! Names on the server.

use windlass_model::id::{InstanceId, short};

/// What names of databases and users begin with.
const PREFIX: &str = "svc_";

/// The name of the instance's database.
pub(super) fn database(instance: InstanceId) -> String {
    format!("{PREFIX}{}", short(instance))
}

/// The name of a binding's user.
pub(super) fn login(instance: InstanceId, generation: u32) -> String {
    format!("{}_{generation}", database(instance))
}

/// The short id of the instance that a database or user of ours is of.
pub(super) fn short_id(name: &str) -> Option<&str> {
    name.strip_prefix(PREFIX)?.split('_').next()
}

#[cfg(test)]
mod tests {
    use windlass_model::id::{InstanceId, short};

    use super::{database, login, short_id};

    #[test]
    fn names_need_no_quotes_and_are_short() {
        let instance: InstanceId = "0192f0c1-2b3c-7d4e-8f50-617283940a0b"
            .parse()
            .expect("an id");
        let name = login(instance, u32::MAX);
        assert!(name.starts_with(&database(instance)));
        // The servers' limit is 32.
        assert!(name.len() <= 32, "{name}");
        assert!(
            name.chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'),
            "{name}"
        );
        assert_eq!(short_id(&name), Some(&*short(instance)));
        assert_eq!(short_id(&database(instance)), Some(&*short(instance)));
    }
}
