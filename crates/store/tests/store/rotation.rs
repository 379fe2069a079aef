//! A new key: what it opens, what the old one opens no more, and crashes in between.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use secrecy::ExposeSecret;
use sqlx::{Connection, SqliteConnection, query_scalar};
use windlass_model::id::SecretId;
use windlass_records::{Change, Store};
use windlass_store::{OpenError, RotationError, SqliteStore};

use crate::common::{State, chain, secret};

const VALUES: [&str; 3] = ["correct horse", "battery", "staple"];

/// A closed store with secrets.
async fn made() -> (State, Vec<SecretId>) {
    let state = State::new();
    let store = state.open().await.unwrap();
    let secrets = VALUES.map(secret);
    let ids = secrets.iter().map(|secret| secret.id).collect();
    let changes = secrets.map(Change::InsertSecret).to_vec();
    store.commit(changes).await.unwrap();
    store.close().await;
    (state, ids)
}

async fn assert_opens(state: &State, ids: &[SecretId]) {
    let store = state.open().await.expect("the store opens");
    let opened = store.reveal(ids).await.unwrap();
    let values: Vec<&str> = opened
        .iter()
        .map(|secret| secret.value.expose_secret())
        .collect();
    assert_eq!(values, VALUES);
    store.close().await;
}

async fn sealed(state: &State) -> Vec<Vec<u8>> {
    let url = format!("sqlite://{}?mode=ro", state.database().display());
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    query_scalar("SELECT sealed FROM secret ORDER BY id")
        .fetch_all(&mut connection)
        .await
        .unwrap()
}

fn holds(directory: &Path, needle: &[u8]) -> bool {
    fs::read_dir(directory).unwrap().any(|entry| {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        bytes.windows(needle.len()).any(|window| window == needle)
    })
}

#[tokio::test]
async fn every_secret_is_opened_by_the_new_key_and_none_by_the_old() {
    let (state, ids) = made().await;
    let key = state.file("secret.key");
    let old_key = fs::read(&key).unwrap();
    let old = sealed(&state).await;
    assert!(old.iter().all(|sealed| holds(state.path(), sealed)));

    let rotation = SqliteStore::rotate_key(state.settings()).await.unwrap();
    assert_eq!(rotation.secrets, 3);
    assert_ne!(rotation.key_id, rotation.former_key_id);
    assert_ne!(fs::read(&key).unwrap(), old_key);
    assert_eq!(
        fs::metadata(&key).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert!(!state.file("secret.key.next").exists());
    for sealed in &old {
        assert!(!holds(state.path(), sealed), "the old key opens something");
    }
    assert_opens(&state, &ids).await;

    let new_key = fs::read(&key).unwrap();
    fs::write(&key, &old_key).unwrap();
    let error = state.open().await.unwrap_err();
    assert!(matches!(error, OpenError::WrongKey { .. }), "{error:?}");
    fs::write(&key, new_key).unwrap();

    let again = SqliteStore::rotate_key(state.settings()).await.unwrap();
    assert_eq!(again.former_key_id, rotation.key_id);
    assert_opens(&state, &ids).await;
}

#[tokio::test]
async fn a_crash_before_the_file_is_in_its_place_is_made_good_by_the_next_start() {
    let (state, ids) = made().await;
    let (key, next) = (state.file("secret.key"), state.file("secret.key.next"));
    let old_key = fs::read(&key).unwrap();
    SqliteStore::rotate_key(state.settings()).await.unwrap();
    // As the crash leaves it.
    fs::rename(&key, &next).unwrap();
    fs::write(&key, old_key).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();

    assert_opens(&state, &ids).await;
    assert!(!next.exists());
    assert_opens(&state, &ids).await;
}

#[tokio::test]
async fn a_crash_before_anything_was_sealed_leaves_the_old_key_in_force() {
    let (state, ids) = made().await;
    let next = state.file("secret.key.next");
    let waiting = "5a".repeat(32);
    fs::write(&next, &waiting).unwrap();
    fs::set_permissions(&next, fs::Permissions::from_mode(0o600)).unwrap();
    assert_opens(&state, &ids).await;

    SqliteStore::rotate_key(state.settings()).await.unwrap();
    let key = fs::read_to_string(state.file("secret.key")).unwrap();
    assert_eq!(key, waiting, "the next rotation goes on with that key");
    assert_opens(&state, &ids).await;
}

#[tokio::test]
async fn a_strange_key_that_waits_is_no_key_of_the_store() {
    let (state, _) = made().await;
    let (key, next) = (state.file("secret.key"), state.file("secret.key.next"));
    fs::write(&next, "5a".repeat(32)).unwrap();
    fs::set_permissions(&next, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(&key, "00".repeat(32)).unwrap();
    let error = state.open().await.unwrap_err();
    assert!(matches!(error, OpenError::WrongKey { .. }), "{error:?}");
    assert!(next.exists());
}

#[tokio::test]
async fn a_damaged_secret_changes_nothing() {
    let (state, ids) = made().await;
    let url = format!("sqlite://{}", state.database().display());
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    sqlx::query("UPDATE secret SET sealed = x'00' WHERE id = ?")
        .bind(ids[2].to_string())
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    let (before, key) = (
        sealed(&state).await,
        fs::read(state.file("secret.key")).unwrap(),
    );

    let error = SqliteStore::rotate_key(state.settings()).await.unwrap_err();
    assert!(matches!(error, RotationError::Seal(_)), "{error:?}");
    let text = chain(&error);
    assert!(
        text.contains("the old one is in force") && text.contains(&ids[2].to_string()),
        "{text}"
    );
    assert_eq!(sealed(&state).await, before);
    assert_eq!(fs::read(state.file("secret.key")).unwrap(), key);
}

#[tokio::test]
async fn a_running_servers_key_stays() {
    let (state, ids) = made().await;
    let server = state.open().await.unwrap();
    let error = SqliteStore::rotate_key(state.settings()).await.unwrap_err();
    assert!(
        matches!(error, RotationError::Open(OpenError::InUse { .. })),
        "{error:?}"
    );
    server.close().await;
    assert_opens(&state, &ids).await;
}
