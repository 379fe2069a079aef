//! Whose an object is, and whether it is the one that was asked for. Shared by the back ends, so that
//! they cannot differ in it.

use std::fmt;

use crate::error::Error;
use crate::image::ImageReference;
use crate::labels::{EPOCH, INSTALLATION, Labels, OPERATION};

/// Names of images that begin so are Windlass's, whatever image they stand for: [`tag`] gives them to
/// images that carry no label of ours, and [`remove_image`] takes only these away from such an image.
///
/// [`tag`]: crate::Engine::tag
/// [`remove_image`]: crate::Engine::remove_image
pub const OWN_IMAGE_NAMES: &str = "windlass/";

/// How the id of an image begins.
const ID: &str = "sha256:";
/// Docker's own registry: a name means the same with and without it.
const DEFAULT_REGISTRIES: [&str; 2] = ["docker.io/", "index.docker.io/"];
/// The longest tag.
const MAXIMUM_TAG: usize = 128;

/// Why a name may stand for an image that is not everybody's. All images of an engine are in one store,
/// those that were built for other applications among them, and Docker takes an id, or the beginning of one,
/// for a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrivateName {
    /// It begins with [`OWN_IMAGE_NAMES`].
    Own,
    /// It is an id, whole or in part.
    Id,
    /// It has nothing but hexadecimal digits.
    Digits,
}

impl fmt::Display for PrivateName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Own => "it is the name of an image that Windlass built for an application",
            Self::Id => "it is the id of an image",
            Self::Digits => "it could be the beginning of an image's id",
        })
    }
}

/// Why the name may stand for an image of another's, if it may. Whoever writes a name as a tenant gets only
/// those for which this is `None`. Spellings that Docker would refuse count as what they look like.
pub fn private_name(reference: &str) -> Option<PrivateName> {
    let name = without_default_registry(reference);
    if name.starts_with(OWN_IMAGE_NAMES) {
        Some(PrivateName::Own)
    } else if name.starts_with(ID) {
        Some(PrivateName::Id)
    } else if !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        Some(PrivateName::Digits)
    } else {
        None
    }
}

/// Whether a name of which only the beginning is known may be one of those.
pub fn may_become_private(beginning: &str) -> bool {
    let name = without_default_registry(beginning);
    private_name(&name).is_some()
        || [OWN_IMAGE_NAMES, ID]
            .iter()
            .chain(&DEFAULT_REGISTRIES)
            .any(|private| private.starts_with(&name))
}

/// Whether the name is one that Windlass gave to an image of this application: exactly so, with a tag and
/// nothing behind it that could lead elsewhere, such as a digest.
pub fn is_image_of(reference: &str, application: &str) -> bool {
    let tag = DEFAULT_REGISTRIES
        .iter()
        .find_map(|registry| reference.strip_prefix(registry))
        .unwrap_or(reference)
        .strip_prefix(OWN_IMAGE_NAMES)
        .and_then(|name| name.strip_prefix(application))
        .and_then(|name| name.strip_prefix(':'));
    tag.is_some_and(|tag| {
        !tag.is_empty()
            && tag.len() <= MAXIMUM_TAG
            && !tag.starts_with(['.', '-'])
            && tag
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
    })
}

/// The name in small letters and without Docker's own registry, however often that was written.
fn without_default_registry(reference: &str) -> String {
    let mut name = reference.trim().to_lowercase();
    while let Some(rest) = DEFAULT_REGISTRIES
        .iter()
        .find_map(|registry| name.strip_prefix(registry))
    {
        name = rest.trim_start_matches('/').to_owned();
    }
    name
}

/// Whether the object carries the installation's label.
pub fn is_own(labels: &Labels, installation: &str) -> bool {
    labels.value(INSTALLATION) == Some(installation)
}

/// Whether the name is one that Windlass gives.
pub fn is_own_image_name(reference: &ImageReference) -> bool {
    reference.0.starts_with(OWN_IMAGE_NAMES)
}

/// Refuses to make an object that the engine would later not know as its own.
pub fn require_own(
    labels: &Labels,
    installation: &str,
    what: &'static str,
    name: &str,
) -> Result<(), Error> {
    if is_own(labels, installation) {
        return Ok(());
    }
    Err(Error::Refused {
        doing: format!("making {what} '{name}'"),
        reason: format!(
            "it is not labelled {INSTALLATION}={installation}, so it could never be removed again"
        ),
    })
}

/// Refuses to touch an object of someone else.
pub fn check_own(
    labels: &Labels,
    installation: &str,
    what: &'static str,
    name: &str,
) -> Result<(), Error> {
    if is_own(labels, installation) {
        return Ok(());
    }
    Err(Error::Conflict {
        what,
        name: name.to_owned(),
        reason: format!(
            "it does not belong to this installation (no label {INSTALLATION}={installation}) and is left alone"
        ),
    })
}

/// The first label in which they differ, but for the operation's and its epoch: those say who made the
/// object, not what it is.
pub fn differing_label<'a>(wanted: &'a Labels, actual: &'a Labels) -> Option<&'a str> {
    wanted
        .0
        .keys()
        .chain(actual.0.keys())
        .filter(|name| !matches!(name.as_str(), OPERATION | EPOCH))
        .find(|name| wanted.0.get(*name) != actual.0.get(*name))
        .map(String::as_str)
}

/// Checks that an object which exists is the one asked for: ours, with the same labels.
pub fn check_same(
    wanted: &Labels,
    actual: &Labels,
    installation: &str,
    what: &'static str,
    name: &str,
) -> Result<(), Error> {
    check_own(actual, installation, what, name)?;
    match differing_label(wanted, actual) {
        None => Ok(()),
        Some(label) => Err(Error::Conflict {
            what,
            name: name.to_owned(),
            reason: format!(
                "its label {label} is {}, asked for was {}",
                actual.value(label).unwrap_or("absent"),
                wanted.value(label).unwrap_or("absent"),
            ),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels() -> Labels {
        Labels::new().with(INSTALLATION, "one").with("a", "1")
    }

    #[test]
    fn operation_and_epoch_do_not_count() {
        let made_by = labels().with(OPERATION, "x").with(EPOCH, 3);
        assert_eq!(differing_label(&labels(), &made_by), None);
        assert!(check_same(&labels(), &made_by, "one", "volume", "v").is_ok());
    }

    #[test]
    fn missing_more_and_changed_labels_differ() {
        assert_eq!(
            differing_label(&labels(), &labels().with("b", "2")),
            Some("b")
        );
        assert_eq!(
            differing_label(&labels().with("b", "2"), &labels()),
            Some("b")
        );
        assert_eq!(
            differing_label(&labels(), &labels().with("a", "2")),
            Some("a")
        );
    }

    #[test]
    fn another_installation_is_foreign() {
        assert!(matches!(
            check_own(&labels(), "two", "volume", "v"),
            Err(Error::Conflict { .. })
        ));
        assert!(matches!(
            require_own(&Labels::new(), "one", "volume", "v"),
            Err(Error::Refused { .. })
        ));
    }

    #[test]
    fn names_of_others_images_are_private() {
        use PrivateName::{Digits, Id, Own};
        for (name, expected) in [
            ("windlass/shop:1", Some(Own)),
            ("docker.io/windlass/shop:1", Some(Own)),
            ("index.docker.io/windlass/shop", Some(Own)),
            ("docker.io/docker.io/windlass/shop", Some(Own)),
            ("DOCKER.IO//Windlass/shop", Some(Own)),
            (" windlass/shop@sha256:0", Some(Own)),
            ("windlass/trust:0123", Some(Own)),
            ("sha256:3fa", Some(Id)),
            ("docker.io/sha256:3fa", Some(Id)),
            ("3fa", Some(Digits)),
            ("FEED", Some(Digits)),
            ("0", Some(Digits)),
            ("docker.io/feed", Some(Digits)),
            ("feed:latest", None),
            ("library/feed", None),
            ("feed@sha256:0", None),
            ("windlass", None),
            ("windlass:1", None),
            ("windlass-test/python:1", None),
            ("registry.example.org/windlass/shop", None),
            ("localhost:5000/windlass/shop", None),
            ("node:22", None),
            ("scratch", None),
            ("", None),
        ] {
            assert_eq!(private_name(name), expected, "{name}");
        }
    }

    #[test]
    fn beginnings_that_may_become_private() {
        for name in [
            "",
            "w",
            "windlass",
            "windlass/",
            "windlass/x",
            "sha",
            "sha256:",
            "a",
            "3fa",
            "docker.io",
            "docker.io/",
            "index.",
            "docker.io/win",
            "docker.io/index.docker.io/",
        ] {
            assert!(may_become_private(name), "{name}");
        }
        for name in [
            "python:",
            "python",
            "windlass-",
            "windlass:",
            "feed:",
            "docker.io/library/",
            "registry.example.org/",
        ] {
            assert!(!may_become_private(name), "{name}");
        }
    }

    #[test]
    fn only_a_tag_of_its_own_repository_is_an_applications_image() {
        for name in [
            "windlass/shop:1",
            "docker.io/windlass/shop:01abc_x.y-z",
            "index.docker.io/windlass/shop:1",
        ] {
            assert!(is_image_of(name, "shop"), "{name}");
        }
        for name in [
            "windlass/shop",
            "windlass/shop:",
            "windlass/shop-two:1",
            "windlass/shop/x:1",
            "windlass/other:1",
            "windlass/shop:1@sha256:0123",
            "windlass/shop@sha256:0123",
            "windlass/shop:5000/windlass/other:1",
            "windlass/shop:..",
            "docker.io/docker.io/windlass/shop:1",
            "DOCKER.IO/windlass/shop:1",
            " windlass/shop:1",
            "shop:1",
            "sha256:0123",
        ] {
            assert!(!is_image_of(name, "shop"), "{name}");
        }
    }
}
