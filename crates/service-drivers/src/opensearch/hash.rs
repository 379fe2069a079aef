//! Passwords as the server stores them.

use bcrypt::Version;
use secrecy::{ExposeSecret, SecretString};

/// Rounds as a power of two: the least that Elasticsearch takes for its own, and a quarter of OpenSearch's default.
/// The server does them at the first request of a user and whenever it has forgotten the answer; our passwords are
/// protected by their own length.
const COST: u32 = 10;
/// What the algorithm looks at; the rest of a longer password makes no difference.
const MOST_BYTES: usize = 72;

/// The hash of a password: the server stores it as it is, and the password itself reaches neither it nor its log.
/// Takes some tens of milliseconds.
pub(super) fn hashed(password: &SecretString) -> Result<String, String> {
    let bytes = password.expose_secret().as_bytes();
    let bytes = &bytes[..bytes.len().min(MOST_BYTES)];
    let parts = bcrypt::hash_with_result(bytes, COST).map_err(|error| error.to_string())?;
    // The oldest name of the algorithm, which every server knows; the newer ones differ in nothing that matters.
    Ok(parts.format_for_version(Version::TwoA))
}

#[cfg(test)]
mod tests {
    use super::hashed;

    #[test]
    fn hashes_have_the_form_that_servers_know_and_a_salt_of_their_own() {
        let password = "Abcdefghijklmnopqrstuvwxyz012345".to_owned().into();
        let hash = hashed(&password).expect("a hash");
        assert!(hash.starts_with("$2a$10$"), "{hash}");
        assert_ne!(hash, hashed(&password).expect("a hash"));
        let matches = bcrypt::verify("Abcdefghijklmnopqrstuvwxyz012345", &hash);
        assert!(matches.expect("it is a hash"));
    }
}
