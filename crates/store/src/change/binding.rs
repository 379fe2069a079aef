//! Changes of bindings.

use sqlx::query;
use windlass_model::id::{BindingId, SecretId};
use windlass_model::time::Timestamp;
use windlass_records::{Binding, BindingState};

use super::Changes;
use crate::fault::{Fault, conflict, missing, unique};
use crate::row::{parsed, to_word, word};

impl Changes<'_> {
    pub(super) async fn insert_binding(&mut self, row: &Binding) -> Result<(), Fault> {
        let instance = self.load_instance(row.instance).await?;
        if instance.generation.checked_add(1) != Some(row.generation) {
            return Err(conflict(format!(
                "the newest credentials of the {} instance {} have number {} now, so the next cannot have number {}; \
                 something else made some first",
                instance.kind, instance.prefix, instance.generation, row.generation
            )));
        }
        self.references.need(row.password);
        query(
            "INSERT INTO binding (id, instance_id, generation, password, state, operation_id, created_at, grace_ends_at) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(row.id.to_string())
        .bind(row.instance.to_string())
        .bind(row.generation)
        .bind(row.password.to_string())
        .bind(to_word(row.state))
        .bind(row.operation.to_string())
        .bind(row.created_at.0)
        .bind(row.grace_ends_at.map(|at| at.0))
        .execute(&mut *self.connection)
        .await
        .map_err(|error| unique(error, &[("binding.id", &|| format!("binding {} exists already", row.id))]))?;
        query("UPDATE instance SET generation = ? WHERE id = ?")
            .bind(row.generation)
            .bind(row.instance.to_string())
            .execute(&mut *self.connection)
            .await?;
        Ok(())
    }

    pub(super) async fn set_binding_state(
        &mut self,
        id: BindingId,
        from: BindingState,
        to: BindingState,
    ) -> Result<(), Fault> {
        let row = query("SELECT state, password FROM binding WHERE id = ?")
            .bind(id.to_string())
            .fetch_optional(&mut *self.connection)
            .await?
            .ok_or_else(|| missing(format!("binding {id}")))?;
        let state: BindingState = word(&row, "state")?;
        if state != from {
            return Err(conflict(format!(
                "binding {id} is {} now, not {}; something else changed it first",
                to_word(state),
                to_word(from)
            )));
        }
        if to == BindingState::Revoked {
            self.references.loosen(parsed(&row, "password")?);
        }
        query("UPDATE binding SET state = ? WHERE id = ?")
            .bind(to_word(to))
            .bind(id.to_string())
            .execute(&mut *self.connection)
            .await?;
        Ok(())
    }

    pub(super) async fn set_binding_password(
        &mut self,
        id: BindingId,
        password: SecretId,
    ) -> Result<(), Fault> {
        let row = query("SELECT password FROM binding WHERE id = ?")
            .bind(id.to_string())
            .fetch_optional(&mut *self.connection)
            .await?
            .ok_or_else(|| missing(format!("binding {id}")))?;
        self.references.need(password);
        self.references.loosen(parsed(&row, "password")?);
        query("UPDATE binding SET password = ? WHERE id = ?")
            .bind(password.to_string())
            .bind(id.to_string())
            .execute(&mut *self.connection)
            .await?;
        Ok(())
    }

    pub(super) async fn replace_binding(
        &mut self,
        id: BindingId,
        grace_ends_at: Timestamp,
    ) -> Result<(), Fault> {
        self.set_binding_state(id, BindingState::Active, BindingState::Revoking)
            .await?;
        query("UPDATE binding SET grace_ends_at = ? WHERE id = ?")
            .bind(grace_ends_at.0)
            .bind(id.to_string())
            .execute(&mut *self.connection)
            .await?;
        Ok(())
    }

    pub(super) async fn binding_state(&mut self, id: BindingId) -> Result<BindingState, Fault> {
        let row = query("SELECT state FROM binding WHERE id = ?")
            .bind(id.to_string())
            .fetch_optional(&mut *self.connection)
            .await?
            .ok_or_else(|| missing(format!("binding {id}")))?;
        word(&row, "state")
    }
}
