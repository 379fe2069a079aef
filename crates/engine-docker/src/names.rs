//! Names go into paths of requests, so only those pass that mean nothing else there.

use windlass_engine::{Error, ImageReference};

/// Longer than any name that Windlass makes; Docker's own limits are higher.
const MAXIMUM: usize = 255;

fn refused(what: &str, name: &str) -> Error {
    Error::Refused {
        doing: format!("naming {what} '{}'", name.escape_debug()),
        reason: format!("this is no name that Docker accepts for {what}"),
    }
}

/// The name of a container, network or volume.
pub(crate) fn check(what: &str, name: &str) -> Result<(), Error> {
    let mut bytes = name.bytes();
    let start = bytes
        .next()
        .is_some_and(|byte| byte.is_ascii_alphanumeric());
    let rest = bytes.all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte));
    // Docker wants two characters at least.
    if start && rest && (2..=MAXIMUM).contains(&name.len()) {
        Ok(())
    } else {
        Err(refused(what, name))
    }
}

/// The name or id of an image.
pub(crate) fn check_image(reference: &ImageReference) -> Result<(), Error> {
    let name = &reference.0;
    let start = name.starts_with(|first: char| first.is_ascii_alphanumeric());
    let allowed = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"_.-/:@".contains(&byte));
    let clean = !name.contains("..") && !name.contains("//") && !name.ends_with(['/', ':', '@']);
    if start && allowed && clean && name.len() <= MAXIMUM * 2 {
        Ok(())
    } else {
        Err(refused("image", name))
    }
}

/// Repository and tag; `latest` where none is given, as everywhere.
pub(crate) fn split(reference: &ImageReference) -> (&str, &str) {
    match reference.0.rsplit_once(':') {
        // A colon before a slash is a registry's port.
        Some((repository, tag)) if !tag.contains('/') => (repository, tag),
        _ => (&reference.0, "latest"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_paths_or_queries_do_not_pass() {
        for name in ["", "a", "../x", "a/b", "a?b", "a b", "-a", "a%2f", "a\n"] {
            assert!(check("container", name).is_err(), "{name:?}");
        }
        assert!(check("container", "web-1.x_y").is_ok());
        for name in ["", "x?y", "../x", "a//b", "x:", "a b", "a/../b", "x#y"] {
            assert!(
                check_image(&ImageReference(name.to_owned())).is_err(),
                "{name:?}"
            );
        }
        for name in [
            "postgres:15",
            "localhost:5000/a/b:1",
            "sha256:0123",
            "a@sha256:0123",
        ] {
            assert!(
                check_image(&ImageReference(name.to_owned())).is_ok(),
                "{name:?}"
            );
        }
    }

    #[test]
    fn tags_are_told_from_ports() {
        let parts = |name: &str| {
            let name = ImageReference(name.to_owned());
            let (a, b) = split(&name);
            (a.to_owned(), b.to_owned())
        };
        assert_eq!(
            parts("postgres:15"),
            ("postgres".to_owned(), "15".to_owned())
        );
        assert_eq!(
            parts("localhost:5000/a"),
            ("localhost:5000/a".to_owned(), "latest".to_owned())
        );
    }
}
