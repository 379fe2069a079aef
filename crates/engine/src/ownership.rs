//! Whose an object is, and whether it is the one that was asked for. Shared by the back ends, so that
//! they cannot differ in it.

use crate::error::Error;
use crate::image::ImageReference;
use crate::labels::{EPOCH, INSTALLATION, Labels, OPERATION};

/// Names of images that begin so are Windlass's, whatever image they stand for: [`tag`] gives them to
/// images that carry no label of ours, and [`remove_image`] takes only these away from such an image.
///
/// [`tag`]: crate::Engine::tag
/// [`remove_image`]: crate::Engine::remove_image
pub const OWN_IMAGE_NAMES: &str = "windlass/";

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
}
