//! Queries about repositories elsewhere.

use sqlx::query;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use windlass_model::id::RepositoryId;
use windlass_model::time::Timestamp;
use windlass_records::{Repository, RepositoryAccess};

use crate::fault::{Fault, damaged};
use crate::row::{parsed, parsed_or_none, text, text_or_none, time};

pub(crate) async fn repository(
    connection: &mut SqliteConnection,
    id: RepositoryId,
) -> Result<Option<Repository>, Fault> {
    let row = query("SELECT * FROM repository WHERE id = ?")
        .bind(id.to_string())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(repository_from).transpose()
}

pub(crate) async fn unused(
    connection: &mut SqliteConnection,
    before: Timestamp,
) -> Result<Vec<RepositoryId>, Fault> {
    let rows = query(
        "SELECT id FROM repository WHERE created_at < ? \
         AND NOT EXISTS (SELECT 1 FROM application WHERE application.repository_id = repository.id) ORDER BY id",
    )
    .bind(before.0)
    .fetch_all(connection)
    .await?;
    rows.iter().map(|row| parsed(row, "id")).collect()
}

fn repository_from(row: &SqliteRow) -> Result<Repository, Fault> {
    let secret = || {
        parsed_or_none(row, "secret")?
            .ok_or_else(|| damaged("secret", "a repository with a user or a key has one"))
    };
    let access = match (
        text_or_none(row, "username")?,
        parsed_or_none(row, "key_type")?,
    ) {
        (Some(username), _) => RepositoryAccess::Password {
            username,
            password: secret()?,
        },
        (None, Some(key_type)) => RepositoryAccess::Key {
            key_type,
            public_key: text(row, "public_key")?,
            private_key: secret()?,
        },
        (None, None) => RepositoryAccess::Open,
    };
    Ok(Repository {
        id: parsed(row, "id")?,
        organisation: parsed(row, "organisation_id")?,
        url: text(row, "url")?,
        access,
        state: parsed(row, "state")?,
        failure: text_or_none(row, "failure")?,
        created_at: time(row, "created_at")?,
    })
}
