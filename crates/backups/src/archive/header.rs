//! The header of an age file with one recipient of the sort X25519 (<https://age-encryption.org/v1>).
//!
//! Of a header there is one form only: one recipient, one file key, so that it has one length and reading it needs no
//! parser of what others might write.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{ChaCha20Poly1305, Nonce};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

use super::error::Error;
use super::key::{Key, random};

const FAMILY: &[u8] = b"age-encryption.org/";
const VERSION: &str = "age-encryption.org/v1\n";
const STANZA: &str = "-> X25519 ";
const END: &str = "---";
/// Of 32 bytes in base64 without padding.
const WORD: usize = 43;
/// What the MAC is of: everything up to the end mark.
const MARKED: usize = VERSION.len() + STANZA.len() + WORD + 1 + WORD + 1 + END.len();
/// Of the header, in bytes: the mark, a blank, the MAC and the end of the line.
const HEADER: usize = MARKED + 1 + WORD + 1;
/// Of the random bytes that the payload's key is derived with.
const NONCE: usize = 16;
/// Of all that stands before the first chunk.
pub(super) const LENGTH: usize = HEADER + NONCE;

type Derived = Zeroizing<[u8; 32]>;

/// The beginning of a new archive, and the key of its payload.
pub(super) fn write(key: &Key) -> std::io::Result<(Vec<u8>, Derived)> {
    let file_key = random::<16>()?;
    let ephemeral = StaticSecret::from(*random::<32>()?);
    let nonce = random::<NONCE>()?;
    let share = PublicKey::from(&ephemeral);
    let shared = ephemeral.diffie_hellman(key.recipient());
    let wrapped = wrapping(shared.as_bytes(), &share, key.recipient())
        .encrypt(&Nonce::default(), file_key.as_slice())
        .expect("sixteen bytes can be encrypted");
    let mut header = format!(
        "{VERSION}{STANZA}{}\n{}\n{END}",
        STANDARD_NO_PAD.encode(share.as_bytes()),
        STANDARD_NO_PAD.encode(wrapped)
    );
    let mac = mac(file_key.as_slice(), header.as_bytes())
        .finalize()
        .into_bytes();
    header.push(' ');
    header.push_str(&STANDARD_NO_PAD.encode(mac));
    header.push('\n');
    let mut start = header.into_bytes();
    start.extend_from_slice(nonce.as_slice());
    debug_assert_eq!(start.len(), LENGTH);
    Ok((
        start,
        derive(file_key.as_slice(), nonce.as_slice(), b"payload"),
    ))
}

/// The payload's key, from an archive's beginning.
pub(super) fn read(start: &[u8; LENGTH], key: &Key) -> Result<Derived, Error> {
    let foreign = Error::Foreign("it has no header of an encrypted archive");
    let Some(version) = start.strip_prefix(FAMILY) else {
        return Err(foreign);
    };
    let Some(rest) = start.strip_prefix(VERSION.as_bytes()) else {
        let version = version
            .split(|byte| *byte == b'\n')
            .next()
            .unwrap_or_default();
        let version = String::from_utf8_lossy(&version[..version.len().min(16)]).into_owned();
        return Err(Error::Newer(format!("age {}", version.escape_debug())));
    };
    let form = Error::Foreign("its header is not of the form that Windlass writes");
    let Some(rest) = rest.strip_prefix(STANZA.as_bytes()) else {
        return Err(form);
    };
    let (Some(share), Some(wrapped)) = (word(rest), word(&rest[WORD + 1..])) else {
        return Err(form);
    };
    let told = word(&start[MARKED + 1..]);
    let (true, Some(told)) = (
        start[..MARKED].ends_with(END.as_bytes()) && start[MARKED] == b' ',
        told,
    ) else {
        return Err(form);
    };
    let share = PublicKey::from(share);
    let shared = key.secret().diffie_hellman(&share);
    // A share of low order would make the key one that anybody knows.
    if !shared.was_contributory() {
        return Err(Error::WrongKey);
    }
    let file_key = wrapping(shared.as_bytes(), &share, key.recipient())
        .decrypt(&Nonce::default(), wrapped.as_slice())
        .map_err(|_| Error::WrongKey)?;
    let file_key = Zeroizing::new(file_key);
    mac(&file_key, &start[..MARKED])
        .verify_slice(&told)
        .map_err(|_| Error::WrongKey)?;
    Ok(derive(&file_key, &start[HEADER..], b"payload"))
}

/// 32 bytes at the beginning of a text, followed by the end of the line. Only their one right form is taken.
fn word(text: &[u8]) -> Option<[u8; 32]> {
    let (word, rest) = text.split_at_checked(WORD)?;
    if rest.first() != Some(&b'\n') {
        return None;
    }
    STANDARD_NO_PAD.decode(word).ok()?.try_into().ok()
}

/// What the file key is encrypted with.
fn wrapping(shared: &[u8; 32], share: &PublicKey, recipient: &PublicKey) -> ChaCha20Poly1305 {
    let salt = [*share.as_bytes(), *recipient.as_bytes()].concat();
    let key = derive(shared, &salt, b"age-encryption.org/v1/X25519");
    ChaCha20Poly1305::new(key.as_slice().try_into().expect("a key has 32 bytes"))
}

fn mac(file_key: &[u8], header: &[u8]) -> Hmac<Sha256> {
    code(derive(file_key, &[], b"header").as_slice(), header)
}

/// HKDF with SHA-256 (RFC 5869) for one block: extract, then the first round of expand.
fn derive(secret: &[u8], salt: &[u8], info: &[u8]) -> Derived {
    let extracted = Zeroizing::new(<[u8; 32]>::from(code(salt, secret).finalize().into_bytes()));
    let round = [info, &[1]].concat();
    let expanded = code(extracted.as_slice(), &round).finalize().into_bytes();
    Zeroizing::new(expanded.into())
}

fn code(key: &[u8], text: &[u8]) -> Hmac<Sha256> {
    let mut code =
        <Hmac<Sha256> as Mac>::new_from_slice(key).expect("HMAC takes keys of any length");
    code.update(text);
    code
}
