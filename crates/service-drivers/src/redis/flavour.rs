//! Redis and what was made of it: one driver, other names.

/// Which server it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flavour {
    /// Redis itself.
    Redis,
    /// The fork of version 7.2.4 under its first licence.
    Valkey,
}

impl Flavour {
    /// The type's name, which is also the user's in the image.
    pub(super) fn kind(self) -> &'static str {
        match self {
            Self::Redis => "redis",
            Self::Valkey => "valkey",
        }
    }

    /// The name for people.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Redis => "Redis",
            Self::Valkey => "Valkey",
        }
    }

    /// The image without its tag.
    pub(super) fn image(self) -> &'static str {
        match self {
            Self::Redis => "redis",
            Self::Valkey => "valkey/valkey",
        }
    }

    /// The server's program.
    pub(super) fn program(self) -> &'static str {
        match self {
            Self::Redis => "redis-server",
            Self::Valkey => "valkey-server",
        }
    }

    /// What is supported, for people.
    pub(super) fn supported(self) -> &'static str {
        match self {
            Self::Redis => "versions 7 and 8",
            Self::Valkey => "versions 7.2 and 8",
        }
    }

    /// Whether a version is, as `7`, `7.0.15` or an image's tag; Valkey begins at 7.2.
    pub(super) fn supports(self, version: &str) -> bool {
        let number = |text: &str| -> Option<u32> {
            let digits = text.find(|c: char| !c.is_ascii_digit());
            text[..digits.unwrap_or(text.len())].parse().ok()
        };
        let mut parts = version.split('.');
        let major = parts.next().and_then(number);
        let minor = parts.next().and_then(number);
        match (self, major) {
            (Self::Redis, Some(7 | 8)) | (Self::Valkey, Some(8)) => true,
            (Self::Valkey, Some(7)) => minor.is_none_or(|minor| minor >= 2),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Flavour::{Redis, Valkey};

    #[test]
    fn versions_are_known() {
        for (version, redis, valkey) in [
            ("7", true, true),
            ("7.0.15", true, false),
            ("7.2-bookworm", true, true),
            ("8-alpine", true, true),
            ("8.0.1", true, true),
            ("6.2", false, false),
            ("9", false, false),
            ("", false, false),
            ("latest", false, false),
            ("77", false, false),
        ] {
            assert_eq!(Redis.supports(version), redis, "Redis {version}");
            assert_eq!(Valkey.supports(version), valkey, "Valkey {version}");
        }
    }
}
