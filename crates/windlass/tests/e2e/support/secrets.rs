//! What must be written nowhere: at the end of every test, everything that server and router have written is looked
//! through for every secret that the store knows, and for the token.

use std::fs;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, query_scalar};
use windlass_model::id::SecretId;
use windlass_model::time::Timestamp;
use windlass_records::{Change, NewSecret, Store};
use windlass_store::{SqliteStore, StoreSettings};

/// Shorter ones are words that a test chose, and stand everywhere.
const SHORTEST: usize = 16;

/// Panics when a secret stands in a file of the state directory or in one of the logs.
pub(super) fn are_written_nowhere(state: &Path, logs: &[PathBuf], token: &str) {
    if !state.join("windlass.db").exists() {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let mut secrets = runtime.block_on(all(state));
    secrets.push(("the administrator's token".to_owned(), token.to_owned()));
    let mut files = logs.to_vec();
    collect(state, &mut files);
    for file in files {
        let Ok(bytes) = fs::read(&file) else { continue };
        let text = String::from_utf8_lossy(&bytes);
        for (name, value) in &secrets {
            let found = value.len() >= SHORTEST && text.contains(value);
            assert!(!found, "{name} stands in {}", file.display());
        }
    }
}

/// The store's secrets with their ids.
async fn all(state: &Path) -> Vec<(String, String)> {
    let store = SqliteStore::open(StoreSettings {
        reserve_bytes: 0,
        ..StoreSettings::new(state)
    })
    .await
    .expect("the store of a server that has ended opens");
    let mut connection = SqliteConnectOptions::new()
        .filename(state.join("windlass.db"))
        .read_only(true)
        .connect()
        .await
        .expect("the database opens");
    let ids: Vec<String> = query_scalar("SELECT id FROM secret")
        .fetch_all(&mut connection)
        .await
        .expect("the secrets' ids");
    let ids: Vec<_> = ids.iter().filter_map(|id| id.parse().ok()).collect();
    let secrets = store.reveal(&ids).await.expect("they open");
    store.close().await;
    secrets
        .into_iter()
        .map(|secret| {
            let name = format!("secret {}", secret.id);
            (name, secret.value.expose_secret().to_owned())
        })
        .collect()
}

/// Every file but what users pushed, and keys and tokens where they belong.
fn collect(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            if name != "repositories" {
                collect(&path, files);
            }
        } else if name != "admin-token" && name != "reserve" {
            files.push(path);
        }
    }
}

#[test]
fn a_secret_in_a_log_is_found() {
    let directory = tempfile::tempdir().expect("a directory");
    let (state, log) = (directory.path().join("state"), directory.path().join("log"));
    let value = "a-value-of-some-length";
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let store = SqliteStore::open(StoreSettings::new(&state)).await;
        let store = store.expect("a new store");
        let secret = NewSecret {
            id: SecretId::from(uuid::Uuid::now_v7()),
            value: SecretString::from(value),
            created_at: Timestamp(0),
        };
        let kept = store.commit(vec![Change::InsertSecret(secret)]).await;
        kept.expect("it is kept");
        store.close().await;
    });
    drop(runtime);
    let look = || are_written_nowhere(&state, std::slice::from_ref(&log), "the-token-of-the-test");
    fs::write(&log, "nothing").expect("a file");
    look();
    for text in [value, "the-token-of-the-test"] {
        fs::write(&log, format!("level=info value={text}\n")).expect("a file");
        let seen = std::panic::catch_unwind(look).expect_err("it stands in the log");
        let words = seen.downcast_ref::<String>().expect("words");
        assert!(!words.contains(text), "the finding repeats no secret");
    }
}
