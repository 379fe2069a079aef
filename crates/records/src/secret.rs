//! Secrets: encrypted in the store under a key that is not in it.

use secrecy::SecretString;
use windlass_model::id::SecretId;
use windlass_model::time::Timestamp;

/// A secret to be kept.
#[derive(Debug, Clone)]
pub struct NewSecret {
    /// Its id; rows refer to it.
    pub id: SecretId,
    /// What is kept.
    pub value: SecretString,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A secret, opened.
#[derive(Debug, Clone)]
pub struct Secret {
    /// Its id.
    pub id: SecretId,
    /// What is kept.
    pub value: SecretString,
}
