//! Changes of settings and of the audit log.

use serde_json::Value;
use sqlx::query;
use windlass_records::change::AuditEntry;

use super::Changes;
use crate::fault::Fault;
use crate::row::to_word;

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
            "INSERT INTO audit (at, actor, request_id, address, action, subject, application_id, detail, outcome, \
             organisation_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, \
             coalesce(?10, (SELECT organisation_id FROM application WHERE id = ?7), \
             (SELECT id FROM organisation ORDER BY created_at, id LIMIT 1)))",
        )
        .bind(entry.at.0)
        .bind(&entry.actor)
        .bind(&entry.request_id)
        .bind(&entry.address)
        .bind(&entry.action)
        .bind(&entry.subject)
        .bind(entry.application.map(|id| id.to_string()))
        .bind(&entry.detail)
        .bind(to_word(entry.outcome))
        .bind(entry.organisation.map(|id| id.to_string()))
        .execute(&mut *self.connection)
        .await?;
        Ok(())
    }
}
