//! The pivot, and what makes the world agree with it.

use windlass_engine::labels;
use windlass_model::instance::InstanceEvent;
use windlass_operations::{Done, Failure};
use windlass_records::{Binding, BindingState, Change, InstanceFilter, PageRequest};

use super::super::{read, write};
use super::Stage;
use crate::instance_work::internal_transition;
use crate::{failures, naming};

/// More instances than one environment has.
const ALL: u32 = 100_000;

/// What becomes of credentials that the new release does not have.
enum Fate {
    /// They are revoked.
    Revoke,
    /// They were just replaced, and go when nobody uses them any more.
    Replace { grace: u32 },
    /// They were replaced earlier, and still have time.
    Keep,
}

impl Stage<'_> {
    /// The point of no return: running release and attachment states, in one transaction.
    pub(super) async fn switch(&self) -> Result<Done<Change>, Failure> {
        let now = self.parts.now();
        let running = self.scene.environment.running_release;
        let mut changes = Vec::new();
        if running != Some(self.params.release) {
            changes.push(Change::SetRunningRelease {
                id: self.params.environment,
                from: running,
                to: Some(self.params.release),
            });
            changes.push(Change::NumberRelease {
                id: self.params.release,
            });
        }
        for instance in self.instances().await? {
            let with = self
                .params
                .instances
                .iter()
                .any(|wished| wished.instance == instance.id);
            let event = if with {
                InstanceEvent::DeployedWith
            } else {
                InstanceEvent::DeployedWithout
            };
            // New credentials are all that a rotation changes: what is wished of the next deployment stays wished.
            let to = match self.params.rotation {
                Some(_) => instance.state,
                None => internal_transition(instance.state, event)?,
            };
            // Guarded even where nothing changes: a wish that comes in between makes this try again.
            changes.push(Change::SetInstanceState {
                id: instance.id,
                from: instance.state,
                to,
                at: now,
            });
            if with && instance.last_error.is_some() {
                changes.push(Change::SetInstanceError {
                    id: instance.id,
                    error: None,
                    at: now,
                });
            }
        }
        Ok(Done::changes(changes))
    }

    /// The router sends new requests to the new release.
    pub(super) async fn publish(&self) -> Result<Done<Change>, Failure> {
        self.require_switched()?;
        self.require_reachable().await?;
        let old = self.upstreams_of_previous().await?;
        self.parts.publish_routes(self.scene.region.id).await?;
        Ok(Done {
            output: Some(write("the old addresses", &old)?),
            changes: Vec::new(),
        })
    }

    /// Requests that the old release has begun to answer come to their end.
    pub(super) async fn drain(&self) -> Result<Done<Change>, Failure> {
        self.require_switched()?;
        let old: Vec<std::net::SocketAddr> = match self.context.output("publish") {
            Some(output) => read("the old addresses", output)?,
            None => Vec::new(),
        };
        if !old.is_empty() {
            let drained = self
                .parts
                .router
                .drain(&old, self.parts.settings.drain_deadline)
                .await
                .map_err(|error| failures::router(&error))?;
            if !drained.is_complete() {
                self.say(format!(
                    "      {} request(s) to the old release did not end in time",
                    drained.in_flight
                ))
                .await?;
            }
        }
        Ok(Done::default())
    }

    /// The containers of the old release go; the new one's stay, whatever happens.
    pub(super) async fn retire(&self) -> Result<Done<Change>, Failure> {
        self.require_switched()?;
        self.require_reachable().await?;
        let _lock = self.parts.locks.lock(self.params.environment).await;
        let engine = self.parts.engine(self.scene.region.id)?;
        let filter = self
            .scene
            .labels(&self.parts.installation)
            .with(labels::ROLE, "process");
        let keep = self.params.release.to_string();
        for observed in engine
            .observe(&filter)
            .await
            .map_err(|error| failures::engine(&error))?
        {
            if observed.labels.value(labels::RELEASE) != Some(keep.as_str()) {
                engine
                    .remove(&observed.name)
                    .await
                    .map_err(|error| failures::engine(&error))?;
            }
        }
        self.remove_release_commands().await?;
        Ok(Done::default())
    }

    /// The users that the new release does not have lose their credentials.
    pub(super) async fn revoke(&self) -> Result<Done<Change>, Failure> {
        self.require_switched()?;
        let release = self.release().await?;
        let mut changes = Vec::new();
        for instance in self.instances().await? {
            let bindings = self
                .parts
                .store
                .bindings(instance.id)
                .await
                .map_err(|error| failures::store(&error))?;
            for binding in bindings {
                if release
                    .bindings
                    .iter()
                    .any(|pinned| pinned.binding == binding.id)
                {
                    continue;
                }
                let is_with = release
                    .bindings
                    .iter()
                    .any(|pinned| pinned.instance == instance.id);
                let title = format!("{} (number {})", instance.prefix, binding.generation);
                match self.fate(&binding, is_with).await? {
                    Fate::Revoke => {
                        self.parts.revoke_binding(&binding).await?;
                        changes.push(Change::SetBindingState {
                            id: binding.id,
                            from: binding.state,
                            to: BindingState::Revoked,
                        });
                        self.say(format!("      The credentials of {title} are revoked"))
                            .await?;
                    }
                    Fate::Replace { grace } => {
                        let millis = i64::from(grace) * 1000;
                        changes.push(Change::ReplaceBinding {
                            id: binding.id,
                            grace_ends_at: self.parts.now().plus_millis(millis),
                        });
                        self.say(format!(
                            "      The replaced credentials of {title} stay valid while they are used, for {} at the most",
                            naming::describe_seconds(grace)
                        ))
                        .await?;
                    }
                    Fate::Keep => {}
                }
            }
        }
        Ok(Done::changes(changes))
    }

    /// What becomes of credentials that the new release does not have; `is_with` says whether it has others of
    /// the same instance.
    async fn fate(&self, binding: &Binding, is_with: bool) -> Result<Fate, Failure> {
        // The instance is detached: nobody is to use it any more.
        if !is_with {
            return Ok(Fate::Revoke);
        }
        if binding
            .grace_ends_at
            .is_some_and(|end| end > self.parts.now())
        {
            return Ok(Fate::Keep);
        }
        let Some(rotation) = &self.params.rotation else {
            return Ok(Fate::Revoke);
        };
        if binding.instance != rotation.instance
            || binding.state != BindingState::Active
            || rotation.grace_seconds == 0
            || self.parts.open_sessions(binding).await? == Some(0)
        {
            return Ok(Fate::Revoke);
        }
        Ok(Fate::Replace {
            grace: rotation.grace_seconds,
        })
    }

    /// What follows the pivot takes the old release away. An operator who skips the pivot must not have
    /// that done to the release that still runs.
    fn require_switched(&self) -> Result<(), Failure> {
        if self.scene.environment.running_release == Some(self.params.release) {
            return Ok(());
        }
        Err(Failure::permanent(
            "not_switched",
            "the new release is not the running one: its switch was skipped",
        )
        .with_hint("Abandon this deployment, and deploy again."))
    }

    /// Every routed container of the new release has an address: one that died since its health check
    /// comes back by its restart policy, and until then the old release stays.
    async fn require_reachable(&self) -> Result<(), Failure> {
        let release = self.release().await?;
        let routed = release
            .processes
            .iter()
            .filter(|process| process.port.is_some());
        let wanted: usize = routed
            .map(|process| usize::try_from(process.count).unwrap_or(usize::MAX))
            .sum();
        let reachable = self.parts.upstreams(&self.scene, &release).await?.len();
        if reachable >= wanted {
            return Ok(());
        }
        Err(Failure::transient(
            "not_reachable",
            format!("{reachable} of {wanted} containers of the new release are running"),
        )
        .with_hint(
            "The old release stays until they are; the log of the processes says why they end.",
        ))
    }

    async fn instances(&self) -> Result<Vec<windlass_records::Instance>, Failure> {
        let filter = InstanceFilter {
            environment: Some(self.params.environment),
            ..InstanceFilter::default()
        };
        let page = self
            .parts
            .store
            .instances(&filter, &PageRequest::first(ALL))
            .await
            .map_err(|error| failures::store(&error))?;
        Ok(page.rows)
    }

    async fn upstreams_of_previous(&self) -> Result<Vec<std::net::SocketAddr>, Failure> {
        let Some(previous) = self.params.previous else {
            return Ok(Vec::new());
        };
        let Some(release) = self
            .parts
            .store
            .release(previous)
            .await
            .map_err(|error| failures::store(&error))?
        else {
            return Ok(Vec::new());
        };
        self.parts.upstreams(&self.scene, &release).await
    }
}
