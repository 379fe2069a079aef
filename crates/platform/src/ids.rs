//! New ids, passwords and tokens.

use rand::TryRngCore;
use rand::rngs::OsRng;
use secrecy::SecretString;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// A new id of any kind: a UUIDv7.
pub fn mint<T: From<Uuid>>() -> T {
    Uuid::now_v7().into()
}

/// `length` random characters, a letter first, then letters and digits: about 5.95 bits each. Some
/// frameworks read a password that looks like a number as one, hence the letter.
pub(crate) fn password(length: usize) -> SecretString {
    const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut text = String::with_capacity(length);
    let mut byte = [0u8; 1];
    while text.len() < length {
        OsRng
            .try_fill_bytes(&mut byte)
            .expect("the kernel's random source answers");
        let limit = if text.is_empty() { 52 } else { 62 };
        // Values past the last whole multiple are drawn again, so that each character is as likely.
        if byte[0] < 256u16.saturating_sub(256 % limit).min(255) as u8 {
            text.push(char::from(
                ALPHABET[usize::from(u16::from(byte[0]) % limit)],
            ));
        }
    }
    SecretString::from(text)
}

/// The text of a new access token.
pub fn token() -> SecretString {
    use secrecy::ExposeSecret;
    SecretString::from(format!("wl_{}", password(43).expose_secret()))
}

/// The secret of a new invitation.
pub(crate) fn invitation() -> SecretString {
    use secrecy::ExposeSecret;
    SecretString::from(format!("wli_{}", password(43).expose_secret()))
}

/// What is kept of a token: SHA-256 in hex.
pub fn token_hash(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}
