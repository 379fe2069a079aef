//! Names on the server.

use windlass_model::id::{InstanceId, short};

/// What names of databases and users begin with.
const PREFIX: &str = "svc_";

/// The name of the instance's database, and of the user that is its mark.
pub(super) fn database(instance: InstanceId) -> String {
    format!("{PREFIX}{}", short(instance))
}

/// The name of a binding's user.
pub(super) fn user(instance: InstanceId, generation: u32) -> String {
    format!("{}_{generation}", database(instance))
}

/// The short id in the name of a database of ours.
pub(super) fn short_id(database: &str) -> Option<&str> {
    let short = database.strip_prefix(PREFIX)?;
    let is_short = short.len() == 16
        && short
            .bytes()
            .all(|c| c.is_ascii_lowercase() || (b'2'..=b'7').contains(&c));
    is_short.then_some(short)
}

#[cfg(test)]
mod tests {
    use windlass_model::id::{InstanceId, short};

    use super::{database, short_id, user};

    #[test]
    fn short_ids_are_found_in_our_names_only() {
        let id = "0192f0c1-2b3c-7d4e-8f50-617283940a0b";
        let instance: InstanceId = id.parse().expect("an id");
        let id = short(instance);
        assert_eq!(short_id(&database(instance)), Some(id.as_str()));
        for name in ["admin", "svc_", "svc_short", &user(instance, 1)] {
            assert_eq!(short_id(name), None, "{name}");
        }
    }
}
