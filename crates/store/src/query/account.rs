//! Queries about settings, organisations, users and tokens.

use serde_json::Value;
use sqlx::query;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use windlass_model::id::{TokenId, UserId};
use windlass_records::{Holder, Organisation, Scope, Token, User};

use super::membership::memberships;
use crate::fault::{Fault, damaged};
use crate::row::{document, flag, parsed, parsed_or_none, text, time, time_or_none, word};

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
) -> Result<Option<Holder>, Fault> {
    let row = query("SELECT * FROM token WHERE hash = ?")
        .bind(hash)
        .fetch_optional(&mut *connection)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let token = token_from(&row)?;
    let Some(user) = user(&mut *connection, token.user).await? else {
        return Ok(None);
    };
    let memberships = memberships(connection, user.id).await?;
    Ok(Some(Holder {
        token,
        user,
        memberships,
    }))
}

pub(crate) async fn token(
    connection: &mut SqliteConnection,
    id: TokenId,
) -> Result<Option<Token>, Fault> {
    let row = query("SELECT * FROM token WHERE id = ?")
        .bind(id.to_string())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(token_from).transpose()
}

pub(crate) async fn tokens(
    connection: &mut SqliteConnection,
    user: UserId,
) -> Result<Vec<Token>, Fault> {
    let rows = query("SELECT * FROM token WHERE user_id = ? ORDER BY created_at, id")
        .bind(user.to_string())
        .fetch_all(connection)
        .await?;
    rows.iter().map(token_from).collect()
}

pub(crate) async fn user_by_email(
    connection: &mut SqliteConnection,
    email: &str,
) -> Result<Option<User>, Fault> {
    let row = query("SELECT * FROM user WHERE email = ? COLLATE NOCASE")
        .bind(email)
        .fetch_optional(connection)
        .await?;
    row.map(|row| user_from(&row)).transpose()
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

fn token_from(row: &SqliteRow) -> Result<Token, Fault> {
    let scope = match (
        parsed_or_none(row, "organisation_id")?,
        parsed_or_none(row, "application_id")?,
    ) {
        (None, None) => Scope::Everywhere,
        (Some(organisation), None) => Scope::Organisation(organisation),
        (Some(organisation), Some(application)) => Scope::Application(organisation, application),
        (None, Some(_)) => return Err(damaged("organisation_id", "it is absent")),
    };
    Ok(Token {
        id: parsed(row, "id")?,
        user: parsed(row, "user_id")?,
        name: text(row, "name")?,
        hash: text(row, "hash")?,
        level: parsed(row, "level")?,
        scope,
        created_at: time(row, "created_at")?,
        expires_at: time_or_none(row, "expires_at")?,
        last_used_at: time_or_none(row, "last_used_at")?,
    })
}

pub(super) fn user_from(row: &SqliteRow) -> Result<User, Fault> {
    Ok(User {
        id: parsed(row, "id")?,
        kind: word(row, "kind")?,
        email: text(row, "email")?,
        first_name: text(row, "first_name")?,
        last_name: text(row, "last_name")?,
        is_operator: flag(row, "is_operator")?,
        created_at: time(row, "created_at")?,
    })
}
