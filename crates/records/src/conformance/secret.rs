//! Secrets and who refers to them.

use std::sync::Arc;

use secrecy::ExposeSecret;
use serde_json::json;
use windlass_model::id::SecretId;
use windlass_model::variables::VariableSource;

use super::sample::{self, Sample, finish, id};
use super::{conflict, not_found};
use crate::{
    BindingState, Change, Deployment, DeploymentStatus, Release, ReleaseVariable, Store, Variable,
    VariableValue,
};

async fn values(store: &Arc<dyn Store>, ids: &[SecretId]) -> Vec<String> {
    let secrets = store.reveal(ids).await.expect("they are there");
    assert!(
        secrets
            .iter()
            .map(|secret| secret.id)
            .eq(ids.iter().copied())
    );
    secrets
        .iter()
        .map(|secret| secret.value.expose_secret().to_owned())
        .collect()
}

/// In the order asked for, as often as asked for.
pub async fn secrets_are_opened_in_order(store: Arc<dyn Store>) {
    let (one, two) = (sample::secret("eins ✓"), sample::secret(""));
    let insert = vec![
        Change::InsertSecret(one.clone()),
        Change::InsertSecret(two.clone()),
    ];
    store.commit(insert.clone()).await.expect("they apply");
    assert_eq!(
        values(&store, &[two.id, one.id, two.id]).await,
        ["", "eins ✓", ""]
    );
    assert!(store.reveal(&[]).await.expect("an answer").is_empty());
    let unknown: SecretId = id();
    assert_eq!(
        not_found(store.reveal(&[one.id, unknown]).await),
        format!("secret {unknown}")
    );
    conflict(store.commit(insert).await);
    // To forget twice is to forget.
    store
        .commit(vec![Change::DeleteSecret(one.id)])
        .await
        .expect("it applies");
    store
        .commit(vec![Change::DeleteSecret(one.id)])
        .await
        .expect("it applies");
    not_found(store.reveal(&[one.id]).await);
    assert!(!format!("{:?}", Change::InsertSecret(sample::secret("hidden"))).contains("hidden"));
}

/// What a living row refers to cannot be forgotten; the order of the changes does not matter.
pub async fn secrets_in_use_stay(store: Arc<dyn Store>) {
    let sample = Sample::new(store).await;
    let store = &sample.store;
    conflict(
        store
            .commit(vec![Change::DeleteSecret(sample.test.secret_key)])
            .await,
    );
    values(store, &[sample.test.secret_key]).await;
    let instance = sample
        .stored_instance(&sample.test, &sample.database, "DEFAULT")
        .await;
    let password = sample::secret("password");
    let binding = sample::binding(instance.id, 1, password.id);
    sample
        .commit([
            Change::InsertSecret(password.clone()),
            Change::InsertBinding(binding.clone()),
        ])
        .await;
    conflict(store.commit(vec![Change::DeleteSecret(password.id)]).await);
    let revoked = Change::SetBindingState {
        id: binding.id,
        from: BindingState::Pending,
        to: BindingState::Revoked,
    };
    sample
        .commit([Change::DeleteSecret(password.id), revoked])
        .await;
    not_found(store.reveal(&[password.id]).await);

    // Nobody has to say so: what opens nothing any more is not kept.
    let password = sample::secret("another");
    let binding = sample::binding(instance.id, 2, password.id);
    let revoked = Change::SetBindingState {
        id: binding.id,
        from: BindingState::Pending,
        to: BindingState::Revoked,
    };
    sample
        .commit([
            Change::InsertSecret(password.clone()),
            Change::InsertBinding(binding),
            revoked,
        ])
        .await;
    not_found(store.reveal(&[password.id]).await);
}

fn pinning(sample: &Sample, deployment: &Deployment, secret: SecretId) -> Release {
    let mut release = sample.release(deployment);
    release.variables.push(ReleaseVariable {
        name: "NAME".parse().expect("good"),
        source: VariableSource::Custom,
        value: VariableValue::Secret(secret),
        is_sensitive: false,
    });
    release
}

/// An old value stays while a release, or a deployment whose release is yet to be made, has it.
pub async fn pinned_secrets_outlive_their_variable(store: Arc<dyn Store>) {
    let sample = Sample::new(store).await;
    let store = &sample.store;
    let [unused, planned, pinned] = ["unused", "planned", "pinned"].map(sample::secret);
    let put = |secret: &crate::NewSecret, version| {
        let variable = Variable {
            id: sample.test.id.to_string().parse().expect("an id"),
            version,
            ..sample::variable(sample.test.id, "NAME", secret.id)
        };
        [
            Change::InsertSecret(secret.clone()),
            Change::PutVariable(variable),
        ]
    };
    sample.commit(put(&unused, 0)).await;
    sample.commit(put(&planned, 1)).await;
    not_found(store.reveal(&[unused.id]).await);

    let mut deployment = sample.deployment(&sample.test, Vec::new());
    deployment.snapshot = json!({"variables": {"NAME": planned.id}});
    sample
        .commit([Change::InsertDeployment(deployment.clone())])
        .await;
    sample.commit(put(&pinned, 2)).await;
    assert_eq!(
        values(store, &[planned.id, pinned.id]).await,
        ["planned", "pinned"]
    );
    let release = pinning(&sample, &deployment, planned.id);
    sample
        .commit([
            Change::InsertRelease(release.clone()),
            Change::NumberRelease { id: release.id },
            finish(&deployment, DeploymentStatus::Completed),
        ])
        .await;
    conflict(store.commit(vec![Change::DeleteSecret(planned.id)]).await);
    sample.commit([Change::DeleteRelease(release.id)]).await;
    not_found(store.reveal(&[planned.id]).await);

    let missing = pinning(
        &sample,
        &Deployment {
            release: id(),
            ..deployment
        },
        planned.id,
    );
    not_found(store.commit(vec![Change::InsertRelease(missing)]).await);
    let variable = sample.test.id.to_string().parse().expect("an id");
    sample.commit([Change::DeleteVariable(variable)]).await;
    not_found(store.reveal(&[pinned.id]).await);
}
