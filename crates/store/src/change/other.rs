//! Changes of settings and of the audit log.

use serde_json::Value;
use sqlx::query;
use windlass_records::change::AuditEntry;

use super::Changes;
use crate::fault::Fault;

impl Changes<'_> {
    pub(super) async fn put_setting(&mut self, name: &str, value: &Value) -> Result<(), Fault> {
        query("INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value")
            .bind(name)
            .bind(value.to_string())
            .execute(&mut *self.connection)
            .await?;
        Ok(())
    }

    pub(super) async fn audit(&mut self, entry: &AuditEntry) -> Result<(), Fault> {
        query(
            "INSERT INTO audit (at, actor, request_id, action, subject, application_id, detail) \
             VALUES (?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(entry.at.0)
        .bind(&entry.actor)
        .bind(&entry.request_id)
        .bind(&entry.action)
        .bind(&entry.subject)
        .bind(entry.application.map(|id| id.to_string()))
        .bind(&entry.detail)
        .execute(&mut *self.connection)
        .await?;
        Ok(())
    }
}
