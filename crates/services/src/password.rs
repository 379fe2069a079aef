//! Passwords of bindings and of the administrators of clusters that Windlass runs itself.

use rand::distr::{Alphanumeric, Distribution};
use rand::rngs::OsRng;
use rand::{Rng, TryRngCore};
use secrecy::SecretString;

/// Characters of a password: 32 of them hold about 190 bits.
pub const LENGTH: usize = 32;

/// A new password: `[A-Za-z][A-Za-z0-9]{31}`, from the operating system's source of randomness.
///
/// A letter comes first and nothing needs an escape, because frameworks read parts of a URL as JSON
/// (Laravel makes a number of `1e5`) and shells, YAML and URLs each have characters of their own.
pub fn generate() -> SecretString {
    let mut source = OsRng.unwrap_err();
    let mut password = String::with_capacity(LENGTH);
    password.push(letter(&mut source));
    password.extend((1..LENGTH).map(|_| char::from(Alphanumeric.sample(&mut source))));
    password.into()
}

/// An ASCII letter; drawing again instead of mapping keeps every letter equally likely.
fn letter(source: &mut impl Rng) -> char {
    loop {
        let drawn = char::from(Alphanumeric.sample(source));
        if drawn.is_ascii_alphabetic() {
            return drawn;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use secrecy::ExposeSecret;

    use super::{LENGTH, generate};

    #[test]
    fn passwords_have_the_promised_form_and_never_repeat() {
        let passwords: BTreeSet<String> = (0..500)
            .map(|_| generate().expose_secret().to_owned())
            .collect();
        assert_eq!(passwords.len(), 500);
        for password in &passwords {
            assert_eq!(password.len(), LENGTH);
            assert!(
                password.starts_with(|c: char| c.is_ascii_alphabetic()),
                "{password}"
            );
            assert!(
                password.chars().all(|c| c.is_ascii_alphanumeric()),
                "{password}"
            );
        }
        let used: BTreeSet<char> = passwords
            .iter()
            .flat_map(|password| password.chars())
            .collect();
        assert_eq!(used.len(), 62, "16,000 characters use the whole alphabet");
    }
}
