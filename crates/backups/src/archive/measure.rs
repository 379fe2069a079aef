//! How long something is, and its digest.

use sha2::{Digest, Sha256};

/// Length and digest of what went through a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measured {
    /// How long it is.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal digits.
    pub sha256: String,
}

/// Length and digest so far.
#[derive(Clone, Default)]
pub(super) struct Measure {
    bytes: u64,
    digest: Sha256,
}

impl Measure {
    pub(super) fn add(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.digest.update(bytes);
    }

    pub(super) fn so_far(&self) -> Measured {
        Measured {
            bytes: self.bytes,
            sha256: hex::encode(self.digest.clone().finalize()),
        }
    }
}
