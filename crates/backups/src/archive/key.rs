//! The key of one archive.

use std::fmt;

use bech32::{Bech32, Hrp};
use rand::TryRngCore;
use rand::rngs::OsRng;
use secrecy::{ExposeSecret, SecretString};
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::{Zeroize, Zeroizing};

/// What the text of a key begins with, before bech32's separator.
const KIND: &str = "age-secret-key-";
/// Of a key, in bytes.
const LENGTH: usize = 32;

/// The key of one archive: an identity of age that nothing else is encrypted to. Its public half is told to nobody, so
/// that who can write to the place of the archives cannot make one that it opens.
#[derive(Clone)]
pub struct Key {
    secret: StaticSecret,
    recipient: PublicKey,
}

/// The text is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no key of an archive: AGE-SECRET-KEY-1 and 58 characters are expected")]
pub struct InvalidKey;

impl Key {
    /// A new key. Fails when the system gives no random bytes.
    pub fn generate() -> std::io::Result<Self> {
        Ok(Self::from_bytes(&random()?))
    }

    /// The key in the form of [`Self::to_text`].
    pub fn from_text(text: &SecretString) -> Result<Self, InvalidKey> {
        let (kind, bytes) = bech32::decode(text.expose_secret()).map_err(|_| InvalidKey)?;
        let bytes = Zeroizing::new(bytes);
        if kind.to_lowercase() != KIND {
            return Err(InvalidKey);
        }
        let bytes: [u8; LENGTH] = bytes.as_slice().try_into().map_err(|_| InvalidKey)?;
        Ok(Self::from_bytes(&Zeroizing::new(bytes)))
    }

    /// As the age tool takes it: `AGE-SECRET-KEY-1...`.
    pub fn to_text(&self) -> SecretString {
        let kind = Hrp::parse(KIND).expect("a kind of bech32");
        let mut text = bech32::encode::<Bech32>(kind, self.secret.as_bytes())
            .expect("32 bytes fit into bech32");
        text.make_ascii_uppercase();
        let secret = SecretString::from(text.as_str());
        text.zeroize();
        secret
    }

    pub(super) fn secret(&self) -> &StaticSecret {
        &self.secret
    }

    pub(super) fn recipient(&self) -> &PublicKey {
        &self.recipient
    }

    fn from_bytes(bytes: &Zeroizing<[u8; LENGTH]>) -> Self {
        let secret = StaticSecret::from(**bytes);
        let recipient = PublicKey::from(&secret);
        Self { secret, recipient }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

/// Bytes that nobody can guess.
pub(super) fn random<const N: usize>() -> std::io::Result<Zeroizing<[u8; N]>> {
    let mut bytes = Zeroizing::new([0; N]);
    OsRng
        .try_fill_bytes(bytes.as_mut_slice())
        .map_err(std::io::Error::other)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification (<https://age-encryption.org/v1>).
    const EXAMPLE: &str =
        "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX";

    #[test]
    fn keys_are_written_as_age_writes_them() {
        let key = Key::from_text(&SecretString::from(EXAMPLE)).unwrap();
        assert_eq!(key.secret().as_bytes(), &[0x42; 32]);
        assert_eq!(key.to_text().expose_secret(), EXAMPLE);
        let recipient =
            bech32::encode::<Bech32>(Hrp::parse("age").unwrap(), key.recipient().as_bytes());
        assert_eq!(
            recipient.unwrap(),
            "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"
        );
        let one = Key::generate().unwrap();
        assert_ne!(
            one.secret().as_bytes(),
            Key::generate().unwrap().secret().as_bytes()
        );
        let again = Key::from_text(&one.to_text()).unwrap();
        assert_eq!(one.secret().as_bytes(), again.secret().as_bytes());
        assert_eq!(format!("{one:?}"), "Key");
    }

    #[test]
    fn what_is_no_key_is_refused_without_its_words() {
        let short = bech32::encode::<Bech32>(Hrp::parse(KIND).unwrap(), &[1; 31]).unwrap();
        let public = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";
        let changed = EXAMPLE.replace("Q4EGAEX", "Q4EGAEZ");
        for text in ["", "x", public, &short, &changed, &EXAMPLE[1..]] {
            let refused = Key::from_text(&SecretString::from(text))
                .unwrap_err()
                .to_string();
            assert!(
                text.is_empty() || text == "x" || !refused.contains(text),
                "{refused}"
            );
        }
    }
}
