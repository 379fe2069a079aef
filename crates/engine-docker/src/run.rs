//! Runs to completion.

use std::time::Duration;

use bollard::query_parameters::WaitContainerOptionsBuilder;
use futures::StreamExt;
use tokio::sync::mpsc;
use windlass_engine::lines::Forwarder;
use windlass_engine::{Error, ExitStatus, LogLine, LogOptions, Phase, Restart, Workload};

use crate::DockerEngine;
use crate::connection::bounded;
use crate::observing::phase_of;

/// How long the log may go on after the end: Docker writes it behind the program.
const LOG_REST: Duration = Duration::from_secs(10);

impl DockerEngine {
    pub(crate) async fn do_run(
        &self,
        workload: &Workload,
        output: mpsc::Sender<LogLine>,
    ) -> Result<ExitStatus, Error> {
        let name = &workload.name;
        // What is waited for must end.
        let workload = Workload {
            restart: Restart::No,
            ..workload.clone()
        };
        let id = Box::pin(self.begin_run(&workload)).await?;
        let mut log = self
            .log_of(
                &id,
                name,
                &LogOptions {
                    follow: true,
                    ..LogOptions::default()
                },
            )
            .await?;
        let mut forwarder = Forwarder::new(output);
        let ending = self.wait_for_end(&id, name);
        tokio::pin!(ending);
        let mut ended = None;
        let rest = tokio::time::sleep(self.settings.timeouts.run);
        tokio::pin!(rest);
        loop {
            tokio::select! {
                line = log.next() => match line {
                    Some(Ok(line)) => forwarder.push(line),
                    // A log that breaks off is no failure of the run.
                    Some(Err(error)) => { tracing::warn!(container.name = name, %error, "the log of a run broke off"); break }
                    None => break,
                },
                () = forwarder.pump() => {}
                answer = &mut ending, if ended.is_none() => {
                    ended = Some(answer);
                    rest.as_mut().reset(tokio::time::Instant::now() + LOG_REST);
                }
                () = &mut rest => break,
            }
        }
        let ended = match ended {
            Some(ended) => ended,
            None => ending.await,
        };
        forwarder.finish().await;
        ended?;
        // It may be on its way out already; how it ended counts all the same.
        let state = self.own(name).await?.state.unwrap_or_default();
        match (state.running, state.exit_code) {
            (Some(false), Some(code)) => Ok(ExitStatus {
                code,
                out_of_memory: state.oom_killed.unwrap_or(false),
            }),
            _ => Err(Error::Failed {
                doing: format!("waiting for container '{name}'"),
                reason: "Docker said that it had ended, and now that it runs".to_owned(),
            }),
        }
    }

    /// Makes and starts the container, unless an earlier call did. Gives its id.
    async fn begin_run(&self, workload: &Workload) -> Result<String, Error> {
        let _one_at_a_time = self.connection.starting_runs.lock().await;
        let id = Box::pin(self.find_or_make(workload)).await?;
        let container = self.own(&workload.name).await?;
        // One that ended has run already; one that was only made has not.
        if phase_of(&container) == Phase::Created {
            for attachment in &workload.networks {
                self.join(&container, attachment).await?;
            }
            self.put_files(&id, workload).await?;
            self.start(&id, &workload.name).await?;
        }
        Ok(id)
    }

    pub(crate) async fn wait_for_end(&self, id: &str, name: &str) -> Result<(), Error> {
        let client = self.client().await?;
        let options = WaitContainerOptionsBuilder::default()
            .condition("not-running")
            .build();
        let waiting = async {
            match client.docker.wait_container(id, Some(options)).next().await {
                // bollard takes an exit code for an error.
                Some(Ok(_) | Err(bollard::errors::Error::DockerContainerWaitError { .. })) => {
                    Ok(())
                }
                Some(Err(error)) => Err(error),
                None => Err(bollard::errors::Error::RequestTimeoutError),
            }
        };
        Ok(bounded(
            &format!("waiting for container '{name}'"),
            self.settings.timeouts.run,
            waiting,
        )
        .await?)
    }
}
