//! Changes of organisations, users and tokens.

use sqlx::query;
use windlass_model::id::TokenId;
use windlass_records::{Organisation, Token, User};

use super::{Changes, found};
use crate::fault::{Fault, missing, unique};

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
        self.expect_organisation(row.organisation).await?;
        query("INSERT INTO user (id, organisation_id, email, first_name, last_name, created_at) VALUES (?, ?, ?, ?, ?, ?)")
            .bind(row.id.to_string())
            .bind(row.organisation.to_string())
            .bind(&row.email)
            .bind(&row.first_name)
            .bind(&row.last_name)
            .bind(row.created_at.0)
            .execute(&mut *self.connection)
            .await
            .map_err(|error| {
                unique(
                    error,
                    &[
                        ("user.email", &|| format!("a user with the address {} exists already", row.email)),
                        ("user.id", &|| format!("user {} exists already", row.id)),
                    ],
                )
            })?;
        Ok(())
    }

    pub(super) async fn insert_token(&mut self, row: &Token) -> Result<(), Fault> {
        let user = query("SELECT 1 FROM user WHERE id = ?").bind(row.user.to_string());
        if user.fetch_optional(&mut *self.connection).await?.is_none() {
            return Err(missing(format!("user {}", row.user)));
        }
        query("INSERT INTO token (id, user_id, name, hash, created_at) VALUES (?, ?, ?, ?, ?)")
            .bind(row.id.to_string())
            .bind(row.user.to_string())
            .bind(&row.name)
            .bind(&row.hash)
            .bind(row.created_at.0)
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

    pub(super) async fn expect_organisation(
        &mut self,
        id: windlass_model::id::OrganisationId,
    ) -> Result<(), Fault> {
        let row = query("SELECT 1 FROM organisation WHERE id = ?").bind(id.to_string());
        match row.fetch_optional(&mut *self.connection).await? {
            Some(_) => Ok(()),
            None => Err(missing(format!("organisation {id}"))),
        }
    }
}
