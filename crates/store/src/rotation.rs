//! A new key: every secret is sealed anew under it, and the old one opens nothing any more.
//!
//! The new key lies in a file of its own before anything is sealed under it. Then one transaction seals all
//! secrets; then the file takes the place of the old one. A crash before the transaction leaves the old key in
//! force, and the next rotation goes on with the new file. A crash behind it is made good by whoever opens the
//! store next.

use sqlx::sqlite::SqliteConnection;
use sqlx::{Row, query};
use windlass_model::id::SecretId;
use windlass_operations::StoreError;

use crate::error::OpenError;
use crate::fault::Fault;
use crate::inner::Durable;
use crate::key::{self, Key, KeyFileError, Vault};
use crate::row::parsed;
use crate::settings::StoreSettings;
use crate::{SqliteStore, fault};

/// What a rotation did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    /// The id of the key that opens the store's secrets now.
    pub key_id: String,
    /// The id of the one that did before.
    pub former_key_id: String,
    /// How many secrets were sealed anew.
    pub secrets: u64,
}

/// Why the key was not changed: the one before is in force.
#[derive(Debug, thiserror::Error)]
pub enum RotationError {
    /// The store does not open.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// There is no new key.
    #[error("the new key could not be made; the old one is in force")]
    Key(#[source] OpenError),
    /// The secrets are sealed as they were.
    #[error("the secrets could not be sealed under a new key; the old one is in force")]
    Seal(#[source] StoreError),
    /// The new key is in force already, and its file is not in its place.
    #[error(
        "the secrets are sealed under the new key, but its file could not be put in its place; the next start does that"
    )]
    Place(#[source] OpenError),
}

impl SqliteStore {
    /// Seals every secret of a closed store under a new key, which takes the old one's place in its file.
    ///
    /// # Errors
    /// Another server works in the directory, the store does not open, the disk is full, or the key file is where
    /// nothing can be written. The errors say which key is in force.
    pub async fn rotate_key(settings: StoreSettings) -> Result<Rotation, RotationError> {
        let store = Self::open(settings.clone()).await?;
        let rotated = store.rotate(&settings).await;
        store.close().await;
        rotated
    }

    async fn rotate(&self, settings: &StoreSettings) -> Result<Rotation, RotationError> {
        let next = Vault::new(&next_key(settings).map_err(RotationError::Key)?);
        let former = &self.inner.vault;
        let mut transaction = self
            .inner
            .begin_write(Durable::Now)
            .await
            .map_err(RotationError::Seal)?;
        let sealed = seal_all(&mut transaction, former, &next).await;
        let secrets = self.inner.end_write(transaction, sealed).await;
        let secrets = secrets.map_err(RotationError::Seal)?;
        let emptied = self.empty_log().await;
        place(settings).map_err(RotationError::Place)?;
        if let Err(error) = emptied {
            // The next close or checkpoint does the same; until then the old key opens what is in the log.
            tracing::warn!(%error, "the write-ahead log could not be emptied of what the old key opens");
        }
        Ok(Rotation {
            key_id: next.key_id().to_owned(),
            former_key_id: former.key_id().to_owned(),
            secrets,
        })
    }

    /// The log still has pages with what the old key opens.
    async fn empty_log(&self) -> Result<(), sqlx::Error> {
        let mut connection = self.inner.writer.acquire().await?;
        query("PRAGMA wal_checkpoint(TRUNCATE)")
            .execute(&mut *connection)
            .await
            .map(drop)
    }
}

/// The key whose file waits, if it is the one that the store wants: its rotation did not come to its end.
pub(crate) fn finish(settings: &StoreSettings, wanted: &str) -> Result<Option<Vault>, OpenError> {
    let Ok(key) = key::read(&settings.next_key_path()) else {
        return Ok(None);
    };
    let vault = Vault::new(&key);
    if vault.key_id() != wanted {
        return Ok(None);
    }
    place(settings)?;
    tracing::info!(
        key = wanted,
        "a rotation of the store's key has been finished"
    );
    Ok(Some(vault))
}

/// A new key, or the one that an earlier rotation made and did not come to use.
fn next_key(settings: &StoreSettings) -> Result<Key, OpenError> {
    let path = settings.next_key_path();
    let key = match key::read(&path) {
        Err(KeyFileError::Missing) => key::create(&path),
        other => other,
    };
    key.map_err(|reason| OpenError::KeyFile { path, reason })
}

fn place(settings: &StoreSettings) -> Result<(), OpenError> {
    let path = settings.key_path();
    key::put(&settings.next_key_path(), &path).map_err(|source| OpenError::Io {
        action: "replace",
        path,
        source,
    })
}

async fn seal_all(
    connection: &mut SqliteConnection,
    former: &Vault,
    next: &Vault,
) -> Result<u64, Fault> {
    // What is overwritten or moved leaves no copy in free pages.
    query("PRAGMA secure_delete = ON")
        .execute(&mut *connection)
        .await?;
    query("INSERT INTO store_key (id, proof, created_at) VALUES (?, ?, 1000 * unixepoch())")
        .bind(next.key_id())
        .bind(next.proof()?)
        .execute(&mut *connection)
        .await?;
    let rows = query("SELECT id FROM secret")
        .fetch_all(&mut *connection)
        .await?;
    for row in &rows {
        let id: SecretId = parsed(row, "id")?;
        let row = query("SELECT sealed FROM secret WHERE id = ?")
            .bind(id.to_string())
            .fetch_one(&mut *connection)
            .await?;
        let value = former.open(id, row.try_get("sealed")?)?;
        query("UPDATE secret SET key_id = ?, sealed = ? WHERE id = ?")
            .bind(next.key_id())
            .bind(next.seal(id, &value)?)
            .bind(id.to_string())
            .execute(&mut *connection)
            .await?;
    }
    let forgotten = query("DELETE FROM store_key WHERE id = ?")
        .bind(former.key_id())
        .execute(&mut *connection)
        .await?;
    if forgotten.rows_affected() != 1 {
        return Err(fault::damaged(
            "store_key.id",
            format!("the store does not have key {}", former.key_id()),
        ));
    }
    Ok(rows.len() as u64)
}
