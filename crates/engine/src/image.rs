//! Images: built, looked up, pinned.

use std::fmt;

use bytes::Bytes;
use futures::stream::BoxStream;
use serde::{Deserialize, Serialize};

use crate::labels::Labels;

/// The content address of an image on the engine (`sha256:...`). What a release pins; never a tag.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ImageId(pub String);

impl fmt::Display for ImageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of an image, such as `postgres:15`, as a user or the catalogue writes it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ImageReference(pub String);

impl fmt::Display for ImageReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A build from a Dockerfile.
pub struct BuildRequest {
    /// The tag that the image gets; named from operation and step, so that a repeated build finds it.
    pub tag: ImageReference,
    /// The build context as an uncompressed tar stream. An `Err` in it fails the build.
    pub context: BoxStream<'static, std::io::Result<Bytes>>,
    /// The Dockerfile's path in the context.
    pub dockerfile: String,
    /// The stage to build, if not the last.
    pub target: Option<String>,
    /// Build arguments. Not for secrets: they stay in the image's history.
    pub arguments: Vec<(String, String)>,
    /// Whether layers of earlier builds may be used. Off by default.
    pub cache: bool,
    /// Memory that one build container may use, in bytes.
    pub memory_bytes: Option<i64>,
    /// Labels of the image.
    pub labels: Labels,
}
