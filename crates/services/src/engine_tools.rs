//! Tools as containers of an engine.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use windlass_engine::{
    Attachment, Engine, Error, ImageId, ImageReference, Labels, Limits, Pipes, Restart, Workload,
};
use windlass_model::id::short;

use crate::data::{Input, Output};
use crate::spec::{Access, Endpoint};
use crate::tools::{Tool, ToolEnd, ToolError, Tools};

/// Enough for what reads and writes streams; a dump with very many objects is a list of them in memory.
const LIMITS: Limits = Limits {
    memory_bytes: 1024 * 1024 * 1024,
    cpu_millis: 2000,
    pids: 64,
};
/// What it has done does not count once it is told to stop.
const STOP_GRACE: Duration = Duration::from_secs(1);

/// Runs tools on an engine, in one network.
pub struct EngineTools {
    engine: Arc<dyn Engine>,
    network: Attachment,
    endpoint: Option<Endpoint>,
    labels: Labels,
}

impl EngineTools {
    /// Tools in the network in which the cluster is found at the address that the driver uses itself. The labels are
    /// those of every container.
    pub fn new(engine: Arc<dyn Engine>, network: Attachment, labels: Labels) -> Self {
        Self {
            engine,
            network,
            endpoint: None,
            labels,
        }
    }

    /// The same where the network knows the cluster by another address.
    #[must_use]
    pub fn at(self, endpoint: Endpoint) -> Self {
        Self {
            endpoint: Some(endpoint),
            ..self
        }
    }

    /// The name of the tool's container: one for each instance and purpose, so that what was left is found.
    pub fn container(tool: &Tool) -> String {
        format!("windlass-tool-{}-{}", short(tool.instance), tool.purpose)
    }

    async fn image(&self, images: &[ImageReference]) -> Result<ImageId, ToolError> {
        for reference in images {
            let found = self.engine.image(reference).await.map_err(failure)?;
            if let Some(image) = found {
                return Ok(image);
            }
        }
        Err(ToolError::NoImage(images.to_vec()))
    }
}

#[async_trait]
impl Tools for EngineTools {
    fn endpoint(&self, access: &Access) -> Endpoint {
        let own = || Endpoint {
            host: access.endpoint.host.clone(),
            port: access.application_port,
        };
        self.endpoint.clone().unwrap_or_else(own)
    }

    async fn run(
        &self,
        tool: &Tool,
        input: Option<Input<'_>>,
        output: Option<Output<'_>>,
    ) -> Result<ToolEnd, ToolError> {
        let image = self.image(&tool.images).await?;
        let program = tool.command.first().cloned();
        let workload = Workload {
            name: Self::container(tool),
            image,
            // Not by the image's own entry point, which knows how to start a server.
            entrypoint: program.map(|program| vec![program]),
            command: Some(tool.command.iter().skip(1).cloned().collect()),
            environment: tool.environment.clone(),
            files: Vec::new(),
            networks: vec![self.network.clone()],
            mounts: Vec::new(),
            limits: LIMITS,
            restart: Restart::No,
            health: None,
            stop_grace: STOP_GRACE,
            labels: self.labels.clone(),
        };
        let pipes = Pipes {
            stdin: input,
            stdout: output,
        };
        let piped = self.engine.pipe(&workload, pipes).await.map_err(failure)?;
        Ok(ToolEnd {
            code: piped.status.code,
            out_of_memory: piped.status.out_of_memory,
            stderr: piped.stderr,
        })
    }
}

fn failure(error: Error) -> ToolError {
    match error {
        Error::Unreachable { reason, .. } => ToolError::Unreachable(reason),
        other => ToolError::Failed(other.to_string()),
    }
}
