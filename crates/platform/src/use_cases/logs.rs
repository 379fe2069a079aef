//! What the processes of an environment write.

use futures::StreamExt;
use futures::stream::{BoxStream, SelectAll};
use windlass_engine::{LogOptions, labels};
use windlass_model::access::Action;
use windlass_model::id::EnvironmentId;

use crate::context::Context;
use crate::error::Error;
use crate::failures;
use crate::platform::Platform;

/// A line that a process wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuntimeLine {
    /// When, in milliseconds since the epoch.
    pub at_millis: i64,
    /// The process.
    pub process: String,
    /// The line.
    pub text: String,
}

impl Platform {
    /// The newest lines of the running release's processes, oldest first.
    pub async fn runtime_log(
        &self,
        context: &Context,
        environment: EnvironmentId,
        options: &LogOptions,
    ) -> Result<Vec<RuntimeLine>, Error> {
        let mut lines: Vec<RuntimeLine> = self
            .runtime_lines(context, environment, options)
            .await?
            .collect()
            .await;
        lines.sort_by_key(|line| line.at_millis);
        let keep = options.tail.map_or(usize::MAX, |tail| {
            usize::try_from(tail).unwrap_or(usize::MAX)
        });
        let skip = lines.len().saturating_sub(keep);
        Ok(lines.split_off(skip))
    }

    /// The lines of the running release's processes as a stream; with `follow` until the containers end.
    pub async fn runtime_lines(
        &self,
        context: &Context,
        environment: EnvironmentId,
        options: &LogOptions,
    ) -> Result<BoxStream<'static, RuntimeLine>, Error> {
        let scene = self
            .load_scene(context, Action::ReadLogs, environment)
            .await?;
        let release = Self::running(&scene)?;
        let engine = self.parts.engine(scene.region.id)?;
        let filter = scene
            .labels(&self.parts.installation)
            .with(labels::ROLE, "process")
            .with(labels::RELEASE, release);
        let containers = engine
            .observe(&filter)
            .await
            .map_err(|error| Error::from(failures::engine(&error)))?;
        let mut streams = SelectAll::new();
        for container in containers {
            let process = container
                .labels
                .value(labels::PROCESS)
                .unwrap_or("web")
                .to_owned();
            let stream = engine
                .logs(&container.name, options)
                .await
                .map_err(|error| Error::from(failures::engine(&error)))?;
            let lines = stream.filter_map(move |line| {
                let line = match line {
                    Ok(line) => Some(RuntimeLine {
                        at_millis: line.at_millis.unwrap_or_default(),
                        process: process.clone(),
                        text: line.text,
                    }),
                    Err(error) => {
                        tracing::warn!(%error, "the log of a container ended early");
                        None
                    }
                };
                std::future::ready(line)
            });
            streams.push(lines.boxed());
        }
        Ok(streams.boxed())
    }
}
