//! SHA-crypt with SHA-256, by Ulrich Drepper's specification, with salts of any length: MySQL's are of 20
//! bytes, four more than the specification's longest, so that ready-made ones would cut them.

use sha2::{Digest, Sha256};

const DIGITS: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The digest in SHA-crypt's writing, 43 characters. The numbers are the specification's.
pub(super) fn sha256_crypt(password: &[u8], salt: &[u8], rounds: usize) -> String {
    // 4-8
    let other = Sha256::new()
        .chain_update(password)
        .chain_update(salt)
        .chain_update(password)
        .finalize();
    // 1-3, 9-12
    let mut first = Sha256::new().chain_update(password).chain_update(salt);
    first.update(stretched(&other, password.len()));
    let mut bits = password.len();
    while bits > 0 {
        if bits & 1 == 1 {
            first.update(other);
        } else {
            first.update(password);
        }
        bits >>= 1;
    }
    let mut digest = first.finalize();
    // 13-16
    let mut many = Sha256::new();
    for _ in 0..password.len() {
        many.update(password);
    }
    let passwords = stretched(&many.finalize(), password.len());
    // 17-20
    let mut many = Sha256::new();
    for _ in 0..16 + usize::from(digest[0]) {
        many.update(salt);
    }
    let salts = stretched(&many.finalize(), salt.len());
    // 21
    for round in 0..rounds {
        let mut next = Sha256::new();
        if round % 2 == 1 {
            next.update(&passwords);
        } else {
            next.update(digest);
        }
        if round % 3 != 0 {
            next.update(&salts);
        }
        if round % 7 != 0 {
            next.update(&passwords);
        }
        if round % 2 == 1 {
            next.update(digest);
        } else {
            next.update(&passwords);
        }
        digest = next.finalize();
    }
    written(&digest)
}

/// The digest repeated up to that length.
fn stretched(digest: &[u8], length: usize) -> Vec<u8> {
    digest.iter().copied().cycle().take(length).collect()
}

/// 22: groups of three bytes in an order of their own, six bits a character, the lowest first.
fn written(digest: &[u8]) -> String {
    let mut text = String::with_capacity(43);
    let mut group = |high: u8, middle: u8, low: u8, characters: usize| {
        let mut bits = u32::from_be_bytes([0, high, middle, low]);
        for _ in 0..characters {
            text.push(char::from(DIGITS[(bits & 63) as usize]));
            bits >>= 6;
        }
    };
    let (mut a, mut b, mut c) = (0, 10, 20);
    for _ in 0..10 {
        group(digest[a], digest[b], digest[c], 4);
        (a, b, c) = (c + 1, a + 1, b + 1);
    }
    group(0, digest[31], digest[30], 3);
    text
}

#[cfg(test)]
mod tests {
    use super::sha256_crypt;

    /// What crypt(3) of glibc says.
    #[test]
    fn salts_of_the_specification() {
        assert_eq!(
            sha256_crypt(b"Hello world!", b"saltstring", 5000),
            "5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"
        );
        assert_eq!(
            sha256_crypt(b"Hello world!", b"saltstringsaltst", 10_000),
            "3xv.VbSHBb41AL9AvLeujZkZRBAwqFMz2.opqey6IcA"
        );
    }

    /// The example of password recovery tools for MySQL's `$A$005$`.
    #[test]
    fn a_salt_of_twenty_bytes() {
        let salt = [
            0xF9, 0xCC, 0x98, 0xCE, 0x08, 0x89, 0x29, 0x24, 0xF5, 0x0A, 0x21, 0x3B, 0x6B, 0xC5,
            0x71, 0xA2, 0xC1, 0x17, 0x78, 0xC5,
        ];
        assert_eq!(
            sha256_crypt(b"hashcat", &salt, 5000),
            "bTy95Y99eAME1dwEkHOA1ndHGBWz.1bxSSRkuTXFGV/"
        );
    }
}
