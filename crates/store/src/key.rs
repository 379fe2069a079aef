//! The key of the store, and what is sealed under it.
//!
//! A secret is sealed with XChaCha20-Poly1305 under a 32-byte key, with a random nonce of 24 bytes and
//! its id as associated data, so that one secret cannot be put in another's place.

mod file;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use rand::TryRngCore;
use rand::rngs::OsRng;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use windlass_model::id::SecretId;
use windlass_operations::StoreError;
use zeroize::Zeroizing;

pub use file::KeyFileError;
pub(crate) use file::{create, put, read};

/// The length of the nonce that each sealed value begins with.
const NONCE: usize = 24;
/// What is sealed to tell the right key from a wrong one.
const PROOF: &[u8] = b"windlass store key";

/// A key, 32 bytes.
pub(crate) type Key = Zeroizing<[u8; 32]>;

/// Seals and opens secrets under one key.
pub(crate) struct Vault {
    cipher: XChaCha20Poly1305,
    key_id: String,
}

impl Vault {
    pub(crate) fn new(key: &Key) -> Self {
        let digest = Sha256::new()
            .chain_update(b"windlass key id")
            .chain_update(key.as_slice())
            .finalize();
        Self {
            cipher: XChaCha20Poly1305::new(key.as_slice().try_into().expect("a key has 32 bytes")),
            key_id: hex::encode(&digest[..8]),
        }
    }

    /// Names the key without telling it.
    pub(crate) fn key_id(&self) -> &str {
        &self.key_id
    }

    /// A value that only this key opens.
    pub(crate) fn proof(&self) -> Result<Vec<u8>, StoreError> {
        self.seal_bytes(self.key_id.as_bytes(), PROOF)
    }

    /// Whether this key made the proof.
    pub(crate) fn proves(&self, proof: &[u8]) -> bool {
        self.open_bytes(self.key_id.as_bytes(), proof)
            .is_some_and(|plain| plain.as_slice() == PROOF)
    }

    pub(crate) fn seal(&self, id: SecretId, value: &SecretString) -> Result<Vec<u8>, StoreError> {
        self.seal_bytes(id.to_string().as_bytes(), value.expose_secret().as_bytes())
    }

    pub(crate) fn open(&self, id: SecretId, sealed: &[u8]) -> Result<SecretString, StoreError> {
        let damaged = || StoreError::Unavailable {
            message: format!(
                "secret {id} cannot be opened: its row was changed from outside, or is damaged"
            ),
            transient: false,
        };
        let plain = self
            .open_bytes(id.to_string().as_bytes(), sealed)
            .ok_or_else(damaged)?;
        let text = std::str::from_utf8(&plain).map_err(|_| damaged())?;
        Ok(SecretString::from(text))
    }

    fn seal_bytes(&self, owner: &[u8], plain: &[u8]) -> Result<Vec<u8>, StoreError> {
        let unavailable = |message: String| StoreError::Unavailable {
            message,
            transient: true,
        };
        let mut nonce = [0_u8; NONCE];
        OsRng
            .try_fill_bytes(&mut nonce)
            .map_err(|error| unavailable(format!("no randomness for a secret: {error}")))?;
        let sealed = self
            .cipher
            .encrypt(
                &XNonce::from(nonce),
                Payload {
                    msg: plain,
                    aad: owner,
                },
            )
            .map_err(|_| unavailable("a secret is too long to be sealed".to_owned()))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    fn open_bytes(&self, owner: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE>()?;
        let plain = self
            .cipher
            .decrypt(
                &XNonce::from(*nonce),
                Payload {
                    msg: sealed,
                    aad: owner,
                },
            )
            .ok()?;
        Some(Zeroizing::new(plain))
    }
}
