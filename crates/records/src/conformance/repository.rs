//! Repositories elsewhere.

use std::sync::Arc;

use windlass_model::repository::{KeyType, RepositoryState};
use windlass_model::time::Timestamp;

use super::sample::{self, NOW, Sample, id};
use super::{conflict, not_found};
use crate::{Application, Change, NewSecret, Repository, RepositoryAccess, Store};

fn repository(sample: &Sample, access: RepositoryAccess) -> Repository {
    Repository {
        id: id(),
        organisation: sample.organisation.id,
        url: "https://git.example.org/shop.git".to_owned(),
        access,
        state: RepositoryState::Cloning,
        failure: None,
        created_at: NOW,
    }
}

fn with_password(sample: &Sample) -> (Repository, NewSecret) {
    let secret = sample::secret("let me in");
    let access = RepositoryAccess::Password {
        username: "deploy".to_owned(),
        password: secret.id,
    };
    (repository(sample, access), secret)
}

/// Each way of access is kept as it was given; the secret goes with the repository.
pub async fn registered_and_forgotten(store: Arc<dyn Store>) {
    let sample = Sample::new(store).await;
    let store = &sample.store;
    let (with_password, password) = with_password(&sample);
    let private_key = sample::secret("PRIVATE KEY");
    let access = RepositoryAccess::Key {
        key_type: KeyType::Ed25519,
        public_key: "ssh-ed25519 AAAA windlass".to_owned(),
        private_key: private_key.id,
    };
    let with_key = repository(&sample, access);
    let open = repository(&sample, RepositoryAccess::Open);
    not_found(
        store
            .commit(vec![Change::InsertRepository(with_key.clone())])
            .await,
    );
    sample
        .commit([
            Change::InsertSecret(password.clone()),
            Change::InsertRepository(with_password.clone()),
            Change::InsertSecret(private_key.clone()),
            Change::InsertRepository(with_key.clone()),
            Change::InsertRepository(open.clone()),
        ])
        .await;
    for row in [&with_password, &with_key, &open] {
        let held = store.repository(row.id).await.expect("an answer");
        assert_eq!(held.as_ref(), Some(row));
    }
    let failed = Change::SetRepositoryState {
        id: open.id,
        state: RepositoryState::Invalid,
        failure: Some("it does not answer".to_owned()),
    };
    sample.commit([failed]).await;
    let held = store.repository(open.id).await.expect("an answer");
    let held = held.expect("it is there");
    assert_eq!(held.state, RepositoryState::Invalid);
    assert_eq!(held.failure.as_deref(), Some("it does not answer"));

    conflict(
        store
            .commit(vec![Change::DeleteSecret(private_key.id)])
            .await,
    );
    sample.commit([Change::DeleteRepository(with_key.id)]).await;
    assert_eq!(
        store.repository(with_key.id).await.expect("an answer"),
        None
    );
    not_found(store.reveal(&[private_key.id]).await);
    store.reveal(&[password.id]).await.expect("it is in use");
    not_found(
        store
            .commit(vec![Change::DeleteRepository(with_key.id)])
            .await,
    );
}

/// One application has it, and it goes with that application; what none has can be found.
pub async fn belongs_to_one_application(store: Arc<dyn Store>) {
    let sample = Sample::new(store).await;
    let store = &sample.store;
    let (repository, password) = with_password(&sample);
    let application = |slug: &str| Application {
        repository: Some(repository.id),
        ..sample::application(&sample.organisation, &sample.region, slug)
    };
    let site = application("site");
    not_found(
        store
            .commit(vec![Change::InsertApplication(site.clone())])
            .await,
    );
    sample
        .commit([
            Change::InsertSecret(password.clone()),
            Change::InsertRepository(repository.clone()),
        ])
        .await;
    let later = Timestamp(NOW.0 + 1);
    let unused = async |before| store.unused_repositories(before).await.expect("a list");
    assert_eq!(unused(later).await, [repository.id]);
    assert_eq!(unused(NOW).await, []);

    sample
        .commit([Change::InsertApplication(site.clone())])
        .await;
    assert_eq!(
        store.application(site.id).await.expect("an answer"),
        Some(site.clone())
    );
    assert_eq!(unused(later).await, []);
    let second = vec![Change::InsertApplication(application("second"))];
    let text = conflict(store.commit(second).await);
    assert!(text.contains("repository"), "{text}");
    let used = vec![Change::DeleteRepository(repository.id)];
    let text = conflict(store.commit(used).await);
    assert!(text.contains("'site'"), "{text}");

    sample.commit([Change::DeleteApplication(site.id)]).await;
    assert_eq!(
        store.repository(repository.id).await.expect("an answer"),
        None
    );
    not_found(store.reveal(&[password.id]).await);
}
