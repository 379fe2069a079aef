//! Queries about who is in an organisation, and who is invited.

use sqlx::query;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use windlass_model::id::{OrganisationId, UserId};
use windlass_records::{Invitation, Member, Membership};

use super::account::user_from;
use crate::fault::Fault;
use crate::row::{parsed, text, time};

pub(crate) async fn memberships(
    connection: &mut SqliteConnection,
    user: UserId,
) -> Result<Vec<Membership>, Fault> {
    let rows = query("SELECT * FROM membership WHERE user_id = ? ORDER BY organisation_id")
        .bind(user.to_string())
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| membership_from(row, "created_at"))
        .collect()
}

pub(crate) async fn members(
    connection: &mut SqliteConnection,
    organisation: OrganisationId,
) -> Result<Vec<Member>, Fault> {
    let rows = query(
        "SELECT user.*, membership.user_id, membership.organisation_id, membership.role, \
         membership.created_at AS joined_at \
         FROM membership JOIN user ON user.id = membership.user_id WHERE organisation_id = ? \
         ORDER BY membership.created_at, membership.user_id",
    )
    .bind(organisation.to_string())
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Member {
                user: user_from(row)?,
                membership: membership_from(row, "joined_at")?,
            })
        })
        .collect()
}

pub(crate) async fn invitations(
    connection: &mut SqliteConnection,
    organisation: OrganisationId,
) -> Result<Vec<Invitation>, Fault> {
    let rows = query("SELECT * FROM invitation WHERE organisation_id = ? ORDER BY created_at, id")
        .bind(organisation.to_string())
        .fetch_all(connection)
        .await?;
    rows.iter().map(invitation_from).collect()
}

pub(crate) async fn invitation_by_hash(
    connection: &mut SqliteConnection,
    hash: &str,
) -> Result<Option<Invitation>, Fault> {
    let row = query("SELECT * FROM invitation WHERE hash = ?")
        .bind(hash)
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(invitation_from).transpose()
}

fn membership_from(row: &SqliteRow, since: &str) -> Result<Membership, Fault> {
    Ok(Membership {
        user: parsed(row, "user_id")?,
        organisation: parsed(row, "organisation_id")?,
        role: parsed(row, "role")?,
        created_at: time(row, since)?,
    })
}

fn invitation_from(row: &SqliteRow) -> Result<Invitation, Fault> {
    Ok(Invitation {
        id: parsed(row, "id")?,
        organisation: parsed(row, "organisation_id")?,
        email: text(row, "email")?,
        role: parsed(row, "role")?,
        hash: text(row, "hash")?,
        invited_by: text(row, "invited_by")?,
        created_at: time(row, "created_at")?,
        expires_at: time(row, "expires_at")?,
    })
}
