//! What is kept for a time only: releases, deployments and operations that are past their limits go. Begins
//! a little at a time what removes them; nothing waits for it, and what was not reached waits for the next
//! round.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use windlass_model::id::{EnvironmentId, RegionId};
use windlass_model::time::Timestamp;
use windlass_operations::{Failure, OperationState, StoreError, SubmitError};
use windlass_records::{Change, PageRequest};

use crate::definitions::clean_up;
use crate::failures;
use crate::parts::Parts;
use crate::platform::Platform;

/// The first round comes when the server has taken up what an earlier one left.
const FIRST: Duration = Duration::from_secs(30);
/// As many rows as one transaction deletes, so that nobody who writes waits long for it.
const ROWS_AT_ONCE: u32 = 500;
/// As many such transactions as a round makes.
const TRIMS: u32 = 200;
/// Between two of them, for those who wait to write.
const PAUSE: Duration = Duration::from_millis(20);
/// As many environments as a round cleans up.
const ENVIRONMENTS: u32 = 100;
/// How long one clean-up is waited for before the next begins. One at a time: those who wait for a deployment
/// have the engine and the runner for themselves.
const PATIENCE: Duration = Duration::from_mins(2);

/// How long a repository elsewhere waits for its application: whoever makes one is at it for minutes.
const UNUSED_REPOSITORY: Duration = Duration::from_hours(24);

/// What one round leaves for the next.
#[derive(Debug, Default)]
pub(crate) struct Housekeeping {
    /// Where the look at operations that have ended goes on: most of them stay for their deployments.
    place: Option<String>,
}

/// Makes rounds until it is cancelled.
pub(crate) async fn run(platform: Platform, cancel: CancellationToken) {
    let interval = platform.parts.settings.housekeeping_interval;
    let mut housekeeping = Housekeeping::default();
    let mut pause = FIRST.min(interval);
    loop {
        tokio::select! {
            () = cancel.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
        housekeeping.pass(&platform, &cancel).await;
        pause = interval;
    }
}

impl Housekeeping {
    /// One round; says whether something failed.
    pub(crate) async fn pass(&mut self, platform: &Platform, cancel: &CancellationToken) -> bool {
        let mut failed = false;
        for (name, outcome) in [
            ("operations", self.trim_operations(platform, cancel).await),
            ("environments", clean_up(platform, cancel).await),
            ("repositories", forget_repositories(platform).await),
        ] {
            if let Err(failure) = outcome {
                failed = true;
                tracing::warn!(
                    housekeeping = name,
                    failure.code,
                    failure.message,
                    "what need not be kept stays until the next round"
                );
            }
        }
        failed
    }

    /// Operations that ended long ago and that nothing refers to.
    async fn trim_operations(
        &mut self,
        platform: &Platform,
        cancel: &CancellationToken,
    ) -> Result<(), Failure> {
        let parts = &platform.parts;
        let kept = i64::try_from(parts.settings.keep_operations.as_millis()).unwrap_or(i64::MAX);
        let ended_before = parts.now().plus_millis(kept.saturating_neg());
        let mut deleted = 0;
        for _ in 0..TRIMS {
            let page = PageRequest {
                limit: ROWS_AT_ONCE,
                after: self.place.take(),
            };
            let trimmed = parts.store.trim_operations(ended_before, &page).await;
            let trimmed = trimmed.map_err(|error| failures::store(&error))?;
            deleted += trimmed.operations;
            self.place = trimmed.next;
            if self.place.is_none() || cancel.is_cancelled() {
                break;
            }
            tokio::time::sleep(PAUSE).await;
        }
        if deleted > 0 {
            tracing::info!(deleted, "operations that ended long ago are forgotten");
        }
        Ok(())
    }
}

/// Environments with more releases or deployments than are kept.
async fn clean_up(platform: &Platform, cancel: &CancellationToken) -> Result<(), Failure> {
    let parts = &platform.parts;
    let keep = parts.settings.keep();
    let found = parts
        .store
        .environments_to_clean_up(&keep, u32::MAX)
        .await
        .map_err(|error| failures::store(&error))?;
    if found.is_empty() {
        return Ok(());
    }
    let mut engines = HashMap::new();
    let mut first = None;
    let mut left = ENVIRONMENTS;
    for environment in found {
        let region = parts.scene(environment).await?.region.id;
        if let Entry::Vacant(unasked) = engines.entry(region) {
            let answer = ping(parts, region).await;
            unasked.insert(answer.is_ok());
            first = first.or(answer.err());
        }
        // While its engine is away an operation for the environment would only leave its record.
        if !engines[&region] {
            continue;
        }
        if left == 0 {
            break;
        }
        left -= 1;
        tokio::select! {
            () = cancel.cancelled() => return Ok(()),
            cleaned = clean_up_environment(platform, environment) => cleaned?,
        }
    }
    first.map_or(Ok(()), Err)
}

async fn ping(parts: &Parts, region: RegionId) -> Result<(), Failure> {
    let engine = parts.engine(region)?;
    let answer = engine.ping().await;
    answer.map(drop).map_err(|error| failures::engine(&error))
}

async fn clean_up_environment(
    platform: &Platform,
    environment: EnvironmentId,
) -> Result<(), Failure> {
    let Some((submission, changes)) = clean_up::compose(&platform.parts, environment).await? else {
        return Ok(());
    };
    let begun = match platform.runner.submit(submission, changes).await {
        Ok(created) => created.operation(),
        // Another one is at work on it, or its application is being removed since it was found.
        Err(SubmitError::Store(
            StoreError::SubjectBusy { .. } | StoreError::Conflict(_) | StoreError::NotFound(_),
        )) => return Ok(()),
        Err(SubmitError::Store(error)) => return Err(failures::store(&error)),
        Err(error) => return Err(failures::internal(error.to_string())),
    };
    let rested = platform.runner.wait(begun.id, PATIENCE).await;
    let rested = rested.map_err(|error| failures::store(&error))?;
    match rested.state {
        OperationState::Succeeded => {}
        state => tracing::warn!(
            op.id = %rested.id,
            environment.id = %environment,
            state = state.as_str(),
            "an environment is not cleaned up yet"
        ),
    }
    Ok(())
}

/// Repositories elsewhere that were registered for an application that was never made, with their passwords and keys.
async fn forget_repositories(platform: &Platform) -> Result<(), Failure> {
    let store = &platform.parts.store;
    let age = i64::try_from(UNUSED_REPOSITORY.as_millis()).unwrap_or(i64::MAX);
    let before = Timestamp(platform.parts.now().0.saturating_sub(age));
    let unused = store.unused_repositories(before).await;
    for id in unused.map_err(|error| failures::store(&error))? {
        match store.commit(vec![Change::DeleteRepository(id)]).await {
            // An application has it after all, or somebody else forgot it.
            Ok(()) | Err(StoreError::Conflict(_) | StoreError::NotFound(_)) => {}
            Err(error) => return Err(failures::store(&error)),
        }
    }
    Ok(())
}
