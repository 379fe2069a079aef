//! Release commands: in the new image, with the new variables, before the switch.

use std::time::Duration;

use tokio::sync::mpsc;
use windlass_engine::{Attachment, Limits, Restart, Workload, labels};
use windlass_operations::{Done, Failure};
use windlass_records::{Change, Release, ReleaseCommand};

use super::Stage;
use crate::{failures, naming};

/// A release command that is given up has this long to end by itself.
const STOP_GRACE: Duration = Duration::from_secs(10);

impl Stage<'_> {
    pub(super) async fn run_release_commands(&self) -> Result<Done<Change>, Failure> {
        let release = self.release().await?;
        let engine = self.parts.engine(self.scene.region.id)?;
        for (index, command) in self.commands()?.into_iter().enumerate() {
            let name = naming::release_command_container(release.id, index + 1);
            self.say(format!("      $ {}", command.command)).await?;
            let workload = self
                .release_command_workload(&release, &name, &command)
                .await?;
            let (sender, receiver) = mpsc::channel(256);
            let limit = self.parts.settings.release_command_timeout;
            let running =
                async { tokio::join!(engine.run(&workload, sender), self.pump(receiver)) };
            let (status, pumped) = tokio::time::timeout(limit, running)
                .await
                .map_err(|_| hung(&command, limit))?;
            let status = status.map_err(|error| failures::engine(&error))?;
            let last = pumped?;
            if !status.is_success() {
                let why = if status.out_of_memory {
                    "was killed because it used too much memory"
                } else {
                    "failed"
                };
                let tail = last
                    .last()
                    .map(|line| format!("; its last line: {line}"))
                    .unwrap_or_default();
                return Err(Failure::permanent(
                    "release_command_failed",
                    format!("the release command '{}' {why} with exit code {}{tail}", command.label, status.code),
                )
                .with_hint("The running release is unchanged. Mend the command or the code, and deploy again."));
            }
        }
        Ok(Done::default())
    }

    pub(super) async fn undo_release_commands(&self) -> Result<Done<Change>, Failure> {
        self.remove_release_commands().await?;
        Ok(Done::default())
    }

    /// Removes the containers of the release commands, which the engine keeps for their output.
    pub(super) async fn remove_release_commands(&self) -> Result<(), Failure> {
        let engine = self.parts.engine(self.scene.region.id)?;
        // The build may have failed, and with it the count of commands is unknown: ask the engine.
        let filter = self
            .scene
            .labels(&self.parts.installation)
            .with(labels::ROLE, "release-command")
            .with(labels::RELEASE, self.params.release);
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

    /// The application's commands, then the `release:` line of the Procfile. A rollback runs none: the
    /// commands of the past do not undo those of the present.
    fn commands(&self) -> Result<Vec<ReleaseCommand>, Failure> {
        if self.params.rollback.is_some() {
            return Ok(Vec::new());
        }
        let mut commands = self.params.release_commands.clone();
        if let Some(command) = self.built()?.manifest.release_command {
            commands.push(ReleaseCommand {
                label: "Procfile release".to_owned(),
                command,
            });
        }
        Ok(commands)
    }

    async fn release_command_workload(
        &self,
        release: &Release,
        name: &str,
        command: &ReleaseCommand,
    ) -> Result<Workload, Failure> {
        Ok(Workload {
            name: name.to_owned(),
            image: windlass_engine::ImageId(release.image.clone()),
            command: Some(vec![command.command.clone()]),
            entrypoint: Some(vec!["/bin/sh".to_owned(), "-c".to_owned()]),
            environment: self.parts.environment_of(release).await?,
            files: Vec::new(),
            networks: vec![Attachment {
                network: self
                    .parts
                    .ensure_environment_network(self.params.environment)
                    .await?,
                aliases: Vec::new(),
            }],
            mounts: Vec::new(),
            limits: Limits::default(),
            restart: Restart::No,
            health: None,
            stop_grace: STOP_GRACE,
            labels: self
                .scene
                .labels(&self.parts.installation)
                .with(labels::ROLE, "release-command")
                .with(labels::RELEASE, release.id)
                .with(labels::OPERATION, self.context.operation.id)
                .with(labels::EPOCH, self.context.operation.epoch),
        })
    }
}

fn hung(command: &ReleaseCommand, limit: Duration) -> Failure {
    Failure::permanent(
        "release_command_timed_out",
        format!(
            "the release command '{}' did not end within {} s, and was stopped",
            command.label,
            limit.as_secs()
        ),
    )
    .with_hint("The running release is unchanged. Mend the command, which may wait for an answer or a lock, and deploy again.")
}
