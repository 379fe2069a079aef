//! Repositories elsewhere, as applications have them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A text that is none of the words that are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is none of the words that are known")]
pub struct UnknownWord;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $word)] $variant),+
        }

        impl $name {
            /// Every one.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The word on the wire and in the store.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::ALL.iter().copied().find(|word| word.as_str() == text).ok_or(UnknownWord)
            }
        }
    };
}

words! {
    /// The type of a deploy key.
    KeyType {
        /// What to choose where nothing speaks against it.
        Ed25519 = "ED25519",
        /// On the curve P-256.
        Ecdsa = "ECDSA",
        /// 3072 bits, for hosts that know nothing else.
        Rsa = "RSA",
    }
}

words! {
    /// What is known of a repository elsewhere.
    RepositoryState {
        /// Nothing yet: it has not been checked.
        Cloning = "CLONING",
        /// The last check could read it.
        Cloned = "CLONED",
        /// The last check could not.
        Invalid = "INVALID",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_as_they_are_written() {
        for key in KeyType::ALL {
            assert_eq!(key.as_str().parse(), Ok(*key));
        }
        for state in RepositoryState::ALL {
            assert_eq!(state.as_str().parse(), Ok(*state));
        }
        assert_eq!("DSA".parse::<KeyType>(), Err(UnknownWord));
    }
}
