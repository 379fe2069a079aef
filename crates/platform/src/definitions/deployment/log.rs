//! The deployment's log: what the one who waits reads.

use windlass_engine::LogLine;
use windlass_operations::Failure;

use super::Stage;
use crate::failures;

impl Stage<'_> {
    /// Adds a line to the log.
    pub(crate) async fn say(&self, line: impl Into<String>) -> Result<(), Failure> {
        let line = line.into();
        self.context.say(&line);
        self.parts
            .logs
            .append(self.params.deployment, std::slice::from_ref(&line))
            .await
            .map_err(|error| failures::log(&error))
    }

    /// The headline of a step, once per attempt.
    pub(super) async fn announce(&self) -> Result<(), Failure> {
        let headline = match super::split(&self.context.step).0 {
            "provision" => "Provisioning a service instance",
            "bind" => "Making credentials for the new release",
            "build" if self.params.rollback.is_none() => "Building the image",
            "release-commands"
                if !self.params.release_commands.is_empty() && self.params.rollback.is_none() =>
            {
                "Running release commands"
            }
            "start" => "Starting the new release",
            "health" => "Checking the new release",
            "publish" => "Switching traffic",
            "retire" => "Removing the old release",
            _ => return Ok(()),
        };
        let again = if self.context.attempt > 1 {
            format!(" (attempt {})", self.context.attempt)
        } else {
            String::new()
        };
        self.say(format!("----> {headline}{again}")).await
    }

    /// Writes a failure into the log. A log that cannot be written does not hide the failure itself,
    /// which the operation keeps.
    pub(super) async fn report(&self, failure: &Failure) {
        let mut lines = vec![format!(" !    {}", failure.message)];
        lines.extend(failure.hint.as_ref().map(|hint| format!(" !    {hint}")));
        if let Err(error) = self.parts.logs.append(self.params.deployment, &lines).await {
            tracing::warn!(deployment.id = %self.params.deployment, %error, "a failure could not be written to the deployment's log");
        }
    }

    /// Writes lines as they come until the sender is gone, and gives the last twenty back.
    pub(super) async fn pump(
        &self,
        mut lines: tokio::sync::mpsc::Receiver<LogLine>,
    ) -> Result<Vec<String>, Failure> {
        const KEPT: usize = 20;
        let mut last = std::collections::VecDeque::with_capacity(KEPT);
        let mut batch = Vec::new();
        let mut written = Ok(());
        while lines.recv_many(&mut batch, 256).await > 0 {
            let texts: Vec<String> = batch
                .drain(..)
                .map(|line| format!("      {}", line.text))
                .collect();
            for text in &texts {
                if last.len() == KEPT {
                    last.pop_front();
                }
                last.push_back(text.trim().to_owned());
                self.context.say(text);
            }
            // The lines are taken in to the end even when the log cannot be written: the one who
            // writes them must not be held up.
            if written.is_ok() {
                written = self.parts.logs.append(self.params.deployment, &texts).await;
            }
        }
        written.map_err(|error| failures::log(&error))?;
        Ok(last.into())
    }
}
