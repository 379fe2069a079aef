//! Versions of the server.

/// The versions that are known to work, for people.
pub(super) const SUPPORTED: &str = "versions 2.3 to 2.x are supported";
/// The first that takes keys whose ids and secrets others than Garage made up.
const FIRST_MINOR: u32 = 3;

/// Whether a server of this version, or of the first of this line, can be used.
pub(super) fn is_supported(version: &str) -> bool {
    let Some(parts) = version.split('.').map(number).collect::<Option<Vec<_>>>() else {
        return false;
    };
    matches!(parts[..], [2, minor] | [2, minor, _] if minor >= FIRST_MINOR)
}

/// The tag of the image: there is one for each version, and none for a line.
pub(super) fn tag(version: &str) -> String {
    let is_line = version.split('.').count() == 2;
    format!("v{version}{}", if is_line { ".0" } else { "" })
}

fn number(part: &str) -> Option<u32> {
    // `parse` alone would take a sign.
    part.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| part.parse().ok())
        .flatten()
}

/// The version that a running server says it is: `v2.5.0`, or `cargo:2.5.0` where it was made from the crate,
/// or `git:v2.5.0-3-gabcdef`.
pub(super) fn is_supported_server(version: &str) -> bool {
    let version = version.rsplit(':').next().unwrap_or_default();
    let version = version.strip_prefix('v').unwrap_or(version);
    let end = version.find(['-', '+']).unwrap_or(version.len());
    is_supported(&version[..end])
}

#[cfg(test)]
mod tests {
    use super::{is_supported, is_supported_server};

    #[test]
    fn versions_2_3_to_2_x_do_and_no_others() {
        for (version, does) in [
            ("2.3.0", true),
            ("2.5.0", true),
            ("2.12.3", true),
            ("2.2.0", false),
            ("2.1.0", false),
            ("1.3.1", false),
            ("3.0.0", false),
            ("2.5", true),
            ("2.2", false),
            ("2.5.0.1", false),
            ("2", false),
            ("", false),
            ("latest", false),
            ("2.5.+1", false),
            ("2.5.0 --privileged", false),
            ("2.5.0/../x", false),
        ] {
            assert_eq!(is_supported(version), does, "{version}");
        }
        for (version, does) in [
            ("v2.5.0", true),
            ("cargo:2.5.0", true),
            ("git:v2.4.1-3-gabcdef", true),
            ("git:abcdef", false),
            ("unknown", false),
            ("v1.2.0", false),
            ("v2.1.0", false),
        ] {
            assert_eq!(is_supported_server(version), does, "{version}");
        }
    }
}
