//! Piped runs.

use std::future::pending;

use tokio::io::AsyncWriteExt;

use super::SimulatedEngine;
use super::behaviour::{Kind, Outcome, Program};
use super::containers;
use crate::error::Error;
use crate::pipe::{Broken, Piped, Pipes, Tail, feed};
use crate::workload::{ExitStatus, Workload};

impl SimulatedEngine {
    pub(super) async fn do_pipe(
        &self,
        workload: &Workload,
        pipes: Pipes<'_, '_>,
    ) -> Result<Piped, Error> {
        let name = &workload.name;
        let program = self.change(|state| {
            containers::begin_pipe(&self.shared, state, workload)?;
            let container = containers::own(&self.shared, state, name)?;
            let invocation = container.invocation(Kind::Pipe, None, bytes::Bytes::new());
            let image = state.image_of(&workload.image)?;
            Ok(image.behaviour.ask(&invocation))
        })?;
        let ended = tokio::select! {
            ended = act(program, pipes) => ended,
            gone = self.wait_for_removal(name) => return Err(gone),
        };
        self.change(|state| containers::remove(&self.shared, state, name))?;
        ended.map_err(|broken| Error::Failed {
            doing: format!("running container '{name}'"),
            reason: broken.to_string(),
        })
    }

    /// Somebody else removes the container: its program ends.
    async fn wait_for_removal(&self, name: &str) -> Error {
        let started = {
            let mut state = self.shared.lock();
            state.container(name).map(|container| container.incarnation)
        };
        self.wait_for(|state| {
            let now = state.container(name);
            let incarnation = now.map(|container| (container.incarnation, container.is_running()));
            !matches!((&started, incarnation), (Ok(before), Ok((now, true))) if *before == now)
        })
        .await;
        Error::NotFound {
            what: "container",
            name: name.to_owned(),
        }
    }
}

async fn act(program: Program, pipes: Pipes<'_, '_>) -> Result<Piped, Broken> {
    let mut outcome = match program {
        Program::Copying => {
            if let Some(stdin) = pipes.stdin {
                copy(stdin, pipes.stdout).await?;
            }
            return Ok(piped(&Outcome::code(0)));
        }
        program => program.into_outcome(),
    };
    if let Some(stdout) = pipes.stdout {
        for (_, line) in outcome.lines.iter().filter(|(is_error, _)| !is_error) {
            let line = format!("{line}\n");
            stdout
                .write_all(line.as_bytes())
                .await
                .map_err(Broken::Output)?;
        }
        stdout.flush().await.map_err(Broken::Output)?;
    }
    match outcome.after {
        Some(after) => tokio::time::sleep(after).await,
        None => pending().await,
    }
    outcome.lines.retain(|(is_error, _)| *is_error);
    Ok(piped(&outcome))
}

async fn copy(
    stdin: &mut (dyn tokio::io::AsyncRead + Send + Unpin),
    stdout: Option<&mut (dyn tokio::io::AsyncWrite + Send + Unpin)>,
) -> Result<(), Broken> {
    let (mut inside, mut outside) = tokio::io::duplex(crate::pipe::CHUNK);
    let reading = async {
        match stdout {
            Some(stdout) => {
                let copied = tokio::io::copy(&mut outside, stdout).await;
                copied.map_err(Broken::Output)?;
                stdout.flush().await.map_err(Broken::Output)
            }
            None => tokio::io::copy(&mut outside, &mut tokio::io::sink())
                .await
                .map(drop)
                .map_err(Broken::Output),
        }
    };
    let writing = async {
        let fed = feed(stdin, &mut inside).await;
        drop(inside);
        fed
    };
    tokio::try_join!(writing, reading).map(drop)
}

fn piped(outcome: &Outcome) -> Piped {
    let mut stderr = Tail::default();
    for (is_error, line) in &outcome.lines {
        if *is_error {
            stderr.push(format!("{line}\n").as_bytes());
        }
    }
    Piped {
        status: ExitStatus {
            code: outcome.code,
            out_of_memory: outcome.out_of_memory,
        },
        stderr: stderr.text(),
    }
}
