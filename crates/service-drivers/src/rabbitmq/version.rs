//! Versions of the server.

/// The versions that are known to work, for people.
pub(super) const SUPPORTED: &str = "versions 3.10.7 to 4.x are supported";
/// The first of the line 3.10 that lists a user's connections.
const FIRST_PATCH_OF_3_10: u32 = 7;

/// Whether a server of this version, or an image of this tag, can be used. A tag that is no whole version is
/// that of the newest of a line.
pub(super) fn is_supported(version: &str) -> bool {
    let Some(parts) = version.split('.').map(number).collect::<Option<Vec<_>>>() else {
        return false;
    };
    match parts[..] {
        [3 | 4] | [4, ..] => true,
        [3, 10, patch, ..] => patch >= FIRST_PATCH_OF_3_10,
        [3, minor, ..] => minor >= 10,
        _ => false,
    }
}

fn number(part: &str) -> Option<u32> {
    // `parse` alone would take a sign.
    part.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| part.parse().ok())
        .flatten()
}

/// The version that a running server says it is, which may end in `-rc.1` or `+5`.
pub(super) fn is_supported_server(version: &str) -> bool {
    let end = version.find(['-', '+']).unwrap_or(version.len());
    is_supported(&version[..end])
}

#[cfg(test)]
mod tests {
    use super::{is_supported, is_supported_server};

    #[test]
    fn versions_3_10_to_4_do_and_no_others() {
        for (version, does) in [
            ("3.9.29", false),
            ("3.10", true),
            ("3.10.6", false),
            ("3.10.7", true),
            ("3.10.25", true),
            ("3.13.7", true),
            ("3", true),
            ("4", true),
            ("4.0", true),
            ("4.2.1", true),
            ("5.0", false),
            ("2.8", false),
            ("", false),
            ("latest", false),
            ("4.", false),
            ("+4.1", false),
            ("3.10-management", false),
            ("3.10 --privileged", false),
            ("4/../x", false),
            ("99999999999", false),
        ] {
            assert_eq!(is_supported(version), does, "{version}");
        }
        assert!(is_supported_server("4.1.0-rc.1"));
        assert!(!is_supported_server("3.9.0+5"));
    }
}
