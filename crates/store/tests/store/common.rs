//! What the tests of the store have in common.

use std::path::{Path, PathBuf};

use secrecy::SecretString;
use serde_json::json;
use tempfile::TempDir;
use windlass_model::id::SecretId;
use windlass_model::time::Timestamp;
use windlass_records::{Change, NewSecret, Store};
use windlass_store::{OpenError, SqliteStore, StoreSettings};

pub(crate) const NOW: Timestamp = Timestamp(1_700_000_000_000);

/// A state directory that goes away with the test.
pub(crate) struct State(pub(crate) TempDir);

impl State {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.file("windlass.db")
    }

    /// Without a reserve: most tests do not need 16 MiB.
    pub(crate) fn settings(&self) -> StoreSettings {
        StoreSettings {
            reserve_bytes: 0,
            ..StoreSettings::new(self.path())
        }
    }

    pub(crate) async fn open(&self) -> Result<SqliteStore, OpenError> {
        SqliteStore::open(self.settings()).await
    }

    /// A store with a setting, closed again.
    pub(crate) async fn made() -> Self {
        let state = Self::new();
        let store = state.open().await.unwrap();
        put(&store, "name", "kept").await;
        store.close().await;
        state
    }

    /// The text of the refusal, with its causes.
    pub(crate) async fn refusal(&self) -> String {
        match self.open().await {
            Ok(_) => panic!("the store opens"),
            Err(error) => chain(&error),
        }
    }
}

pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

pub(crate) async fn put(store: &SqliteStore, name: &str, value: &str) {
    store
        .commit(vec![Change::PutSetting {
            name: name.into(),
            value: json!(value),
        }])
        .await
        .unwrap();
}

pub(crate) fn secret(value: &str) -> NewSecret {
    NewSecret {
        id: SecretId::from(uuid::Uuid::now_v7()),
        value: SecretString::from(value),
        created_at: NOW,
    }
}
