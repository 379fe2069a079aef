//! What an archive says about itself, for the day when its row is lost.

use serde::{Deserialize, Serialize};

use super::error::Error;

/// The version of the label and of what stands behind it.
const VERSION: u32 = 1;
/// One of the numbers of frames that zstd skips (RFC 8878, section 3.1.2); this one is ours.
const SKIPPED: [u8; 4] = 0x184d_2a57_u32.to_le_bytes();
/// Number and length.
const HEAD: usize = 8;
/// Longer than any label; part of the first chunk in any case.
const MOST: usize = 4096;

/// What an archive says about its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// The id of the backup of one instance.
    pub backup: String,
    /// The driver's name of the type: `postgres`.
    pub driver: String,
    /// The driver's name of the content's form: `custom`, `sql`, `tar`.
    pub format: String,
    /// The version of the type, as the catalogue names it.
    pub version: String,
}

#[derive(Serialize, Deserialize)]
struct Versioned<T> {
    windlass_archive: u32,
    #[serde(flatten)]
    label: T,
}

#[derive(Deserialize)]
struct Unknown {}

impl Label {
    /// As a frame.
    pub(super) fn write(&self) -> Result<Vec<u8>, Error> {
        let versioned = Versioned {
            windlass_archive: VERSION,
            label: self,
        };
        let text = serde_json::to_vec(&versioned).expect("texts have a JSON form");
        let length = u32::try_from(text.len())
            .ok()
            .filter(|_| text.len() <= MOST);
        let Some(length) = length else {
            return Err(Error::Content(format!(
                "a label of {} bytes is too long",
                text.len()
            )));
        };
        Ok([&SKIPPED[..], &length.to_le_bytes(), &text].concat())
    }

    /// From the beginning of the first chunk; how long its frame is too.
    pub(super) fn read(content: &[u8]) -> Result<(Self, usize), Error> {
        let none = || Error::Content("it has no label of Windlass".to_owned());
        let (head, rest) = content.split_at_checked(HEAD).ok_or_else(none)?;
        let length = head.strip_prefix(&SKIPPED).ok_or_else(none)?;
        let length = u32::from_le_bytes(length.try_into().map_err(|_| none())?);
        let length = usize::try_from(length).map_err(|_| none())?;
        let text = rest
            .get(..length)
            .filter(|_| length <= MOST)
            .ok_or_else(none)?;
        let version: Versioned<Unknown> = serde_json::from_slice(text).map_err(|_| none())?;
        if version.windlass_archive > VERSION {
            return Err(Error::Newer(format!(
                "archives of version {}",
                version.windlass_archive
            )));
        }
        let read: Versioned<Self> = serde_json::from_slice(text).map_err(|_| none())?;
        Ok((read.label, HEAD + length))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label() -> Label {
        Label {
            backup: "one".to_owned(),
            driver: "postgres".to_owned(),
            format: "custom".to_owned(),
            version: "15".to_owned(),
        }
    }

    #[test]
    fn labels_are_read_as_they_were_written() {
        let mut written = label().write().unwrap();
        let length = written.len();
        written.extend_from_slice(b"more");
        assert_eq!(Label::read(&written).unwrap(), (label(), length));
        for cut in 0..length {
            assert!(
                matches!(Label::read(&written[..cut]), Err(Error::Content(_))),
                "{cut}"
            );
        }
        let long = Label {
            format: "x".repeat(MOST),
            ..label()
        };
        assert!(matches!(long.write(), Err(Error::Content(_))));
    }

    #[test]
    fn a_later_version_is_named_whatever_else_it_has() {
        let text = br#"{"windlass_archive":2,"contents":["a"]}"#;
        let length = u32::try_from(text.len()).unwrap().to_le_bytes();
        let frame = [&SKIPPED[..], &length, text].concat();
        let error = Label::read(&frame).unwrap_err();
        assert!(
            matches!(&error, Error::Newer(version) if version.ends_with('2')),
            "{error}"
        );
    }
}
