//! Keys sealed with what only their binding's password opens: XChaCha20-Poly1305, with a random nonce before the text.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use rand::TryRngCore;
use rand::rngs::OsRng;
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use windlass_model::id::BindingId;
use zeroize::Zeroizing;

use super::credential::Key;

const NONCE: usize = 24;
/// Between the id and the secret, neither of which has such a sign.
const BETWEEN: char = '\n';

/// The key, sealed; none without randomness.
pub(super) fn seal(password: &SecretString, binding: BindingId, key: &Key) -> Option<Vec<u8>> {
    let mut nonce = [0_u8; NONCE];
    OsRng.try_fill_bytes(&mut nonce).ok()?;
    let plain = Zeroizing::new(format!("{}{BETWEEN}{}", key.id, key.secret.expose_secret()));
    let binding = binding.to_string();
    let payload = Payload {
        msg: plain.as_bytes(),
        aad: binding.as_bytes(),
    };
    let sealed = cipher(password).encrypt(&XNonce::from(nonce), payload);
    Some([nonce.as_slice(), &sealed.ok()?].concat())
}

/// The key, if the password is the one that it was sealed with.
pub(super) fn open(password: &SecretString, binding: BindingId, sealed: &[u8]) -> Option<Key> {
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE>()?;
    let binding = binding.to_string();
    let payload = Payload {
        msg: sealed,
        aad: binding.as_bytes(),
    };
    let plain = cipher(password).decrypt(&XNonce::from(*nonce), payload);
    let plain = Zeroizing::new(plain.ok()?);
    let (id, secret) = std::str::from_utf8(&plain).ok()?.split_once(BETWEEN)?;
    Some(Key {
        id: id.to_owned(),
        secret: SecretString::from(secret),
    })
}

/// Passwords are long and random, so that one HMAC of them is a key.
fn cipher(password: &SecretString) -> XChaCha20Poly1305 {
    let mut code = Hmac::<Sha256>::new_from_slice(password.expose_secret().as_bytes())
        .expect("HMAC takes keys of any length");
    code.update(b"windlass sealed access key");
    let key = Zeroizing::new(code.finalize().into_bytes().to_vec());
    XChaCha20Poly1305::new(key.as_slice().try_into().expect("SHA-256 has 32 bytes"))
}

#[cfg(test)]
mod tests {
    use secrecy::{ExposeSecret, SecretString};
    use uuid::Uuid;
    use windlass_model::id::BindingId;

    use super::{Key, open, seal};

    #[test]
    fn only_the_same_binding_with_the_same_password_opens_it() {
        let (one, two) = (SecretString::from("one"), SecretString::from("two"));
        let binding = BindingId::from(Uuid::now_v7());
        let key = Key {
            id: "AKIA".to_owned(),
            secret: SecretString::from("hush/+="),
        };
        let sealed = seal(&one, binding, &key).expect("it is sealed");
        let opened = open(&one, binding, &sealed).expect("it is opened");
        assert_eq!(opened.id, "AKIA");
        assert_eq!(opened.secret.expose_secret(), "hush/+=");
        assert!(open(&two, binding, &sealed).is_none());
        assert!(open(&one, BindingId::from(Uuid::now_v7()), &sealed).is_none());
        assert!(open(&one, binding, &sealed[..sealed.len() - 1]).is_none());
        assert!(open(&one, binding, &[]).is_none());
    }
}
