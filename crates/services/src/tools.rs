//! Programs that drivers need beside a server: those that dump and load databases.

use async_trait::async_trait;
use secrecy::SecretString;
use windlass_engine::ImageReference;
use windlass_model::id::InstanceId;

use crate::data::{Input, Output};
use crate::spec::{Access, Endpoint};

/// A program to be run near a cluster.
#[derive(Debug, Clone)]
pub struct Tool {
    /// The instance that it is for.
    pub instance: InstanceId,
    /// What it does, in a word that names it beside the instance: `dump`, `load`.
    pub purpose: &'static str,
    /// The images that have it, the best first: the first that is at hand is taken.
    pub images: Vec<ImageReference>,
    /// The command, program first.
    pub command: Vec<String>,
    /// Its environment. All the secrets that it gets, and none that is worth more than what the program is to do.
    pub environment: Vec<(String, SecretString)>,
}

/// How a program ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolEnd {
    /// Its exit code.
    pub code: i64,
    /// Whether it was killed for the memory that it took.
    pub out_of_memory: bool,
    /// The last lines that it wrote to standard error. They may quote what was in its input.
    pub stderr: String,
}

/// Why a program was not run to its end.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// None of the images is at hand.
    #[error("none of the images {} is there", names(.0))]
    NoImage(Vec<ImageReference>),
    /// The engine cannot be reached; nothing was done.
    #[error("the engine that would run the program cannot be reached: {0}")]
    Unreachable(String),
    /// The program may have run, or a part of it; or one of its streams failed.
    #[error("{0}")]
    Failed(String),
}

fn names(images: &[ImageReference]) -> String {
    let names: Vec<_> = images.iter().map(|image| image.0.as_str()).collect();
    names.join(", ")
}

/// What runs programs near a cluster, in a container that sees the cluster and nothing else that is not its
/// tenant's, and that is gone afterwards.
#[async_trait]
pub trait Tools: Send + Sync {
    /// Where such a program finds the cluster's applications' port.
    fn endpoint(&self, access: &Access) -> Endpoint;

    /// Runs the program with its standard input and output as streams, each as fast as the slower side. A program of
    /// the same instance and purpose that an earlier call left is ended first.
    async fn run(
        &self,
        tool: &Tool,
        input: Option<Input<'_>>,
        output: Option<Output<'_>>,
    ) -> Result<ToolEnd, ToolError>;
}
