//! Quoting.

/// `name` as an identifier.
pub(super) fn identifier(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// `name` as a database in GRANT and REVOKE, where `_` and `%` stand for any character.
pub(super) fn pattern(name: &str) -> String {
    let escaped = name
        .replace('\\', "\\\\")
        .replace('_', "\\_")
        .replace('%', "\\%");
    identifier(&escaped)
}

/// `text` as a literal. Every session of ours has `NO_BACKSLASH_ESCAPES`, so that a backslash is a
/// backslash. Control characters become blanks.
pub(super) fn literal(text: &str) -> String {
    let text: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    format!("'{}'", text.replace('\'', "''"))
}

/// A user of ours: from every host.
pub(super) fn user(name: &str) -> String {
    account(name, "%")
}

/// A user at a host.
pub(super) fn account(name: &str, host: &str) -> String {
    format!("{}@{}", literal(name), literal(host))
}

#[cfg(test)]
mod tests {
    use super::{identifier, literal, pattern, user};

    #[test]
    fn quotes_are_doubled() {
        assert_eq!(identifier("a`b"), "`a``b`");
        assert_eq!(literal("it's \\ a\n\0test"), "'it''s \\ a  test'");
        assert_eq!(user("svc_a_1"), "'svc_a_1'@'%'");
    }

    #[test]
    fn wildcards_are_escaped() {
        assert_eq!(pattern("svc_a"), "`svc\\_a`");
        assert_eq!(pattern("a%b"), "`a\\%b`");
    }
}
