//! Runs whose standard input and output are streams: attached to the container before it starts.

use std::time::Duration;

use bollard::container::{AttachContainerResults, LogOutput};
use bollard::query_parameters::AttachContainerOptionsBuilder;
use futures::StreamExt;
use tokio::io::AsyncWriteExt;
use windlass_engine::pipe::{Broken, Tail, feed};
use windlass_engine::{Error, ExitStatus, Piped, Pipes, Restart, Workload};

use crate::DockerEngine;
use crate::failure::Failure;

impl DockerEngine {
    pub(crate) async fn do_pipe(
        &self,
        workload: &Workload,
        pipes: Pipes<'_, '_>,
    ) -> Result<Piped, Error> {
        let name = &workload.name;
        let workload = Workload {
            restart: Restart::No,
            ..workload.clone()
        };
        self.do_remove(name).await?;
        let id = Box::pin(self.make_piped(&workload, pipes.stdin.is_some())).await?;
        let limit = self.settings.timeouts.run;
        let doing = format!("running container '{name}'");
        let attached = self.attach(&id, pipes.stdin.is_some(), &doing).await;
        let (ended, connection) = match attached {
            Ok(mut connection) => {
                let running = self.run_attached(&id, &workload, &mut connection, pipes, &doing);
                let ended = tokio::time::timeout(limit, running).await;
                let late = || Error::NoAnswer {
                    doing: doing.clone(),
                    after: limit,
                };
                (ended.unwrap_or_else(|_| Err(late())), Some(connection))
            }
            Err(error) => (Err(error), None),
        };
        // The connection is open until the program is gone: its end would be the end of the program's input.
        let removed = self.do_remove(name).await;
        drop(connection);
        if let Err(error) = removed {
            // What it did counts all the same; the next one of that name removes it.
            tracing::warn!(container.name = name, %error, "a container that has done its work could not be removed");
        }
        ended
    }

    async fn attach(
        &self,
        id: &str,
        has_input: bool,
        doing: &str,
    ) -> Result<AttachContainerResults, Error> {
        let options = AttachContainerOptionsBuilder::default()
            .stream(true)
            .stdin(has_input)
            .stdout(true)
            .stderr(true)
            .build();
        let client = self.client().await?;
        let attaching = client.docker.attach_container(id, Some(options));
        Ok(self.change(doing, attaching).await?)
    }

    async fn run_attached(
        &self,
        id: &str,
        workload: &Workload,
        connection: &mut AttachContainerResults,
        pipes: Pipes<'_, '_>,
        doing: &str,
    ) -> Result<Piped, Error> {
        let name = &workload.name;
        self.put_files(id, workload).await?;
        self.start(id, name).await?;
        let stderr = carry(connection, pipes, doing).await?;
        self.wait_for_end(id, name).await?;
        let state = self.own(name).await?.state.unwrap_or_default();
        match (state.running, state.exit_code) {
            (Some(false), Some(code)) => Ok(Piped {
                status: ExitStatus {
                    code,
                    out_of_memory: state.oom_killed.unwrap_or(false),
                },
                stderr: stderr.text(),
            }),
            _ => Err(Error::Failed {
                doing: doing.to_owned(),
                reason: "Docker said that it had ended, and now that it runs".to_owned(),
            }),
        }
    }
}

/// Carries the streams until the program's output is over, and gives the end of its standard error.
async fn carry(
    connection: &mut AttachContainerResults,
    pipes: Pipes<'_, '_>,
    doing: &str,
) -> Result<Tail, Error> {
    let broken = |broken: Broken| Error::Failed {
        doing: doing.to_owned(),
        reason: broken.to_string(),
    };
    let AttachContainerResults { output, input } = connection;
    let has_input = pipes.stdin.is_some();
    let writing = async {
        match pipes.stdin {
            Some(stdin) => feed(stdin, input).await,
            None => Ok(()),
        }
    };
    let mut stdout = pipes.stdout;
    let reading = async {
        let mut stderr = Tail::default();
        while let Some(frame) = output.next().await {
            match frame.map_err(|error| Failure::new(doing, Duration::ZERO, error))? {
                LogOutput::StdErr { message } => stderr.push(&message),
                LogOutput::StdOut { message } => {
                    if let Some(stdout) = &mut stdout {
                        let written = stdout.write_all(&message).await;
                        written.map_err(Broken::Output).map_err(broken)?;
                    }
                }
                // A frame that is not whole: the connection to Docker broke off.
                LogOutput::Console { .. } | LogOutput::StdIn { .. } => {
                    return Err(Error::Failed {
                        doing: doing.to_owned(),
                        reason: "its output broke off".to_owned(),
                    });
                }
            }
        }
        if let Some(stdout) = &mut stdout {
            stdout
                .flush()
                .await
                .map_err(Broken::Output)
                .map_err(broken)?;
        }
        Ok(stderr)
    };
    tokio::pin!(writing, reading);
    let mut is_written = !has_input;
    loop {
        tokio::select! {
            // What the program has still to say counts, also when it took no more input.
            read = &mut reading => return read,
            written = &mut writing, if !is_written => {
                written.map_err(broken)?;
                is_written = true;
            }
        }
    }
}
