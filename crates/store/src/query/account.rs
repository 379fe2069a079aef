//! Queries about settings, organisations, users and tokens.

use serde_json::Value;
use sqlx::query;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use windlass_model::id::UserId;
use windlass_records::{Organisation, Token, User};

use crate::fault::Fault;
use crate::row::{document, parsed, text, time};

pub(crate) async fn setting(
    connection: &mut SqliteConnection,
    name: &str,
) -> Result<Option<Value>, Fault> {
    let row = query("SELECT value FROM setting WHERE name = ?")
        .bind(name)
        .fetch_optional(connection)
        .await?;
    row.map(|row| document(&row, "value")).transpose()
}

pub(crate) async fn token_by_hash(
    connection: &mut SqliteConnection,
    hash: &str,
) -> Result<Option<(Token, User)>, Fault> {
    let row = query("SELECT * FROM token WHERE hash = ?")
        .bind(hash)
        .fetch_optional(&mut *connection)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let token = Token {
        id: parsed(&row, "id")?,
        user: parsed(&row, "user_id")?,
        name: text(&row, "name")?,
        hash: text(&row, "hash")?,
        created_at: time(&row, "created_at")?,
    };
    Ok(user(connection, token.user)
        .await?
        .map(|user| (token, user)))
}

pub(crate) async fn user(
    connection: &mut SqliteConnection,
    id: UserId,
) -> Result<Option<User>, Fault> {
    let row = query("SELECT * FROM user WHERE id = ?")
        .bind(id.to_string())
        .fetch_optional(connection)
        .await?;
    row.map(|row| user_from(&row)).transpose()
}

pub(crate) async fn organisations(
    connection: &mut SqliteConnection,
) -> Result<Vec<Organisation>, Fault> {
    let rows = query("SELECT * FROM organisation ORDER BY created_at, id")
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Organisation {
                id: parsed(row, "id")?,
                name: text(row, "name")?,
                created_at: time(row, "created_at")?,
            })
        })
        .collect()
}

fn user_from(row: &SqliteRow) -> Result<User, Fault> {
    Ok(User {
        id: parsed(row, "id")?,
        organisation: parsed(row, "organisation_id")?,
        email: text(row, "email")?,
        first_name: text(row, "first_name")?,
        last_name: text(row, "last_name")?,
        created_at: time(row, "created_at")?,
    })
}
