//! Credentials that a rotation replaced: revoked when they have no session left, or when their grace time is
//! over. No input but the store; what one round does not get done waits for the next.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use windlass_operations::{Failure, StoreError};
use windlass_records::{AuditEntry, AuditOutcome, Binding, BindingState, Change};

use crate::failures;
use crate::parts::Parts;

/// Between two looks at the sessions of what was replaced.
const INTERVAL: Duration = Duration::from_secs(15);
/// For one of them: a broker may take its time over a request, and goes on with it at the next one.
const LONGEST: Duration = Duration::from_mins(2);
/// Who it is that does it, for records.
const ACTOR: &str = "windlass";

/// Makes rounds until it is cancelled.
pub(crate) async fn run(parts: &Parts, cancel: CancellationToken) {
    loop {
        tokio::select! {
            () = cancel.cancelled() => return,
            () = tokio::time::sleep(INTERVAL) => {}
        }
        if cancel.run_until_cancelled(pass(parts)).await.is_none() {
            return;
        }
    }
}

/// One round; says whether something failed.
pub(crate) async fn pass(parts: &Parts) -> bool {
    let replaced = match parts.store.replaced_bindings().await {
        Ok(replaced) => replaced,
        Err(error) => {
            tracing::warn!(%error, "replaced credentials cannot be looked at");
            return true;
        }
    };
    let mut failed = false;
    for binding in replaced {
        // What is slow waits for the next round, so that the others need not wait for it.
        let revoked = tokio::time::timeout(LONGEST, parts.revoke_if_unused(&binding)).await;
        let revoked = revoked.unwrap_or_else(|_| {
            let seconds = LONGEST.as_secs();
            Err(Failure::transient(
                "timed_out",
                format!("its server needs more than {seconds} s"),
            ))
        });
        if let Err(failure) = revoked {
            failed = true;
            tracing::warn!(
                binding.id = %binding.id,
                instance.id = %binding.instance,
                failure.code,
                failure.message,
                "replaced credentials are not revoked yet"
            );
        }
    }
    failed
}

impl Parts {
    async fn revoke_if_unused(&self, binding: &Binding) -> Result<(), Failure> {
        let is_over = binding.grace_ends_at.is_none_or(|end| end <= self.now());
        if !is_over && self.open_sessions(binding).await? != Some(0) {
            return Ok(());
        }
        self.revoke_binding(binding).await?;
        let scene = self.instance_scene(binding.instance).await?;
        let owner = self.scene(scene.instance.environment).await?;
        let revoked = self.store.commit(vec![
            Change::SetBindingState {
                id: binding.id,
                from: BindingState::Revoking,
                to: BindingState::Revoked,
            },
            Change::Audit(AuditEntry {
                at: self.now(),
                actor: ACTOR.to_owned(),
                request_id: "rotation".to_owned(),
                address: String::new(),
                action: "service.revoke".to_owned(),
                subject: format!("{}/{}", owner.title(), scene.instance.prefix),
                organisation: None,
                application: Some(owner.application.id),
                detail: format!("credentials number {}", binding.generation),
                outcome: AuditOutcome::Done,
            }),
        ]);
        match revoked.await {
            // A deployment or a removal was faster.
            Ok(()) | Err(StoreError::Conflict(_)) => Ok(()),
            Err(error) => Err(failures::store(&error)),
        }
    }

    /// How many sessions a binding's user has; `None` where its server cannot tell.
    pub(crate) async fn open_sessions(&self, binding: &Binding) -> Result<Option<u32>, Failure> {
        let scene = self.instance_scene(binding.instance).await?;
        let Some(cluster) = scene.instance.cluster else {
            return Ok(Some(0));
        };
        let cluster = self.cluster(cluster).await?;
        let access = self.access(&cluster, &scene.service).await?;
        self.driver(&scene.service)?
            .sessions(&access, binding.instance, binding.generation)
            .await
            .map_err(|error| failures::service(&error))
    }
}
