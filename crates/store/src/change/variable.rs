//! Changes of custom variables.

use sqlx::query;
use windlass_model::id::{SecretId, VariableId};
use windlass_records::Variable;

use super::Changes;
use crate::fault::{Fault, conflict, missing, unique};
use crate::row::{number, parsed};

impl Changes<'_> {
    pub(super) async fn put_variable(&mut self, row: &Variable) -> Result<(), Fault> {
        self.application_of(row.environment).await?;
        self.references.need(row.value);
        let stored =
            query("SELECT id, value, version FROM variable WHERE environment_id = ? AND name = ?")
                .bind(row.environment.to_string())
                .bind(row.name.as_str())
                .fetch_optional(&mut *self.connection)
                .await?;
        let Some(stored) = stored else {
            return self.insert_variable(row).await;
        };
        let version: u32 = number(&stored, "version")?;
        let same = parsed::<VariableId>(&stored, "id")? == row.id
            && version.checked_add(1) == Some(row.version);
        if !same {
            return Err(conflict(format!(
                "the variable {} was set in the meantime; look at it and try again",
                row.name
            )));
        }
        let old: SecretId = parsed(&stored, "value")?;
        if old != row.value {
            self.references.loosen(old);
        }
        query(
            "UPDATE variable SET value = ?, is_sensitive = ?, overrides = ?, version = ?, updated_at = ? WHERE id = ?",
        )
        .bind(row.value.to_string())
        .bind(row.is_sensitive)
        .bind(row.overrides)
        .bind(row.version)
        .bind(row.updated_at.0)
        .bind(row.id.to_string())
        .execute(&mut *self.connection)
        .await?;
        Ok(())
    }

    async fn insert_variable(&mut self, row: &Variable) -> Result<(), Fault> {
        // A first version may be called 0 or 1; a later one means that the variable was there.
        if row.version > 1 {
            return Err(conflict(format!(
                "the variable {} was deleted in the meantime; set it anew",
                row.name
            )));
        }
        query(
            "INSERT INTO variable (id, application_id, position, environment_id, name, value, is_sensitive, overrides, \
             version, created_at, updated_at) SELECT ?1, application_id, position, id, ?3, ?4, ?5, ?6, ?7, ?8, ?9 \
             FROM environment WHERE id = ?2",
        )
        .bind(row.id.to_string())
        .bind(row.environment.to_string())
        .bind(row.name.as_str())
        .bind(row.value.to_string())
        .bind(row.is_sensitive)
        .bind(row.overrides)
        .bind(row.version)
        .bind(row.created_at.0)
        .bind(row.updated_at.0)
        .execute(&mut *self.connection)
        .await
        .map_err(|error| unique(error, &[("variable.id", &|| format!("variable {} exists already", row.id))]))?;
        Ok(())
    }

    pub(super) async fn delete_variable(&mut self, id: VariableId) -> Result<(), Fault> {
        let row = query("DELETE FROM variable WHERE id = ? RETURNING value")
            .bind(id.to_string())
            .fetch_optional(&mut *self.connection)
            .await?
            .ok_or_else(|| missing(format!("variable {id}")))?;
        self.references.loosen(parsed(&row, "value")?);
        Ok(())
    }
}
