//! The chunks of an age file: the STREAM construction over ChaCha20-Poly1305. A chunk's nonce has its number and
//! whether it is the last, so that none can be left out, moved, or taken from another archive.

use chacha20poly1305::aead::{AeadInOut, KeyInit};
use chacha20poly1305::{ChaCha20Poly1305, Nonce};
use zeroize::Zeroizing;

/// What a chunk holds; the last may have less.
pub(super) const CONTENT: usize = 64 * 1024;
/// What proves it.
pub(super) const TAG: usize = 16;
/// A whole chunk as it is stored.
pub(super) const STORED: usize = CONTENT + TAG;

/// Seals or opens the chunks of one archive, one after the other.
pub(super) struct Chunks {
    cipher: ChaCha20Poly1305,
    number: u64,
}

impl Chunks {
    pub(super) fn new(key: &Zeroizing<[u8; 32]>) -> Self {
        Self {
            cipher: ChaCha20Poly1305::new(key.as_slice().try_into().expect("a key has 32 bytes")),
            number: 0,
        }
    }

    /// Bytes of content before the next chunk.
    pub(super) fn place(&self) -> u64 {
        self.number.saturating_mul(CONTENT as u64)
    }

    /// Seals the next chunk where it is.
    pub(super) fn seal(&mut self, chunk: &mut Vec<u8>, is_last: bool) {
        let nonce = self.next(is_last);
        self.cipher
            .encrypt_in_place(&nonce, &[], chunk)
            .expect("a chunk can be encrypted");
    }

    /// Opens the next chunk where it is. What it holds is of no use when this is false.
    pub(super) fn open(&mut self, chunk: &mut Vec<u8>, is_last: bool) -> bool {
        let nonce = self.next(is_last);
        self.cipher.decrypt_in_place(&nonce, &[], chunk).is_ok()
    }

    fn next(&mut self, is_last: bool) -> Nonce {
        let mut nonce = [0; 12];
        // Eleven bytes of number, of which eight are enough for all disks there are.
        nonce[3..11].copy_from_slice(&self.number.to_be_bytes());
        nonce[11] = u8::from(is_last);
        self.number += 1;
        nonce.into()
    }
}
