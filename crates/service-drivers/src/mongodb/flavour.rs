//! MongoDB and what speaks its protocol: one driver, other rights.

/// Which server it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flavour {
    /// MongoDB itself.
    Mongodb,
    /// FerretDB on SQLite.
    Ferretdb,
}

impl Flavour {
    /// The type's name.
    pub(super) fn kind(self) -> &'static str {
        match self {
            Self::Mongodb => "mongodb",
            Self::Ferretdb => "ferretdb",
        }
    }

    /// The name for people.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Mongodb => "MongoDB",
            Self::Ferretdb => "FerretDB",
        }
    }

    /// What is supported, for people.
    pub(super) fn supported(self) -> &'static str {
        match self {
            Self::Mongodb => "versions 6 and 7 are supported",
            Self::Ferretdb => "version 1.24 is supported",
        }
    }

    /// Whether a version is, as `7`, `7.0.15` or an image's tag. How FerretDB keeps its users, which we write
    /// ourselves, was looked at in 1.24, the last of its line.
    pub(super) fn supports(self, version: &str) -> bool {
        let mut parts = version.split('.').map(number);
        let (major, minor) = (parts.next().flatten(), parts.next().flatten());
        match self {
            Self::Mongodb => matches!(major, Some(6 | 7)),
            Self::Ferretdb => (major, minor) == (Some(1), Some(24)),
        }
    }
}

/// The digits at its beginning.
fn number(text: &str) -> Option<u32> {
    let digits = text.find(|c: char| !c.is_ascii_digit());
    text[..digits.unwrap_or(text.len())].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::Flavour::{Ferretdb, Mongodb};

    #[test]
    fn versions_are_known() {
        for (version, mongodb, ferretdb) in [
            ("7", true, false),
            ("6.0.19", true, false),
            ("7-jammy", true, false),
            ("1.24", false, true),
            ("1.24.2", false, true),
            ("1.24-rc1", false, true),
            ("1.2", false, false),
            ("1", false, false),
            ("2.7.0", false, false),
            ("8.0", false, false),
            ("5.0", false, false),
            ("77", false, false),
            ("latest", false, false),
            ("", false, false),
        ] {
            assert_eq!(Mongodb.supports(version), mongodb, "MongoDB {version}");
            assert_eq!(Ferretdb.supports(version), ferretdb, "FerretDB {version}");
        }
    }
}
