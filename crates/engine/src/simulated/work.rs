//! The calls that take time: runs and builds.

use std::future::pending;

use tokio::sync::mpsc;

use super::SimulatedEngine;
use super::build::{self, BuildScript};
use super::calls::Hanging;
use super::control::{insert_image, wait_for};
use super::fault::Method;
use super::images;
use super::state::State;
use crate::contract::LogLine;
use crate::error::Error;
use crate::image::{BuildRequest, ImageId};
use crate::lines::Forwarder;
use crate::observation::Phase;
use crate::ownership::require_own;
use crate::workload::ExitStatus;

impl SimulatedEngine {
    /// Waits for the end of a `run`'s container and passes its lines on.
    pub(super) async fn follow_run(
        &self,
        name: &str,
        output: mpsc::Sender<LogLine>,
    ) -> Result<ExitStatus, Error> {
        let mut forwarder = Forwarder::new(output);
        let mut next = 0;
        let status = loop {
            let look = |state: &mut State| {
                let Some(container) = state.containers.get(name) else {
                    return Some(Err(Error::NotFound {
                        what: "container",
                        name: name.to_owned(),
                    }));
                };
                let lines = container.log.get(next..).unwrap_or_default().to_vec();
                let status = match container.phase {
                    Phase::Exited { code } => Some(ExitStatus {
                        code,
                        out_of_memory: container.out_of_memory,
                    }),
                    _ => None,
                };
                (!lines.is_empty() || status.is_some()).then_some(Ok((lines, status)))
            };
            tokio::select! {
                seen = wait_for(&self.shared, look) => {
                    let (lines, status) = seen?;
                    next += lines.len();
                    for line in lines {
                        forwarder.push(line);
                    }
                    if let Some(status) = status {
                        break status;
                    }
                }
                () = forwarder.pump() => {}
            }
        };
        forwarder.finish().await;
        Ok(status)
    }

    pub(super) async fn do_build(
        &self,
        mut request: BuildRequest,
        output: mpsc::Sender<LogLine>,
    ) -> Result<ImageId, Error> {
        require_own(
            &request.labels,
            &self.shared.settings.installation,
            "image",
            &request.tag.0,
        )?;
        images::check_name(&self.shared, &self.shared.lock(), &request.tag)?;
        let context = build::read_context(&mut request).await?;
        let Some(dockerfile) = build::file_in(&context, &request.dockerfile) else {
            return Err(Error::BuildFailed(format!(
                "the build context has no file '{}'",
                request.dockerfile
            )));
        };
        let mut forwarder = Forwarder::new(output);
        let steps = dockerfile.lines().filter(|line| !line.trim().is_empty());
        for line in steps {
            forwarder.push(LogLine {
                at_millis: None,
                stderr: false,
                text: format!("Step : {line}"),
            });
        }
        let script = self
            .change(|state| state.builds.pop_front())
            .unwrap_or_else(|| build::parse(&dockerfile));
        forwarder.finish().await;
        match script {
            BuildScript::Fail(why) => Err(Error::BuildFailed(why)),
            BuildScript::Hang => {
                let _hanging = Hanging::new(&self.shared, Method::Build);
                pending().await
            }
            BuildScript::Succeed {
                exposed_ports,
                behaviour,
            } => Ok(self.change(|state| {
                let id = insert_image(
                    state,
                    &request.tag.0,
                    exposed_ports,
                    behaviour,
                    request.labels,
                );
                if let Some(image) = state.images.get_mut(&id.0) {
                    image.build_triggers = build::triggers(&dockerfile);
                }
                id
            })),
        }
    }
}
