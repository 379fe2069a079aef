//! The names under which things are kept.

use std::fmt;
use std::str::FromStr;

/// A name: parts of `a-z`, `0-9`, `.`, `_` and `-`, none of which begins with a point, with `/` between them. It is a
/// relative path in a directory and the end of a key in a bucket.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(String);

/// A text that is no name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{0}' is no name of an archive: parts of a-z, 0-9, '.', '_' and '-' with '/' between them are"
)]
pub struct InvalidName(String);

impl Name {
    /// The longest.
    pub const MOST: usize = 200;

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Name {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_sign =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
        let is_part =
            |part: &str| !part.is_empty() && !part.starts_with('.') && part.bytes().all(is_sign);
        if text.len() <= Self::MOST && text.split('/').all(is_part) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidName(text.chars().take(64).collect()))
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Name;

    #[test]
    fn names_are_paths_that_stay_inside() {
        for good in ["a", "backups/0190-a0/postgres.zst.age", "a.b/c_d-0"] {
            assert_eq!(good.parse::<Name>().unwrap().as_str(), good);
        }
        let long = "a".repeat(Name::MOST + 1);
        for bad in [
            "", "/", "/a", "a/", "a//b", "..", "a/../b", ".a", "a/.b", "A", "a b", "a\0", "ä",
            "a\\b", &long,
        ] {
            assert!(bad.parse::<Name>().is_err(), "{bad}");
        }
    }
}
