//! Commands in running containers.

use std::time::Duration;

use bollard::container::LogOutput;
use bollard::exec::{StartExecOptions, StartExecResults};
use bollard::models::ExecConfig;
use bytes::Bytes;
use futures::StreamExt;
use tokio::io::AsyncWriteExt;
use windlass_engine::{Error, ExecOutput};

use crate::DockerEngine;
use crate::failure::Failure;
use crate::observing::id_of;

/// What is collected of each stream.
const OUTPUT_LIMIT: usize = 1024 * 1024;
/// The output may end a moment before Docker notes the exit code.
const CODE_PAUSE: Duration = Duration::from_millis(10);

fn collect(into: &mut Vec<u8>, bytes: &[u8]) {
    let room = OUTPUT_LIMIT.saturating_sub(into.len());
    into.extend_from_slice(&bytes[..bytes.len().min(room)]);
}

impl DockerEngine {
    pub(crate) async fn do_exec(
        &self,
        name: &str,
        command: &[String],
        stdin: Option<Bytes>,
        timeout: Duration,
    ) -> Result<ExecOutput, Error> {
        // The command may hold secrets, so it is not named.
        let doing = format!("running a command in container '{name}'");
        let working = self.exec_to_end(name, command, stdin, &doing);
        tokio::time::timeout(timeout, working)
            .await
            .unwrap_or(Err(Error::NoAnswer {
                doing: doing.clone(),
                after: timeout,
            }))
    }

    async fn exec_to_end(
        &self,
        name: &str,
        command: &[String],
        stdin: Option<Bytes>,
        doing: &str,
    ) -> Result<ExecOutput, Error> {
        let container = self.own_running(name, "running a command in").await?;
        let client = self.client().await?;
        let config = ExecConfig {
            attach_stdin: Some(stdin.is_some()),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            cmd: Some(command.to_vec()),
            ..ExecConfig::default()
        };
        let id = self
            .change(doing, client.docker.create_exec(id_of(&container), config))
            .await?
            .id;
        let started = self
            .change(
                doing,
                client.docker.start_exec(&id, None::<StartExecOptions>),
            )
            .await?;
        let StartExecResults::Attached {
            mut output,
            mut input,
        } = started
        else {
            return Err(Error::Failed {
                doing: doing.to_owned(),
                reason: "Docker did not attach to the command".to_owned(),
            });
        };
        let writing = async {
            if let Some(bytes) = stdin {
                // A command that ends without reading its input is no mistake.
                if input.write_all(&bytes).await.is_ok() {
                    drop(input.shutdown().await);
                }
            }
        };
        let reading = async {
            let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
            while let Some(frame) = output.next().await {
                match frame.map_err(|error| Failure::new(doing, Duration::ZERO, error))? {
                    LogOutput::StdErr { message } => collect(&mut stderr, &message),
                    LogOutput::StdOut { message }
                    | LogOutput::Console { message }
                    | LogOutput::StdIn { message } => {
                        collect(&mut stdout, &message);
                    }
                }
            }
            Ok::<_, Failure>((stdout, stderr))
        };
        let ((), read) = tokio::join!(writing, reading);
        let (stdout, stderr) = read?;
        loop {
            let ended = self.look(doing, client.docker.inspect_exec(&id)).await?;
            if let (Some(false), Some(code)) = (ended.running, ended.exit_code) {
                return Ok(ExecOutput {
                    code,
                    stdout,
                    stderr,
                });
            }
            tokio::time::sleep(CODE_PAUSE).await;
        }
    }
}
