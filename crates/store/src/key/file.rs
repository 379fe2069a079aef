//! The key file: 64 hexadecimal digits in a file that only its owner can read.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use rand::TryRngCore;
use rand::rngs::OsRng;
use zeroize::Zeroizing;

use super::Key;

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// It is not there.
    #[error(
        "it does not exist; put it back from its backup, for the store's secrets cannot be read without it"
    )]
    Missing,
    /// Others can read it.
    #[error(
        "its mode is {0:04o}, so others than its owner may have read it; set it to 0600 (chmod 600)"
    )]
    OpenToOthers(u32),
    /// It is no key.
    #[error("it does not hold a key (64 hexadecimal digits); put it back from its backup")]
    NoKey,
    /// It cannot be read or written.
    #[error("it cannot be used: {0}")]
    Io(#[from] io::Error),
}

/// Reads the key.
pub(crate) fn read(path: &Path) -> Result<Key, KeyFileError> {
    let mut file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(KeyFileError::Missing),
        other => other?,
    };
    let mode = file.metadata()?.mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(KeyFileError::OpenToOthers(mode));
    }
    // One byte more than a key with its line end, to tell a longer file from a key.
    let mut text = Zeroizing::new([0_u8; 66]);
    let mut length = 0;
    loop {
        match file.read(&mut text[length..])? {
            0 => break,
            count => length += count,
        }
    }
    let mut key = Key::new([0; 32]);
    hex::decode_to_slice(text[..length].trim_ascii_end(), key.as_mut_slice())
        .map_err(|_| KeyFileError::NoKey)?;
    Ok(key)
}

/// Makes a new key; the caller has seen that the file is not there.
pub(crate) fn create(path: &Path) -> Result<Key, KeyFileError> {
    let mut key = Key::new([0; 32]);
    OsRng
        .try_fill_bytes(key.as_mut_slice())
        .map_err(io::Error::other)?;
    let mut text = Zeroizing::new([b'\n'; 65]);
    hex::encode_to_slice(key.as_slice(), &mut text[..64]).map_err(io::Error::other)?;
    // Under another name first, so that a crash never leaves half a key.
    let half = path.with_added_extension("new");
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&half)?;
    file.write_all(text.as_slice())?;
    file.sync_all()?;
    put(&half, path)?;
    Ok(key)
}

/// Puts one file in the place of another, also when the power fails.
pub(crate) fn put(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::rename(from, to)?;
    match to.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => File::open(parent)?.sync_all(),
        _ => Ok(()),
    }
}
