//! Bindings: a user of its own for each instance that the release has and that has none yet.

use windlass_model::id::{BindingId, InstanceId};
use windlass_operations::{Done, Effect, Failure};
use windlass_records::{Binding, BindingState, Change, NewSecret, ReleaseBinding};
use windlass_services::BindingSpec;

use super::Stage;
use crate::instance_work::never_reached;
use crate::{failures, ids};

impl Stage<'_> {
    /// Records the bindings that are to be made, before any is.
    pub(super) async fn credentials(&self) -> Result<Done<Change>, Failure> {
        let mut changes = Vec::new();
        for wished in &self.params.instances {
            if self.usable_binding(wished.instance).await?.is_some() {
                continue;
            }
            let instance = self.parts.instance_scene(wished.instance).await?.instance;
            let now = self.parts.now();
            let password = NewSecret {
                id: ids::mint(),
                value: ids::password(32),
                created_at: now,
            };
            let binding = Binding {
                id: ids::mint(),
                instance: wished.instance,
                generation: instance.generation + 1,
                password: password.id,
                state: BindingState::Pending,
                operation: self.context.operation.id,
                created_at: now,
                grace_ends_at: None,
            };
            changes.push(Change::InsertSecret(password));
            changes.push(Change::InsertBinding(binding));
        }
        Ok(Done::changes(changes))
    }

    /// Forgets the bindings that this deployment recorded; their users are gone by now.
    pub(super) async fn undo_credentials(&self) -> Result<Done<Change>, Failure> {
        let changes = self
            .own_bindings()
            .await?
            .into_iter()
            .map(|binding| Change::SetBindingState {
                id: binding.id,
                from: binding.state,
                to: BindingState::Revoked,
            })
            .collect();
        Ok(Done::changes(changes))
    }

    /// Makes the users, and lets the environment reach the clusters.
    pub(super) async fn bind(&self) -> Result<Done<Change>, Failure> {
        for wished in &self.params.instances {
            let scene = self.parts.instance_scene(wished.instance).await?;
            let cluster = self.parts.instance_cluster(&scene).await?;
            self.parts
                .connect_cluster(&cluster, self.params.environment)
                .await?;
        }
        let mut changes = Vec::new();
        let mut is_begun = false;
        for binding in self.own_bindings().await? {
            let scene = self.parts.instance_scene(binding.instance).await?;
            let cluster = self.parts.instance_cluster(&scene).await?;
            // What one binding could not begin is not what the step has done: others may be made.
            let as_of_step = |mut failure: Failure| {
                if is_begun {
                    failure.effect = Effect::Unknown;
                }
                failure
            };
            let access = self
                .parts
                .usable_cluster(&cluster, &scene.service)
                .await
                .map_err(as_of_step)?;
            let spec = BindingSpec {
                binding: binding.id,
                generation: binding.generation,
                password: self.parts.reveal(binding.password).await?,
            };
            let credential = self
                .parts
                .driver(&scene.service)?
                .bind(&access, &self.parts.instance_spec(&scene).await?, &spec)
                .await
                .map_err(|error| as_of_step(failures::service(&error)))?;
            is_begun = true;
            if let Some(value) = credential {
                let password = NewSecret {
                    id: ids::mint(),
                    value,
                    created_at: self.parts.now(),
                };
                changes.push(Change::SetBindingPassword {
                    id: binding.id,
                    password: password.id,
                });
                changes.push(Change::InsertSecret(password));
            }
            self.say(format!(
                "      {} has credentials of its own (number {})",
                scene.instance.prefix, binding.generation
            ))
            .await?;
            if binding.state == BindingState::Pending {
                changes.push(Change::SetBindingState {
                    id: binding.id,
                    from: BindingState::Pending,
                    to: BindingState::Active,
                });
            }
        }
        Ok(Done::changes(changes))
    }

    /// Takes the users away again that this deployment made; those of the running release stay.
    pub(super) async fn undo_bind(&self) -> Result<Done<Change>, Failure> {
        let record = self.context.operation.step(&self.context.step);
        if record.is_some_and(never_reached) {
            return Ok(Done::default());
        }
        for binding in self.own_bindings().await? {
            self.parts.revoke_binding(&binding).await?;
        }
        Ok(Done::default())
    }

    /// The binding that the release pins for each of its instances.
    pub(super) async fn release_bindings(&self) -> Result<Vec<ReleaseBinding>, Failure> {
        let mut bindings = Vec::new();
        for wished in &self.params.instances {
            let binding = self.usable_binding(wished.instance).await?.ok_or_else(|| {
                failures::internal(format!(
                    "instance {} has no binding after it was bound",
                    wished.instance
                ))
            })?;
            bindings.push(ReleaseBinding {
                binding,
                instance: wished.instance,
                prefix: wished.prefix.clone(),
                url_scheme: wished.url_scheme.clone(),
                profile: wished.profile,
                media_host: wished.media_host.clone(),
            });
        }
        Ok(bindings)
    }

    /// The newest binding of an instance that a release may pin: an active one, or one that this
    /// deployment is making; of an instance whose credentials are rotated, only the latter.
    async fn usable_binding(&self, instance: InstanceId) -> Result<Option<BindingId>, Failure> {
        let bindings = self
            .parts
            .store
            .bindings(instance)
            .await
            .map_err(|error| failures::store(&error))?;
        let usable = bindings.into_iter().rev().find(|binding| {
            let is_own = binding.operation == self.context.operation.id;
            match binding.state {
                BindingState::Active => is_own || !self.params.rotates(instance),
                BindingState::Pending => is_own,
                BindingState::Revoking | BindingState::Revoked => false,
            }
        });
        Ok(usable.map(|binding| binding.id))
    }

    async fn own_bindings(&self) -> Result<Vec<Binding>, Failure> {
        let mut own = Vec::new();
        for wished in &self.params.instances {
            let bindings = self
                .parts
                .store
                .bindings(wished.instance)
                .await
                .map_err(|error| failures::store(&error))?;
            own.extend(
                bindings
                    .into_iter()
                    .filter(|binding| binding.operation == self.context.operation.id),
            );
        }
        Ok(own)
    }
}

impl crate::parts::Parts {
    /// Takes a binding's user away on its server. Its row is the caller's.
    pub(crate) async fn revoke_binding(&self, binding: &Binding) -> Result<(), Failure> {
        let scene = self.instance_scene(binding.instance).await?;
        // Not provisioned any more, or never was: its users went with it.
        let Some(cluster) = scene.instance.cluster else {
            return Ok(());
        };
        let cluster = self.cluster(cluster).await?;
        let access = self.access(&cluster, &scene.service).await?;
        self.driver(&scene.service)?
            .unbind(&access, binding.instance, binding.generation)
            .await
            .map_err(|error| failures::service(&error))
    }
}
