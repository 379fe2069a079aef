//! The data of an instance: out as a stream, and in again so that a failed restore changes nothing.

use async_trait::async_trait;
use tokio::io::{AsyncRead, AsyncWrite};
use windlass_model::id::OperationId;

use crate::error::Error;
use crate::spec::{Access, InstanceSpec};
use crate::tools::Tools;

/// What is restored comes from here.
pub type Input<'a> = &'a mut (dyn AsyncRead + Send + Unpin);
/// What is backed up goes here.
pub type Output<'a> = &'a mut (dyn AsyncWrite + Send + Unpin);

/// The form in which a type's data leaves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DataFormat {
    /// Its name, as records of backups keep it: `postgres-custom`, `sql`, `tar`.
    pub name: &'static str,
    /// The extension of a file of it, without the dot.
    pub extension: &'static str,
    /// Whether it is compressed already, so that doing so again is for nothing.
    pub is_compressed: bool,
}

/// What came of a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackedUp {
    /// How many bytes it has.
    pub bytes: u64,
    /// The version of the server that they came from, as the server says it.
    pub server_version: String,
}

/// Where what is to be restored comes from, as far as it is known: nothing of it, of a file that a user brings.
/// What the data says about itself is looked at besides.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Source {
    /// The type of the instance that it was copied out of.
    pub kind: Option<String>,
    /// Its [`BackedUp::server_version`].
    pub server_version: Option<String>,
}

/// How a type's data is copied out of an instance and put into one.
///
/// Contract, for every driver that has it (the conformance suite checks it):
/// - `back_up` changes nothing, and gives what was there at one point in time where the server can do that. What holds
///   nothing gives a valid stream that restores to nothing.
/// - A restore is a full replacement, in two calls. `restore` fills something fresh beside the live data and touches
///   nothing else; `swap` puts it in the place of the live data. Both belong to one operation, and `swap` takes
///   nothing but what a `restore` of the same operation has filled to the end.
/// - A stream that is cut off, of another type or from a newer version than the server's is [`Error::Refused`], and so is
///   whatever else in the data the server does not take. What comes from outside is hostile: it is read with no rights
///   but those on the fresh data, and reaches neither another instance nor what runs the programs that read it.
/// - A failed `restore` leaves nothing but what `discard` removes, and neither does a dropped one. A repeated `restore`
///   starts over, also one of another operation.
/// - `swap` is as near to one moment as the server can do it: who looks sees the old data whole or the new whole, or
///   is refused for a moment. Sessions of before end, or see the new data. Repeated, it finishes what it began;
///   when it has returned, the old data is gone. What else the instance is stays: bindings with their users and what
///   they may do, limits, marks, whether it is public.
/// - `discard` removes what a `restore` filled and nobody swapped in, and sets the live data free that a `swap` which
///   did not come to its end may have closed. Absent is fine. It never takes back a swap.
/// - `Driver::destroy` removes what these calls left, too.
/// - Data is never in memory as a whole, in no call.
#[async_trait]
pub trait Data: Send + Sync {
    /// The form that `back_up` gives, and that `restore` takes besides others.
    fn format(&self) -> DataFormat;

    /// Copies the instance's data out.
    async fn back_up(
        &self,
        access: &Access,
        instance: &InstanceSpec,
        tools: &dyn Tools,
        output: Output<'_>,
    ) -> Result<BackedUp, Error>;

    /// Fills something fresh from the stream, for that operation to swap in.
    async fn restore(
        &self,
        access: &Access,
        instance: &InstanceSpec,
        operation: OperationId,
        tools: &dyn Tools,
        source: &Source,
        input: Input<'_>,
    ) -> Result<(), Error>;

    /// Puts what that operation has restored in the place of the live data; [`Error::Missing`] if there is no such.
    async fn swap(
        &self,
        access: &Access,
        instance: &InstanceSpec,
        operation: OperationId,
    ) -> Result<(), Error>;

    /// Removes what was restored and not swapped in.
    async fn discard(&self, access: &Access, instance: &InstanceSpec) -> Result<(), Error>;
}
