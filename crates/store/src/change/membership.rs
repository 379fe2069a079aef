//! Changes of who is in an organisation, and who is invited.

use sqlx::query;
use windlass_model::access::Role;
use windlass_model::id::{InvitationId, OrganisationId, UserId};
use windlass_records::{Invitation, Membership};

use super::{Changes, found};
use crate::fault::{Fault, conflict, missing, unique};
use crate::row::text;

impl Changes<'_> {
    pub(super) async fn insert_membership(&mut self, row: &Membership) -> Result<(), Fault> {
        self.expect_user(row.user).await?;
        self.expect_organisation(row.organisation).await?;
        query("INSERT INTO membership (user_id, organisation_id, role, created_at) VALUES (?, ?, ?, ?)")
            .bind(row.user.to_string())
            .bind(row.organisation.to_string())
            .bind(row.role.as_str())
            .bind(row.created_at.0)
            .execute(&mut *self.connection)
            .await
            .map_err(|error| {
                unique(
                    error,
                    &[("membership.user_id, membership.organisation_id", &|| {
                        "this user is a member of the organisation already".to_owned()
                    })],
                )
            })?;
        Ok(())
    }

    pub(super) async fn set_role(
        &mut self,
        user: UserId,
        organisation: OrganisationId,
        from: Role,
        to: Role,
    ) -> Result<(), Fault> {
        let row = query("SELECT role FROM membership WHERE user_id = ? AND organisation_id = ?")
            .bind(user.to_string())
            .bind(organisation.to_string())
            .fetch_optional(&mut *self.connection)
            .await?
            .ok_or_else(|| missing(format!("member {user}")))?;
        let is = text(&row, "role")?;
        if is != from.as_str() {
            return Err(conflict(format!(
                "the role of member {user} is '{is}' now, not '{from}'; look again"
            )));
        }
        query("UPDATE membership SET role = ? WHERE user_id = ? AND organisation_id = ?")
            .bind(to.as_str())
            .bind(user.to_string())
            .bind(organisation.to_string())
            .execute(&mut *self.connection)
            .await?;
        self.expect_owner(organisation).await
    }

    pub(super) async fn delete_membership(
        &mut self,
        user: UserId,
        organisation: OrganisationId,
    ) -> Result<(), Fault> {
        let result = query("DELETE FROM membership WHERE user_id = ? AND organisation_id = ?")
            .bind(user.to_string())
            .bind(organisation.to_string())
            .execute(&mut *self.connection)
            .await?;
        found(&result, || format!("member {user}"))?;
        self.expect_owner(organisation).await?;
        // What could be used nowhere goes too, so that it does not come to life with another membership.
        query(
            "DELETE FROM token WHERE user_id = ?1 AND (organisation_id = ?2 OR NOT EXISTS ( \
             SELECT 1 FROM membership WHERE user_id = ?1 UNION ALL SELECT 1 FROM user WHERE id = ?1 AND is_operator = 1))",
        )
        .bind(user.to_string())
        .bind(organisation.to_string())
        .execute(&mut *self.connection)
        .await?;
        Ok(())
    }

    /// Refuses the transaction when nobody could say any more who is in the organisation.
    async fn expect_owner(&mut self, organisation: OrganisationId) -> Result<(), Fault> {
        let owner = query(
            "SELECT 1 FROM membership JOIN user ON user.id = membership.user_id \
             WHERE organisation_id = ? AND role = 'owner' AND kind = 'person' LIMIT 1",
        )
        .bind(organisation.to_string())
        .fetch_optional(&mut *self.connection)
        .await?;
        match owner {
            Some(_) => Ok(()),
            None => Err(conflict(
                "an organisation needs an owner; make somebody else one first",
            )),
        }
    }

    pub(super) async fn insert_invitation(&mut self, row: &Invitation) -> Result<(), Fault> {
        self.expect_organisation(row.organisation).await?;
        query(
            "INSERT INTO invitation (id, organisation_id, email, role, hash, invited_by, created_at, expires_at) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(row.id.to_string())
        .bind(row.organisation.to_string())
        .bind(&row.email)
        .bind(row.role.as_str())
        .bind(&row.hash)
        .bind(&row.invited_by)
        .bind(row.created_at.0)
        .bind(row.expires_at.0)
        .execute(&mut *self.connection)
        .await
        .map_err(|error| {
            unique(
                error,
                &[
                    ("invitation.hash", &|| "this invitation exists already".to_owned()),
                    ("invitation.id", &|| format!("invitation {} exists already", row.id)),
                ],
            )
        })?;
        Ok(())
    }

    pub(super) async fn delete_invitation(&mut self, id: InvitationId) -> Result<(), Fault> {
        let result = query("DELETE FROM invitation WHERE id = ?")
            .bind(id.to_string())
            .execute(&mut *self.connection)
            .await?;
        found(&result, || format!("invitation {id}"))
    }
}
