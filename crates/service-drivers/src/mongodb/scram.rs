//! Logging in by SCRAM-SHA-256 (RFC 5802, RFC 7677), and what a server keeps of a password.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use rand::TryRngCore;
use rand::rngs::OsRng;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

pub(super) const MECHANISM: &str = "SCRAM-SHA-256";

/// What the drivers of MongoDB refuse to go below, and we to go above: an imposter's could keep us busy.
const ROUNDS: std::ops::RangeInclusive<u32> = 4096..=1_000_000;
/// Of verifiers that we make: passwords are drawn at random, so that more rounds would make none of them safer.
const OWN_ROUNDS: u32 = 4096;
/// As long as those of MongoDB.
const SALT: usize = 28;

type Hash = [u8; 32];

/// A login that has begun.
pub(super) struct Login {
    first: String,
}

/// The answer to a server's challenge.
pub(super) struct Proof {
    pub(super) message: String,
    /// What the server proves in turn that it knows the password with.
    pub(super) wanted: String,
}

impl Login {
    pub(super) fn of(user: &str) -> Self {
        Self::with_nonce(user, &STANDARD.encode(random::<24>()))
    }

    fn with_nonce(user: &str, nonce: &str) -> Self {
        let user = user.replace('=', "=3D").replace(',', "=2C");
        let first = format!("n={user},r={nonce}");
        Self { first }
    }

    pub(super) fn message(&self) -> String {
        format!("n,,{}", self.first)
    }

    /// Answers the challenge; nothing if it is none.
    pub(super) fn prove(&self, challenge: &str, password: &SecretString) -> Option<Proof> {
        let nonce = field(challenge, "r=")?;
        let own = field(&self.first, "r=")?;
        let salt = STANDARD.decode(field(challenge, "s=")?).ok()?;
        let rounds: u32 = field(challenge, "i=")?.parse().ok()?;
        if !nonce.starts_with(own) || nonce == own || !ROUNDS.contains(&rounds) {
            return None;
        }
        let keys = Keys::of(password, &salt, rounds);
        let last = format!("c=biws,r={nonce}");
        let all = format!("{},{challenge},{last}", self.first);
        let signature = sign(&keys.stored, all.as_bytes());
        let proof: Vec<u8> = keys
            .client
            .iter()
            .zip(signature)
            .map(|(key, bit)| key ^ bit)
            .collect();
        Some(Proof {
            message: format!("{last},p={}", STANDARD.encode(proof)),
            wanted: format!("v={}", STANDARD.encode(sign(&keys.server, all.as_bytes()))),
        })
    }
}

/// What a server keeps of a password.
pub(super) struct Verifier {
    pub(super) rounds: u32,
    pub(super) salt: String,
    pub(super) stored_key: String,
    pub(super) server_key: String,
}

impl Verifier {
    pub(super) fn of(password: &SecretString) -> Self {
        let salt = random::<SALT>();
        let keys = Keys::of(password, &salt, OWN_ROUNDS);
        Self {
            rounds: OWN_ROUNDS,
            salt: STANDARD.encode(salt),
            stored_key: STANDARD.encode(keys.stored),
            server_key: STANDARD.encode(keys.server),
        }
    }
}

struct Keys {
    client: Zeroizing<Hash>,
    stored: Hash,
    server: Hash,
}

impl Keys {
    fn of(password: &SecretString, salt: &[u8], rounds: u32) -> Self {
        let password = password.expose_secret();
        // What cannot be normalised is taken as it is, as the libraries of applications do.
        let prepared = stringprep::saslprep(password);
        let prepared = prepared.as_deref().unwrap_or(password);
        let salted = salted(prepared.as_bytes(), salt, rounds);
        let client = Zeroizing::new(sign(&*salted, b"Client Key"));
        Self {
            stored: Sha256::digest(*client).into(),
            server: sign(&*salted, b"Server Key"),
            client,
        }
    }
}

/// PBKDF2 (RFC 8018) for one block, which is as long as the hash.
fn salted(password: &[u8], salt: &[u8], rounds: u32) -> Zeroizing<Hash> {
    let keyed = keyed(password);
    let hash = |parts: &[&[u8]]| -> Hash {
        let mut mac = keyed.clone();
        for part in parts {
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    };
    let mut last = hash(&[salt, &1_u32.to_be_bytes()]);
    let mut sum = Zeroizing::new(last);
    for _ in 1..rounds {
        last = hash(&[&last]);
        sum.iter_mut()
            .zip(last)
            .for_each(|(sum, byte)| *sum ^= byte);
    }
    sum
}

fn sign(key: &[u8], text: &[u8]) -> Hash {
    let mut mac = keyed(key);
    mac.update(text);
    mac.finalize().into_bytes().into()
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("a key of HMAC has any length")
}

fn random<const LENGTH: usize>() -> [u8; LENGTH] {
    let mut bytes = [0; LENGTH];
    rand::RngCore::fill_bytes(&mut OsRng.unwrap_err(), &mut bytes);
    bytes
}

fn field<'a>(message: &'a str, name: &str) -> Option<&'a str> {
    message.split(',').find_map(|part| part.strip_prefix(name))
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::{Login, Verifier};

    /// The example of RFC 7677, section 3.
    #[test]
    fn the_example_of_the_standard_is_proved() {
        let login = Login::with_nonce("user", "rOprNGfwEbeRWgbNEkqO");
        assert_eq!(login.message(), "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
        let challenge = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
        let proof = login.prove(challenge, &SecretString::from("pencil"));
        let proof = proof.expect("a challenge");
        assert_eq!(
            proof.message,
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
        );
        assert_eq!(
            proof.wanted,
            "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
        );
    }

    #[test]
    fn what_is_no_challenge_for_us_is_not_answered() {
        let login = Login::with_nonce("a=b,c", "nonce");
        assert_eq!(login.message(), "n,,n=a=3Db=2Cc,r=nonce");
        for challenge in [
            "",
            "r=nonce,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
            "r=another,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
            "r=nonce+,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=1",
            "r=nonce+,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4000000000",
            "r=nonce+,s=???,i=4096",
        ] {
            let proof = login.prove(challenge, &SecretString::from("pencil"));
            assert!(proof.is_none(), "{challenge}");
        }
    }

    #[test]
    fn verifiers_differ_for_the_same_password() {
        let password = SecretString::from("pencil");
        let (one, two) = (Verifier::of(&password), Verifier::of(&password));
        assert_ne!(one.salt, two.salt);
        assert_ne!(one.stored_key, two.stored_key);
        assert_ne!(one.stored_key, one.server_key);
    }
}
