//! Passwords as the servers store them, made here: the password itself reaches neither their logs nor
//! their statistics.

use rand::Rng;
use rand::distr::Alphanumeric;
use secrecy::{ExposeSecret, SecretString};
use sha1::{Digest, Sha1};

use super::sha_crypt::sha256_crypt;

/// The length of the salt that MySQL makes itself, and the only one that it takes.
const SALT: usize = 20;
/// The rounds that MySQL makes unless it is told otherwise, in its writing: thousands, hexadecimal.
const ROUNDS: (&str, usize) = ("005", 5000);

/// MariaDB's and old MySQL's: SHA-1 of SHA-1, without a salt. It does for passwords of 190 random bits.
pub(super) fn mysql_native_password(password: &SecretString) -> String {
    use std::fmt::Write as _;
    let once = Sha1::digest(password.expose_secret().as_bytes());
    let twice = Sha1::digest(once);
    let mut text = String::from("*");
    for byte in twice {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02X}");
    }
    text
}

/// MySQL 8's: SHA-crypt with a longer salt.
pub(super) fn caching_sha2_password(password: &SecretString) -> String {
    let salt: Vec<u8> = rand::rng().sample_iter(Alphanumeric).take(SALT).collect();
    with_salt(password, &salt)
}

fn with_salt(password: &SecretString, salt: &[u8]) -> String {
    let (written, rounds) = ROUNDS;
    let digest = sha256_crypt(password.expose_secret().as_bytes(), salt, rounds);
    format!("$A${written}${}{digest}", String::from_utf8_lossy(salt))
}

#[cfg(test)]
mod tests {
    use super::{caching_sha2_password, mysql_native_password};

    #[test]
    fn the_native_hash_is_the_one_that_servers_make() {
        // SELECT PASSWORD('password') of MariaDB 10.11.
        assert_eq!(
            mysql_native_password(&"password".to_owned().into()),
            "*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19"
        );
    }

    #[test]
    fn the_salted_hash_has_mysqls_form_and_a_salt_of_its_own() {
        let password = "Abcdefghijklmnopqrstuvwxyz012345".to_owned().into();
        let (one, two) = (
            caching_sha2_password(&password),
            caching_sha2_password(&password),
        );
        assert!(one.starts_with("$A$005$"), "{one}");
        assert_eq!(one.len(), "$A$005$".len() + 20 + 43, "{one}");
        assert!(!one.contains("Abcdef"), "{one}");
        assert_ne!(one, two);
    }
}
