//! Which names are paths that stay where they are unpacked.

use windlass_model::percent::encode;

use super::ODD;

/// The longest name of an object that S3 has.
const LONGEST: usize = 1024;

/// Whether a name is a relative path that leads nowhere else.
pub(super) fn is_clean(name: &str) -> bool {
    let is_good = |part: &str| !["", ".", ".."].contains(&part);
    name.split('/').all(is_good)
        && !name.chars().any(|c| c.is_control() || c == '\\')
        && !name.starts_with(ODD)
        && name.len() <= LONGEST
}

/// The path at which an object stands in an archive.
pub(super) fn path_of(key: &str) -> String {
    if is_clean(key) {
        key.to_owned()
    } else {
        // Dots too: two of them would lead away.
        format!("{ODD}/{}", encode(key).replace('.', "%2E"))
    }
}

/// The name of the object that a path stands for; why it is none.
pub(super) fn key_of(path: &str) -> Result<&str, String> {
    let name = path.strip_prefix("./").unwrap_or(path);
    if is_clean(name) {
        return Ok(name);
    }
    let shown: String = path.chars().take(100).collect();
    Err(format!(
        "'{}' is no relative path of a file",
        shown.escape_debug()
    ))
}

/// Whether an object may have this name.
pub(super) fn is_key(key: &str) -> bool {
    !key.is_empty() && key.len() <= LONGEST && !key.contains('\0')
}

#[cfg(test)]
mod tests {
    use super::{is_clean, key_of, path_of};

    #[test]
    fn paths_that_lead_elsewhere_are_no_names() {
        for path in [
            "/etc/passwd",
            "../x",
            "a/../b",
            "a/..",
            "..",
            ".",
            "",
            "a//b",
            "a/",
            "a/./b",
            "a\\b",
            "a\nb",
            "a\0b",
            "windlass-odd-names/x",
        ] {
            assert!(key_of(path).is_err(), "{path:?}");
            let stands = path_of(path);
            assert!(stands.starts_with("windlass-odd-names/"), "{stands}");
            let rest = &stands["windlass-odd-names/".len()..];
            assert!(!rest.contains('/') && !rest.contains(".."), "{stands}");
        }
        for path in ["a", "a/b.txt", "é/漢 字", "..a", "a..b/c", ".hidden"] {
            assert!(is_clean(path), "{path}");
            assert_eq!(key_of(path), Ok(path));
            assert_eq!(key_of(&format!("./{path}")), Ok(path));
            assert_eq!(path_of(path), path);
        }
    }
}
