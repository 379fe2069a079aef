//! The containers of the new release: started beside the old ones, and checked before any switch.

use futures::TryStreamExt;
use tokio::time::Instant;
use windlass_engine::{LogOptions, Observation, Phase, labels};
use windlass_operations::{Done, Failure};
use windlass_records::{Change, Process, Release};

use super::Stage;
use crate::failures;
use crate::probe::{self, Answer};

/// Between two looks at a starting container: short, for it is part of what a deployment takes.
const POLL: std::time::Duration = std::time::Duration::from_millis(50);
/// A process without a port must have run this long without a restart to count as healthy.
const STEADY: std::time::Duration = std::time::Duration::from_secs(2);

/// When the processes of a release are judged: the same for all of them.
#[derive(Clone, Copy)]
struct Times {
    /// From when on a process without a port counts as steady.
    steady_at: Instant,
    /// Until when a process with a port has to answer.
    deadline: Instant,
}

impl Stage<'_> {
    /// The release that this deployment makes.
    pub(super) async fn release(&self) -> Result<Release, Failure> {
        self.parts
            .store
            .release(self.params.release)
            .await
            .map_err(|error| failures::store(&error))?
            .ok_or_else(|| {
                failures::internal(format!(
                    "release {} is not in the store",
                    self.params.release
                ))
            })
    }

    pub(super) async fn start(&self) -> Result<Done<Change>, Failure> {
        let release = self.release().await?;
        self.parts
            .ensure_environment_network(self.params.environment)
            .await?;
        self.parts
            .ensure_release(&self.scene, &release, Some(&self.context.operation))
            .await?;
        Ok(Done::default())
    }

    pub(super) async fn undo_start(&self) -> Result<Done<Change>, Failure> {
        let _lock = self.parts.locks.lock(self.params.environment).await;
        self.remove_processes_of(self.params.release).await?;
        Ok(Done::default())
    }

    pub(super) async fn remove_processes_of(
        &self,
        release: windlass_model::id::ReleaseId,
    ) -> Result<(), Failure> {
        let engine = self.parts.engine(self.scene.region.id)?;
        let filter = self
            .scene
            .labels(&self.parts.installation)
            .with(labels::ROLE, "process")
            .with(labels::RELEASE, release);
        for observed in engine
            .observe(&filter)
            .await
            .map_err(|error| failures::engine(&error))?
        {
            engine
                .remove(&observed.name)
                .await
                .map_err(|error| failures::engine(&error))?;
        }
        Ok(())
    }

    /// Every process of the release is healthy, or the deployment fails: one that is not stops them all.
    pub(super) async fn check_health(&self) -> Result<Done<Change>, Failure> {
        let release = self.release().await?;
        let times = Times {
            steady_at: Instant::now() + STEADY,
            deadline: Instant::now() + self.parts.settings.health_timeout,
        };
        for process in &release.processes {
            for index in 1..=process.count {
                let name =
                    crate::naming::process_container(release.id, process.name.as_str(), index);
                if let Err(failure) = self.check_container(process, &name, times).await {
                    self.show_output(&name).await?;
                    return Err(failure);
                }
            }
        }
        Ok(Done::default())
    }

    async fn check_container(
        &self,
        process: &Process,
        name: &str,
        times: Times,
    ) -> Result<(), Failure> {
        let engine = self.parts.engine(self.scene.region.id)?;
        let network = crate::naming::environment_network(self.params.environment);
        let mut last = String::from("nothing listens on it yet");
        loop {
            let observed = engine
                .inspect(name)
                .await
                .map_err(|error| failures::engine(&error))?;
            let observed =
                observed.ok_or_else(|| not_healthy(process, "its container has vanished"))?;
            if let Some(reason) = ended(&observed) {
                return Err(not_healthy(process, &reason));
            }
            match (process.port, observed.address(&network)) {
                (None, _) if Instant::now() >= times.steady_at => return Ok(()),
                (None, _) => {}
                (Some(_), None) => "it has no address yet".clone_into(&mut last),
                (Some(port), Some(address)) => {
                    let host = self
                        .params
                        .hosts
                        .first()
                        .map_or("localhost", String::as_str);
                    match probe::ask((address, port).into(), host, &process.health_path).await {
                        Answer::Status(status) if status < 500 => {
                            return self
                                .say(format!(
                                    "      {} answers on port {port} with status {status}",
                                    process.name
                                ))
                                .await;
                        }
                        Answer::Status(status) => {
                            last =
                                format!("it answers {} with status {status}", process.health_path);
                        }
                        Answer::None(reason) => last = reason,
                    }
                }
            }
            if process.port.is_some() && Instant::now() >= times.deadline {
                let port = process
                    .port
                    .map(|port| format!(" on port {port}"))
                    .unwrap_or_default();
                let seconds = self.parts.settings.health_timeout.as_secs();
                return Err(not_healthy(
                    process,
                    &format!("it gave no good answer{port} within {seconds} s: {last}"),
                ));
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// The last lines of a container that is not healthy, for the log.
    async fn show_output(&self, name: &str) -> Result<(), Failure> {
        let engine = self.parts.engine(self.scene.region.id)?;
        let options = LogOptions {
            tail: Some(50),
            ..LogOptions::default()
        };
        let lines: Vec<_> = match engine.logs(name, &options).await {
            Ok(stream) => stream.try_collect().await.unwrap_or_default(),
            Err(_) => Vec::new(),
        };
        for line in lines {
            self.say(format!("      {name}: {}", line.text)).await?;
        }
        Ok(())
    }
}

fn ended(observed: &Observation) -> Option<String> {
    let memory = if observed.out_of_memory {
        " because it used too much memory"
    } else {
        ""
    };
    match observed.phase {
        Phase::Exited { code } => Some(format!("it ended with exit code {code}{memory}")),
        Phase::Restarting => Some(format!(
            "it ended{memory} and is being started again and again"
        )),
        Phase::Running if observed.restarts > 0 => {
            Some(format!("it ended{memory} after its start"))
        }
        Phase::Created | Phase::Running | Phase::Unknown => None,
    }
}

fn not_healthy(process: &Process, reason: &str) -> Failure {
    Failure::permanent("not_healthy", format!("process '{}' of the new release is not healthy: {reason}", process.name)).with_hint(
        format!(
            "The running release is unchanged. The log shows what the process wrote; a web process listens on 0.0.0.0 at the port in PORT and answers {} with a status below 500.",
            process.health_path
        ),
    )
}
