//! The key file, and that no secret is on the disk in the clear.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::common::{State, secret};
use secrecy::ExposeSecret;
use windlass_operations::StoreError;
use windlass_records::{Change, Store};
use windlass_store::{OpenError, SqliteStore, StoreSettings};

const VALUE: &str = "correct horse battery staple";

#[tokio::test]
async fn no_secret_is_on_the_disk_in_the_clear() {
    let state = State::new();
    let store = state.open().await.unwrap();
    let kept = secret(VALUE);
    let name = "a value that is no secret";
    let clear = Change::PutSetting {
        name: name.into(),
        value: true.into(),
    };
    store
        .commit(vec![Change::InsertSecret(kept.clone()), clear])
        .await
        .unwrap();
    let holds = |needle: &str| {
        fs::read_dir(state.path()).unwrap().any(|entry| {
            let bytes = fs::read(entry.unwrap().path()).unwrap();
            bytes
                .windows(needle.len())
                .any(|window| window == needle.as_bytes())
        })
    };
    assert!(holds(name), "the write-ahead log is looked at");
    assert!(!holds(VALUE));
    store.close().await;
    assert!(holds(name) && !holds(VALUE));

    let store = state.open().await.unwrap();
    let opened = store.reveal(&[kept.id]).await.unwrap();
    assert_eq!(opened[0].value.expose_secret(), VALUE);
}

#[tokio::test]
async fn one_secret_cannot_take_anothers_place() {
    let state = State::new();
    let store = state.open().await.unwrap();
    let (one, two) = (secret("one"), secret("two"));
    store
        .commit(vec![
            Change::InsertSecret(one.clone()),
            Change::InsertSecret(two.clone()),
        ])
        .await
        .unwrap();
    store.close().await;
    let url = format!("sqlite://{}", state.database().display());
    let mut connection = <sqlx::SqliteConnection as sqlx::Connection>::connect(&url)
        .await
        .unwrap();
    sqlx::query("UPDATE secret SET sealed = (SELECT sealed FROM secret WHERE id = ?) WHERE id = ?")
        .bind(one.id.to_string())
        .bind(two.id.to_string())
        .execute(&mut connection)
        .await
        .unwrap();
    sqlx::Connection::close(connection).await.unwrap();
    let store = state.open().await.unwrap();
    store.reveal(&[one.id]).await.unwrap();
    let error = store.reveal(&[two.id]).await.unwrap_err();
    assert!(
        matches!(
            error,
            StoreError::Unavailable {
                transient: false,
                ..
            }
        ),
        "{error:?}"
    );
}

#[tokio::test]
async fn the_key_file_is_guarded() {
    let state = State::made().await;
    let key = state.file("secret.key");
    let text = fs::read_to_string(&key).unwrap();
    assert_eq!(text.trim().len(), 64);

    for mode in [0o640, 0o604, 0o660, 0o644] {
        fs::set_permissions(&key, fs::Permissions::from_mode(mode)).unwrap();
        let text = state.refusal().await;
        assert!(
            text.contains(&format!("{mode:04o}")) && text.contains("chmod 600"),
            "{text}"
        );
    }
    fs::set_permissions(&key, fs::Permissions::from_mode(0o400)).unwrap();
    state
        .open()
        .await
        .expect("an owner who may only read it is fine")
        .close()
        .await;

    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(&key, "not a key").unwrap();
    let refusal = state.refusal().await;
    assert!(
        refusal.contains("does not hold a key") && !refusal.contains("not a key'"),
        "{refusal}"
    );
    fs::write(&key, format!("{text}00")).unwrap();
    assert!(state.refusal().await.contains("does not hold a key"));

    fs::write(&key, "00".repeat(32)).unwrap();
    let error = state.open().await.unwrap_err();
    assert!(matches!(error, OpenError::WrongKey { .. }), "{error:?}");

    fs::remove_file(&key).unwrap();
    let refusal = state.refusal().await;
    assert!(refusal.contains("does not exist"), "{refusal}");
    assert!(!key.exists(), "no new key is made for an old store");

    fs::write(&key, text).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    state
        .open()
        .await
        .expect("the right key again")
        .close()
        .await;
}

#[tokio::test]
async fn the_key_can_be_elsewhere() {
    let (state, elsewhere) = (State::new(), State::new());
    let settings = StoreSettings {
        key_file: Some(elsewhere.file("windlass.key")),
        ..state.settings()
    };
    let kept = secret(VALUE);
    let store = SqliteStore::open(settings.clone()).await.unwrap();
    store
        .commit(vec![Change::InsertSecret(kept.clone())])
        .await
        .unwrap();
    store.close().await;
    assert!(elsewhere.file("windlass.key").exists() && !state.file("secret.key").exists());
    let store = SqliteStore::open(settings).await.unwrap();
    assert_eq!(
        store.reveal(&[kept.id]).await.unwrap()[0]
            .value
            .expose_secret(),
        VALUE
    );
}
