//! Statements: quoting, and passwords as verifiers.

use secrecy::{ExposeSecret, SecretString};

/// `name` as an identifier.
pub(super) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// `text` as a literal. Every session of ours has `standard_conforming_strings` on, so that a backslash
/// is a backslash. Control characters, which the server refuses or prints raw in its log, become blanks.
pub(super) fn literal(text: &str) -> String {
    let text: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    format!("'{}'", text.replace('\'', "''"))
}

/// The SCRAM-SHA-256 verifier of a password as a literal: the server stores it as it is, and the password
/// itself reaches neither its log nor its statistics.
pub(super) fn verifier(password: &SecretString) -> String {
    literal(&postgres_protocol::password::scram_sha_256(
        password.expose_secret().as_bytes(),
    ))
}

#[cfg(test)]
mod tests {
    use super::{identifier, literal, verifier};

    #[test]
    fn quotes_are_doubled() {
        assert_eq!(identifier("a\"b"), "\"a\"\"b\"");
        assert_eq!(literal("it's \\ a\n\0test"), "'it''s \\ a  test'");
    }

    #[test]
    fn a_verifier_holds_no_password_and_has_a_salt_of_its_own() {
        let password = "Abcdefghijklmnopqrstuvwxyz012345".to_owned().into();
        let (one, two) = (verifier(&password), verifier(&password));
        assert!(one.starts_with("'SCRAM-SHA-256$4096:"), "{one}");
        assert!(!one.contains("Abcdef"), "{one}");
        assert_ne!(one, two);
    }
}
