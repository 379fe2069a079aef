//! The contract, call by call.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use tokio::sync::mpsc;
use windlass_engine::{
    Attachment, BuildRequest, Capabilities, Engine, EngineEvent, Error, ExecOutput, ExitStatus,
    ImageId, ImageReference, Labels, LogLine, LogOptions, LogStream, NetworkSpec, Observation,
    Piped, Pipes, Usage, Workload,
};

use crate::DockerEngine;
use crate::observing::observation;

#[async_trait]
impl Engine for DockerEngine {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            build: true,
            pull: true,
            direct_addresses: true,
        }
    }

    async fn ping(&self) -> Result<String, Error> {
        Ok(self.reconnect().await?.version)
    }

    async fn ensure_network(&self, network: &NetworkSpec) -> Result<(), Error> {
        self.do_ensure_network(network).await
    }

    async fn remove_network(&self, name: &str) -> Result<(), Error> {
        self.do_remove_network(name).await
    }

    async fn networks(&self, filter: &Labels) -> Result<Vec<NetworkSpec>, Error> {
        self.do_networks(filter).await
    }

    async fn ensure_volume(&self, name: &str, labels: &Labels) -> Result<(), Error> {
        self.do_ensure_volume(name, labels).await
    }

    async fn remove_volume(&self, name: &str) -> Result<(), Error> {
        self.do_remove_volume(name).await
    }

    async fn volumes(&self, filter: &Labels) -> Result<Vec<(String, Labels)>, Error> {
        self.do_volumes(filter).await
    }

    async fn ensure(&self, workload: &Workload) -> Result<Observation, Error> {
        Box::pin(self.do_ensure(workload)).await
    }

    async fn remove(&self, name: &str) -> Result<(), Error> {
        self.do_remove(name).await
    }

    async fn stop(&self, name: &str) -> Result<(), Error> {
        self.do_stop(name).await
    }

    async fn connect(&self, name: &str, attachment: &Attachment) -> Result<(), Error> {
        self.do_connect(name, attachment).await
    }

    async fn disconnect(&self, name: &str, network: &str) -> Result<(), Error> {
        self.do_disconnect(name, network).await
    }

    async fn observe(&self, filter: &Labels) -> Result<Vec<Observation>, Error> {
        self.do_observe(filter).await
    }

    async fn inspect(&self, name: &str) -> Result<Option<Observation>, Error> {
        Ok(self.find(name).await?.as_ref().map(observation))
    }

    async fn watch(
        &self,
        filter: &Labels,
    ) -> Result<BoxStream<'static, Result<EngineEvent, Error>>, Error> {
        self.do_watch(filter).await
    }

    async fn logs(&self, name: &str, options: &LogOptions) -> Result<LogStream, Error> {
        self.do_logs(name, options).await
    }

    async fn exec(
        &self,
        name: &str,
        command: &[String],
        stdin: Option<Bytes>,
        timeout: Duration,
    ) -> Result<ExecOutput, Error> {
        self.do_exec(name, command, stdin, timeout).await
    }

    async fn run(
        &self,
        workload: &Workload,
        output: mpsc::Sender<LogLine>,
    ) -> Result<ExitStatus, Error> {
        Box::pin(self.do_run(workload, output)).await
    }

    async fn pipe(&self, workload: &Workload, pipes: Pipes<'_, '_>) -> Result<Piped, Error> {
        Box::pin(self.do_pipe(workload, pipes)).await
    }

    async fn usage(&self, name: &str) -> Result<Usage, Error> {
        self.do_usage(name).await
    }

    async fn build(
        &self,
        request: BuildRequest,
        output: mpsc::Sender<LogLine>,
    ) -> Result<ImageId, Error> {
        self.do_build(request, output).await
    }

    async fn image(&self, reference: &ImageReference) -> Result<Option<ImageId>, Error> {
        self.do_image(reference).await
    }

    async fn pull(
        &self,
        reference: &ImageReference,
        output: mpsc::Sender<LogLine>,
    ) -> Result<ImageId, Error> {
        self.do_pull(reference, output).await
    }

    async fn exposed_ports(&self, image: &ImageId) -> Result<Vec<u16>, Error> {
        self.do_exposed_ports(image).await
    }

    async fn build_triggers(&self, image: &ImageId) -> Result<Vec<String>, Error> {
        self.do_build_triggers(image).await
    }

    async fn tag(&self, image: &ImageId, reference: &ImageReference) -> Result<(), Error> {
        self.do_tag(image, reference).await
    }

    async fn remove_image(&self, reference: &ImageReference) -> Result<(), Error> {
        self.do_remove_image(reference).await
    }
}
