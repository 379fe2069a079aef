//! The contract of a place in which archives are kept.

mod error;
mod name;

use async_trait::async_trait;
use tokio::io::AsyncRead;

pub use error::Error;
pub use name::{InvalidName, Name};

/// Content that is read.
pub type Content = Box<dyn AsyncRead + Send + Unpin>;

/// Something that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its name.
    pub name: Name,
    /// How long it is.
    pub bytes: u64,
}

/// A place in which archives are kept: a directory, a bucket.
///
/// Contract: no name goes on from another with a `/`. Calls may come at once, for the same name too. Each has its named
/// time-outs. One that is dropped is given up: nothing is there under the name that was not there before, but what
/// [`Target::sweep`] removes.
#[async_trait]
pub trait Target: Send + Sync {
    /// The place, for people. Without anything secret.
    fn description(&self) -> String;

    /// Keeps all of the content under the name; gives its length. It is there whole, and safe from a loss of power, or
    /// not there at all: what had the name before stays until then, and stays when this fails. An error of the content
    /// is [`Error::Content`].
    async fn put(
        &self,
        name: &Name,
        content: &mut (dyn AsyncRead + Send + Unpin),
    ) -> Result<u64, Error>;

    /// The content from that byte on; nothing if it is not as long. [`Error::Missing`] if nothing has the name. A
    /// place that fails later on is an error of the stream.
    async fn get(&self, name: &Name, offset: u64) -> Result<Content, Error>;

    /// Nothing has the name any more; nothing having it is fine.
    async fn delete(&self, name: &Name) -> Result<(), Error>;

    /// What has a name that begins like this, by name, from behind that name on; at most so many, and one at least if
    /// there is one.
    async fn list(
        &self,
        prefix: &str,
        after: Option<&Name>,
        most: usize,
    ) -> Result<Vec<Object>, Error>;

    /// Bytes for which there is room, where the place tells: those that [`Target::put`] would use.
    async fn room(&self) -> Result<Option<u64>, Error>;

    /// Removes what calls of [`Target::put`] that did not come to their end have left, of earlier processes too; how
    /// many. What a call is still busy with stays, and what was still on its way is found the next time. One
    /// installation at a time may have the place.
    async fn sweep(&self) -> Result<usize, Error>;
}
