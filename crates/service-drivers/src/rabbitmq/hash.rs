//! Passwords as the server stores them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rand::TryRngCore;
use rand::rngs::OsRng;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

/// The name of the algorithm in the management API; the default of every supported version.
pub(super) const ALGORITHM: &str = "rabbit_password_hashing_sha256";

/// The salted hash of a password: the server stores it as it is, and the password itself reaches neither
/// it nor its log. One round of SHA-256 is all that the server knows, so that it is the password's own
/// length that protects it.
pub(super) fn salted(password: &SecretString) -> String {
    let mut salt = [0; 4];
    OsRng
        .try_fill_bytes(&mut salt)
        .expect("the operating system has randomness");
    with_salt(salt, password)
}

fn with_salt(salt: [u8; 4], password: &SecretString) -> String {
    let mut hash = Sha256::new();
    hash.update(salt);
    hash.update(password.expose_secret().as_bytes());
    let mut text = salt.to_vec();
    text.extend_from_slice(&hash.finalize());
    STANDARD.encode(text)
}

#[cfg(test)]
mod tests {
    use super::{salted, with_salt};

    #[test]
    fn the_hash_is_the_one_of_the_servers_documentation() {
        let hash = with_salt([0x90, 0x8D, 0xC6, 0x0A], &"test12".to_owned().into());
        assert_eq!(hash, "kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR");
    }

    #[test]
    fn each_hash_has_a_salt_of_its_own() {
        let password = "Abcdefghijklmnopqrstuvwxyz012345".to_owned().into();
        assert_ne!(salted(&password), salted(&password));
    }
}
