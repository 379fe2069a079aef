//! The contract itself.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use tokio::sync::mpsc;

use crate::error::Error;
use crate::image::{BuildRequest, ImageId, ImageReference};
use crate::labels::Labels;
use crate::network::{Attachment, NetworkSpec};
use crate::observation::{EngineEvent, Observation, Usage};
use crate::pipe::{Piped, Pipes};
use crate::workload::{ExecOutput, ExitStatus, Workload};

/// What an engine can do beyond the core of the contract. What it cannot is an [`Error::Unsupported`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// Builds images from a Dockerfile.
    pub build: bool,
    /// Pulls images by itself; otherwise the image has to be there.
    pub pull: bool,
    /// Addresses of containers are reachable from the machine of the server.
    pub direct_addresses: bool,
}

/// One line of a container's or build's output, without its line end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// When it was written, in milliseconds since the epoch; `None` in builds.
    pub at_millis: Option<i64>,
    /// Whether it came by standard error.
    pub stderr: bool,
    /// The line; bytes that are no UTF-8 are replaced, lines are cut at 16 KiB.
    pub text: String,
}

/// Which lines are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogOptions {
    /// Lines after this point in time, in milliseconds since the epoch.
    pub since_millis: Option<i64>,
    /// At most this many of the newest lines.
    pub tail: Option<u32>,
    /// Whether the stream goes on with new lines until the container ends.
    pub follow: bool,
}

/// A stream of log lines.
pub type LogStream = BoxStream<'static, Result<LogLine, Error>>;

/// What runs containers.
///
/// Contract, for every back end (the conformance suite checks it):
/// - Every call is idempotent by name. A repeated `ensure_*` with the same parameters finds its earlier
///   work; with other parameters it MUST answer [`Error::Conflict`] and change nothing. `remove_*` of
///   what is absent succeeds.
/// - An object without the installation's label MUST NOT be changed or removed: naming one is
///   [`Error::Conflict`]. Lists and events hold the installation's own only. What is to be made without the
///   label is [`Error::Refused`].
/// - Two live copies of a container may exist for a short time after a lost answer; callers cope.
/// - Nothing is pulled but by `pull`.
/// - Volumes that the contract knows are removed only by name, by `remove_volume`; never with a container,
///   never by a pattern. What an engine makes by itself for one container, because its image declares a
///   volume that no mount of the workload covers, is no such volume. Of a workload without mounts it is like
///   the rest of the container's files and goes with it. Of a workload with mounts, which keeps data, it MUST
///   stay: the image may keep the data elsewhere than whoever wrote the workload believes.
/// - Futures may be dropped; what they began may then have been done or not.
#[async_trait]
pub trait Engine: Send + Sync + 'static {
    /// What it can do.
    fn capabilities(&self) -> Capabilities;

    /// Whether it answers, and its version, for people.
    async fn ping(&self) -> Result<String, Error>;

    /// Makes the network. Another subnet than asked for is a conflict.
    async fn ensure_network(&self, network: &NetworkSpec) -> Result<(), Error>;

    /// Removes the network; workloads still in it that carry the installation's label are disconnected.
    async fn remove_network(&self, name: &str) -> Result<(), Error>;

    /// The networks whose labels match.
    async fn networks(&self, filter: &Labels) -> Result<Vec<NetworkSpec>, Error>;

    /// Makes the volume.
    async fn ensure_volume(&self, name: &str, labels: &Labels) -> Result<(), Error>;

    /// Destroys the volume and the data in it. Refused while a container needs it.
    async fn remove_volume(&self, name: &str) -> Result<(), Error>;

    /// The names and labels of the volumes whose labels match.
    async fn volumes(&self, filter: &Labels) -> Result<Vec<(String, Labels)>, Error>;

    /// Makes the container and starts it. A container of that name which exists with the same image and
    /// labels (but the operation's and epoch) is started if it does not run, not made again.
    async fn ensure(&self, workload: &Workload) -> Result<Observation, Error>;

    /// Stops the container within its grace time and removes it. The volumes of its mounts stay.
    async fn remove(&self, name: &str) -> Result<(), Error>;

    /// Stops the container within its grace time and keeps it: it does not come back by itself. Absent is
    /// [`Error::NotFound`]; stopped already is success.
    async fn stop(&self, name: &str) -> Result<(), Error>;

    /// Connects a running container to one more network; connected already is success.
    async fn connect(&self, name: &str, attachment: &Attachment) -> Result<(), Error>;

    /// Takes a container out of a network; absent is success.
    async fn disconnect(&self, name: &str, network: &str) -> Result<(), Error>;

    /// The containers whose labels match, in any phase.
    async fn observe(&self, filter: &Labels) -> Result<Vec<Observation>, Error>;

    /// The container of that name; `None` when it is surely absent.
    async fn inspect(&self, name: &str) -> Result<Option<Observation>, Error>;

    /// Changes of containers whose labels match, from now on. Ends when the engine goes away; the
    /// receiver observes anew after that.
    async fn watch(
        &self,
        filter: &Labels,
    ) -> Result<BoxStream<'static, Result<EngineEvent, Error>>, Error>;

    /// The container's output.
    async fn logs(&self, name: &str, options: &LogOptions) -> Result<LogStream, Error>;

    /// Runs a command in the running container and collects its output.
    async fn exec(
        &self,
        name: &str,
        command: &[String],
        stdin: Option<Bytes>,
        timeout: Duration,
    ) -> Result<ExecOutput, Error>;

    /// Runs the workload to completion and gives its lines to `output` as they come. A container of that
    /// name from an earlier call is waited for, not run twice. The container is kept until `remove`.
    async fn run(
        &self,
        workload: &Workload,
        output: mpsc::Sender<LogLine>,
    ) -> Result<ExitStatus, Error>;

    /// Runs the workload to completion with its standard input and output as streams: bytes unchanged, each as fast
    /// as the slower side, never the whole in memory, and in no log. The container is removed before the call returns.
    ///
    /// A container of that name that an earlier call left is removed first: what it has read or written is lost, so
    /// that it is not taken up again as a `run` is. A stream of the caller's that fails ends the program by a signal
    /// and is an [`Error::Failed`]; it never looks to the program as if its input had ended. A call that is dropped
    /// may do just that: a program that has not been waited for to its end has done nothing that counts.
    async fn pipe(&self, workload: &Workload, pipes: Pipes<'_, '_>) -> Result<Piped, Error>;

    /// What the container uses now.
    async fn usage(&self, name: &str) -> Result<Usage, Error>;

    /// Builds an image; its lines go to `output`. A receiver that is slow or gone does not fail the build,
    /// nor does it a `run`. A `FROM` may be pulled.
    async fn build(
        &self,
        request: BuildRequest,
        output: mpsc::Sender<LogLine>,
    ) -> Result<ImageId, Error>;

    /// The image of that name or id on the engine; never asks a registry.
    async fn image(&self, reference: &ImageReference) -> Result<Option<ImageId>, Error>;

    /// Gets the image from its registry and gives its id.
    async fn pull(
        &self,
        reference: &ImageReference,
        output: mpsc::Sender<LogLine>,
    ) -> Result<ImageId, Error>;

    /// The TCP ports that the image exposes, lowest first.
    async fn exposed_ports(&self, image: &ImageId) -> Result<Vec<u16>, Error>;

    /// The instructions that the image brings into every build that begins from it (`ONBUILD`), in their
    /// order. They are run by `build` like those of the Dockerfile, so whoever checks one checks the others.
    async fn build_triggers(&self, image: &ImageId) -> Result<Vec<String>, Error>;

    /// Gives the image one more name; a name that stands for another image is a conflict. An image without
    /// the installation's label SHOULD get only names that begin with [`OWN_IMAGE_NAMES`], or they cannot be taken
    /// away again.
    ///
    /// [`OWN_IMAGE_NAMES`]: crate::ownership::OWN_IMAGE_NAMES
    async fn tag(&self, image: &ImageId, reference: &ImageReference) -> Result<(), Error>;

    /// Takes a name (or, by id, the image) away; in use or absent is success.
    async fn remove_image(&self, reference: &ImageReference) -> Result<(), Error>;
}
