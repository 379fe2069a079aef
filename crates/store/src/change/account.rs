//! Changes of organisations, users and tokens.

use sqlx::query;
use windlass_model::id::{OrganisationId, TokenId, UserId};
use windlass_model::time::Timestamp;
use windlass_records::{Organisation, Token, User};

use super::{Changes, found};
use crate::fault::{Fault, conflict, missing, unique};
use crate::row::{text, to_word};

impl Changes<'_> {
    pub(super) async fn insert_organisation(&mut self, row: &Organisation) -> Result<(), Fault> {
        query("INSERT INTO organisation (id, name, created_at) VALUES (?, ?, ?)")
            .bind(row.id.to_string())
            .bind(&row.name)
            .bind(row.created_at.0)
            .execute(&mut *self.connection)
            .await
            .map_err(|error| {
                unique(
                    error,
                    &[("organisation.id", &|| {
                        format!("organisation {} exists already", row.id)
                    })],
                )
            })?;
        Ok(())
    }

    pub(super) async fn insert_user(&mut self, row: &User) -> Result<(), Fault> {
        query(
            "INSERT INTO user (id, kind, email, first_name, last_name, is_operator, created_at) \
             VALUES (?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(row.id.to_string())
        .bind(to_word(row.kind))
        .bind(&row.email)
        .bind(&row.first_name)
        .bind(&row.last_name)
        .bind(row.is_operator)
        .bind(row.created_at.0)
        .execute(&mut *self.connection)
        .await
        .map_err(|error| {
            unique(
                error,
                &[
                    ("user.email", &|| {
                        format!("a user with the address {} exists already", row.email)
                    }),
                    ("user.id", &|| format!("user {} exists already", row.id)),
                ],
            )
        })?;
        Ok(())
    }

    pub(super) async fn delete_service_account(&mut self, id: UserId) -> Result<(), Fault> {
        let user = query("SELECT kind FROM user WHERE id = ?").bind(id.to_string());
        let user = user.fetch_optional(&mut *self.connection).await?;
        let user = user.ok_or_else(|| missing(format!("user {id}")))?;
        if text(&user, "kind")? != "service_account" {
            return Err(conflict(format!("user {id} is a person")));
        }
        for deletion in [
            "DELETE FROM token WHERE user_id = ?",
            "DELETE FROM membership WHERE user_id = ?",
            "DELETE FROM user WHERE id = ?",
        ] {
            query(deletion)
                .bind(id.to_string())
                .execute(&mut *self.connection)
                .await?;
        }
        Ok(())
    }

    pub(super) async fn insert_token(&mut self, row: &Token) -> Result<(), Fault> {
        self.expect_user(row.user).await?;
        if let Some(organisation) = row.scope.organisation() {
            self.expect_organisation(organisation).await?;
            if let Some(application) = row.scope.application() {
                let there = query("SELECT 1 FROM application WHERE id = ? AND organisation_id = ?")
                    .bind(application.to_string())
                    .bind(organisation.to_string());
                let there = there.fetch_optional(&mut *self.connection).await?;
                there.ok_or_else(|| missing(format!("application {application}")))?;
            }
        }
        query(
            "INSERT INTO token (id, user_id, name, hash, level, organisation_id, application_id, \
             created_at, expires_at, last_used_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(row.id.to_string())
        .bind(row.user.to_string())
        .bind(&row.name)
        .bind(&row.hash)
        .bind(row.level.as_str())
        .bind(row.scope.organisation().map(|id| id.to_string()))
        .bind(row.scope.application().map(|id| id.to_string()))
        .bind(row.created_at.0)
        .bind(row.expires_at.map(|at| at.0))
        .bind(row.last_used_at.map(|at| at.0))
        .execute(&mut *self.connection)
        .await
        .map_err(|error| {
            unique(
                error,
                &[
                    ("token.hash", &|| "this token exists already".to_owned()),
                    ("token.id", &|| format!("token {} exists already", row.id)),
                ],
            )
        })?;
        Ok(())
    }

    pub(super) async fn delete_token(&mut self, id: TokenId) -> Result<(), Fault> {
        let result = query("DELETE FROM token WHERE id = ?")
            .bind(id.to_string())
            .execute(&mut *self.connection)
            .await?;
        found(&result, || format!("token {id}"))
    }

    pub(super) async fn touch_token(&mut self, id: TokenId, at: Timestamp) -> Result<(), Fault> {
        let result = query("UPDATE token SET last_used_at = ? WHERE id = ?")
            .bind(at.0)
            .bind(id.to_string())
            .execute(&mut *self.connection)
            .await?;
        found(&result, || format!("token {id}"))
    }

    pub(super) async fn expect_organisation(&mut self, id: OrganisationId) -> Result<(), Fault> {
        let row = query("SELECT 1 FROM organisation WHERE id = ?").bind(id.to_string());
        match row.fetch_optional(&mut *self.connection).await? {
            Some(_) => Ok(()),
            None => Err(missing(format!("organisation {id}"))),
        }
    }

    pub(super) async fn expect_user(&mut self, id: UserId) -> Result<(), Fault> {
        let row = query("SELECT 1 FROM user WHERE id = ?").bind(id.to_string());
        match row.fetch_optional(&mut *self.connection).await? {
            Some(_) => Ok(()),
            None => Err(missing(format!("user {id}"))),
        }
    }
}
