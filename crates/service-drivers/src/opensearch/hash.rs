//! Passwords as the server stores them.

use bcrypt::Version;
use secrecy::{ExposeSecret, SecretString};

/// What the algorithm looks at; the rest of a longer password makes no difference.
const MOST_BYTES: usize = 72;

/// The hash of a password: the server stores it as it is, and the password itself reaches neither it nor its log.
/// `cost` is the number of rounds as a power of two.
pub(super) fn hashed(password: &SecretString, cost: u32) -> Result<String, String> {
    let bytes = password.expose_secret().as_bytes();
    let bytes = &bytes[..bytes.len().min(MOST_BYTES)];
    let parts = bcrypt::hash_with_result(bytes, cost).map_err(|error| error.to_string())?;
    // The oldest name of the algorithm, which every server knows; the newer ones differ in nothing that matters.
    Ok(parts.format_for_version(Version::TwoA))
}

#[cfg(test)]
mod tests {
    use super::hashed;

    #[test]
    fn hashes_have_the_form_that_servers_know_and_a_salt_of_their_own() {
        let password = "Abcdefghijklmnopqrstuvwxyz012345".to_owned().into();
        let hash = hashed(&password, 6).expect("a hash");
        assert!(hash.starts_with("$2a$06$"), "{hash}");
        assert_ne!(hash, hashed(&password, 6).expect("a hash"));
        let matches = bcrypt::verify("Abcdefghijklmnopqrstuvwxyz012345", &hash);
        assert!(matches.expect("it is a hash"));
    }
}
