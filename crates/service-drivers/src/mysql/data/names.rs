//! Names of what exists while data is copied.

use uuid::Uuid;
use windlass_model::id::InstanceId;

use super::super::names::database;

/// The database that is being filled.
pub(super) fn fresh(instance: InstanceId) -> String {
    format!("{}_fresh", database(instance))
}

/// The database to which the old tables move.
pub(super) fn old(instance: InstanceId) -> String {
    format!("{}_old", database(instance))
}

/// The user that dumps.
pub(super) fn dumper(instance: InstanceId) -> String {
    format!("{}_dump", database(instance))
}

/// A user that loads: another for each restore, as that of an earlier one may be the definer of what is live.
pub(super) fn filler(instance: InstanceId) -> String {
    let digits = Uuid::now_v7().simple().to_string();
    format!("{}_r{}", database(instance), &digits[digits.len() - 8..])
}

#[cfg(test)]
mod tests {
    use windlass_model::id::InstanceId;

    use super::{dumper, filler};

    #[test]
    fn users_have_names_that_the_servers_take() {
        let instance: InstanceId = "0192f0c1-2b3c-7d4e-8f50-617283940a0b"
            .parse()
            .expect("an id");
        for name in [dumper(instance), filler(instance)] {
            assert!(name.len() <= 32, "{name}");
        }
        assert_ne!(filler(instance), filler(instance));
    }
}
