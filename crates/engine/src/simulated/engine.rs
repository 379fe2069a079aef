//! The contract on the simulated engine.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use tokio::sync::mpsc;

use super::SimulatedEngine;
use super::behaviour::{Kind, Outcome};
use super::fault::Method;
use super::state::Container;
use super::{containers, images, process, streams};
use crate::contract::{Capabilities, Engine, LogLine, LogOptions, LogStream};
use crate::error::Error;
use crate::image::{BuildRequest, ImageId, ImageReference};
use crate::labels::Labels;
use crate::lines::Forwarder;
use crate::network::{Attachment, NetworkSpec};
use crate::observation::{EngineEvent, Observation, Usage};
use crate::ownership::{check_same, is_own, require_own};
use crate::pipe::{Piped, Pipes};
use crate::workload::{ExecOutput, ExitStatus, Workload};

/// What `exec` collects of each stream.
const EXEC_LIMIT: usize = 1024 * 1024;

/// The lines of one stream as bytes, cut.
fn bytes_of(outcome: &Outcome, stderr: bool) -> Vec<u8> {
    let lines = outcome
        .lines
        .iter()
        .filter(|(to_stderr, _)| *to_stderr == stderr);
    let mut bytes: Vec<u8> = lines
        .flat_map(|(_, line)| format!("{line}\n").into_bytes())
        .collect();
    bytes.truncate(EXEC_LIMIT);
    bytes
}

#[async_trait]
impl Engine for SimulatedEngine {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            build: true,
            pull: true,
            direct_addresses: true,
        }
    }

    async fn ping(&self) -> Result<String, Error> {
        self.call(Method::Ping, "", |_, _| Ok("simulated engine".to_owned()))
            .await
    }

    async fn ensure_network(&self, network: &NetworkSpec) -> Result<(), Error> {
        self.call(Method::EnsureNetwork, &network.name, |shared, state| {
            let installation = &shared.settings.installation;
            require_own(&network.labels, installation, "network", &network.name)?;
            let conflict = |reason: String| Error::Conflict {
                what: "network",
                name: network.name.clone(),
                reason,
            };
            if let Some(existing) = state.networks.get(&network.name) {
                check_same(
                    &network.labels,
                    &existing.labels,
                    installation,
                    "network",
                    &network.name,
                )?;
                if existing.subnet != network.subnet {
                    return Err(conflict(format!(
                        "its subnet is {}, asked for was {}",
                        existing.subnet, network.subnet
                    )));
                }
                return Ok(());
            }
            if let Some(other) = state
                .networks
                .values()
                .find(|other| other.subnet == network.subnet)
            {
                return Err(conflict(format!(
                    "the subnet {} is taken by network '{}'",
                    network.subnet, other.name
                )));
            }
            state.networks.insert(network.name.clone(), network.clone());
            Ok(())
        })
        .await
    }

    async fn remove_network(&self, name: &str) -> Result<(), Error> {
        self.call(Method::RemoveNetwork, name, |shared, state| {
            containers::remove_network(shared, state, name)
        })
        .await
    }

    async fn networks(&self, filter: &Labels) -> Result<Vec<NetworkSpec>, Error> {
        self.call(Method::Networks, "", |shared, state| {
            let own = |labels: &Labels| {
                is_own(labels, &shared.settings.installation) && labels.matches(filter)
            };
            Ok(state
                .networks
                .values()
                .filter(|network| own(&network.labels))
                .cloned()
                .collect())
        })
        .await
    }

    async fn ensure_volume(&self, name: &str, labels: &Labels) -> Result<(), Error> {
        self.call(Method::EnsureVolume, name, |shared, state| {
            let installation = &shared.settings.installation;
            require_own(labels, installation, "volume", name)?;
            if let Some(existing) = state.volumes.get(name) {
                return check_same(labels, existing, installation, "volume", name);
            }
            state.volumes.insert(name.to_owned(), labels.clone());
            Ok(())
        })
        .await
    }

    async fn remove_volume(&self, name: &str) -> Result<(), Error> {
        self.call(Method::RemoveVolume, name, |shared, state| {
            containers::remove_volume(shared, state, name)
        })
        .await
    }

    async fn volumes(&self, filter: &Labels) -> Result<Vec<(String, Labels)>, Error> {
        self.call(Method::Volumes, "", |shared, state| {
            let own = |labels: &Labels| {
                is_own(labels, &shared.settings.installation) && labels.matches(filter)
            };
            Ok(state
                .volumes
                .iter()
                .filter(|(_, labels)| own(labels))
                .map(|(name, labels)| (name.clone(), labels.clone()))
                .collect())
        })
        .await
    }

    async fn ensure(&self, workload: &Workload) -> Result<Observation, Error> {
        self.call(Method::Ensure, &workload.name, |shared, state| {
            containers::ensure(shared, state, workload)
        })
        .await
    }

    async fn remove(&self, name: &str) -> Result<(), Error> {
        self.call(Method::Remove, name, |shared, state| {
            containers::remove(shared, state, name)
        })
        .await
    }

    async fn stop(&self, name: &str) -> Result<(), Error> {
        self.call(Method::Stop, name, |shared, state| {
            containers::own(shared, state, name)?;
            process::stop(state, name)
        })
        .await
    }

    async fn connect(&self, name: &str, attachment: &Attachment) -> Result<(), Error> {
        self.call(Method::Connect, name, |shared, state| {
            containers::connect(shared, state, name, attachment)
        })
        .await
    }

    async fn disconnect(&self, name: &str, network: &str) -> Result<(), Error> {
        self.call(Method::Disconnect, name, |shared, state| {
            containers::disconnect(shared, state, name, network)
        })
        .await
    }

    async fn observe(&self, filter: &Labels) -> Result<Vec<Observation>, Error> {
        self.call(Method::Observe, "", |shared, state| {
            let own = |labels: &Labels| {
                is_own(labels, &shared.settings.installation) && labels.matches(filter)
            };
            let containers = state
                .containers
                .values()
                .filter(|container| own(&container.workload.labels));
            Ok(containers.map(Container::observation).collect())
        })
        .await
    }

    async fn inspect(&self, name: &str) -> Result<Option<Observation>, Error> {
        self.call(Method::Inspect, name, |_, state| {
            Ok(state.containers.get(name).map(Container::observation))
        })
        .await
    }

    async fn watch(
        &self,
        filter: &Labels,
    ) -> Result<BoxStream<'static, Result<EngineEvent, Error>>, Error> {
        self.call(Method::Watch, "", |shared, state| {
            Ok(streams::events(
                state.events.subscribe(),
                filter.clone(),
                shared.settings.installation.clone(),
            ))
        })
        .await
    }

    async fn logs(&self, name: &str, options: &LogOptions) -> Result<LogStream, Error> {
        self.call(Method::Logs, name, |shared, state| {
            let container = containers::own(shared, state, name)?;
            Ok(streams::logs(shared, container, name, options))
        })
        .await
    }

    async fn exec(
        &self,
        name: &str,
        command: &[String],
        stdin: Option<Bytes>,
        timeout: Duration,
    ) -> Result<ExecOutput, Error> {
        let call = self.begin(Method::Exec, name).await?;
        let doing = call.doing.clone();
        let work = async {
            let outcome = self.change(|state| {
                let container =
                    containers::own_running(&self.shared, state, name, "running a command in")?;
                let invocation =
                    container.invocation(Kind::Exec, Some(command), stdin.unwrap_or_default());
                let image = container.workload.image.clone();
                Ok(state
                    .image_of(&image)?
                    .behaviour
                    .ask(&invocation)
                    .into_outcome())
            })?;
            match outcome.after {
                Some(after) => tokio::time::sleep(after).await,
                None => std::future::pending().await,
            }
            let (stdout, stderr) = (bytes_of(&outcome, false), bytes_of(&outcome, true));
            call.end(Ok(ExecOutput {
                code: outcome.code,
                stdout,
                stderr,
            }))
            .await
        };
        tokio::time::timeout(timeout, work)
            .await
            .unwrap_or(Err(Error::NoAnswer {
                doing,
                after: timeout,
            }))
    }

    async fn run(
        &self,
        workload: &Workload,
        output: mpsc::Sender<LogLine>,
    ) -> Result<ExitStatus, Error> {
        let call = self.begin(Method::Run, &workload.name).await?;
        self.change(|state| containers::begin_run(&self.shared, state, workload))?;
        let status = self.follow_run(&workload.name, output).await;
        call.end(status).await
    }

    async fn pipe(&self, workload: &Workload, pipes: Pipes<'_, '_>) -> Result<Piped, Error> {
        let call = self.begin(Method::Pipe, &workload.name).await?;
        let piped = self.do_pipe(workload, pipes).await;
        call.end(piped).await
    }

    async fn usage(&self, name: &str) -> Result<Usage, Error> {
        self.call(Method::Usage, name, |shared, state| {
            containers::usage(shared, state, name)
        })
        .await
    }

    async fn build(
        &self,
        request: BuildRequest,
        output: mpsc::Sender<LogLine>,
    ) -> Result<ImageId, Error> {
        let call = self.begin(Method::Build, &request.tag.0).await?;
        let answer = self.do_build(request, output).await;
        call.end(answer).await
    }

    async fn image(&self, reference: &ImageReference) -> Result<Option<ImageId>, Error> {
        self.call(Method::Image, &reference.0, |_, state| {
            Ok(state.image(reference).map(|image| image.id.clone()))
        })
        .await
    }

    async fn pull(
        &self,
        reference: &ImageReference,
        output: mpsc::Sender<LogLine>,
    ) -> Result<ImageId, Error> {
        let id = self
            .call(Method::Pull, &reference.0, |_, state| {
                images::pull(state, reference)
            })
            .await?;
        let mut forwarder = Forwarder::new(output);
        forwarder.push(LogLine {
            at_millis: None,
            stderr: false,
            text: format!("pulled {reference}"),
        });
        forwarder.finish().await;
        Ok(id)
    }

    async fn exposed_ports(&self, image: &ImageId) -> Result<Vec<u16>, Error> {
        self.call(Method::ExposedPorts, &image.0, |_, state| {
            Ok(state.image_of(image)?.exposed_ports.clone())
        })
        .await
    }

    async fn build_triggers(&self, image: &ImageId) -> Result<Vec<String>, Error> {
        self.call(Method::BuildTriggers, &image.0, |_, state| {
            Ok(state.image_of(image)?.build_triggers.clone())
        })
        .await
    }

    async fn tag(&self, image: &ImageId, reference: &ImageReference) -> Result<(), Error> {
        self.call(Method::Tag, &reference.0, |_, state| {
            images::tag(state, image, reference)
        })
        .await
    }

    async fn remove_image(&self, reference: &ImageReference) -> Result<(), Error> {
        self.call(Method::RemoveImage, &reference.0, |shared, state| {
            images::remove(shared, state, reference)
        })
        .await
    }
}
