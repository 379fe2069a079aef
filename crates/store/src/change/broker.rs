//! Changes of registered brokers.

use sqlx::query;
use windlass_model::id::BrokerId;
use windlass_records::{Broker, BrokerPlan};

use super::Changes;
use crate::fault::{Fault, conflict, missing, unique};
use crate::row::{parsed, text};

impl Changes<'_> {
    pub(super) async fn put_broker(&mut self, row: &Broker) -> Result<(), Fault> {
        self.expect_region(row.region).await?;
        self.references.need(row.password);
        let before = query("SELECT password FROM service_broker WHERE id = ?")
            .bind(row.id.to_string())
            .fetch_optional(&mut *self.connection)
            .await?;
        if let Some(before) = before {
            self.references.loosen(parsed(&before, "password")?);
        }
        query(
            "INSERT INTO service_broker \
             (id, name, region_id, url, user, password, profile, ca_pem, created_at, refreshed_at) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
             ON CONFLICT (id) DO UPDATE SET name = excluded.name, region_id = excluded.region_id, \
             url = excluded.url, user = excluded.user, password = excluded.password, profile = excluded.profile, ca_pem = excluded.ca_pem, \
             created_at = excluded.created_at, refreshed_at = excluded.refreshed_at",
        )
        .bind(row.id.to_string())
        .bind(row.name.as_str())
        .bind(row.region.to_string())
        .bind(&row.url)
        .bind(&row.user)
        .bind(row.password.to_string())
        .bind(&row.profile)
        .bind(&row.ca_pem)
        .bind(row.created_at.0)
        .bind(row.refreshed_at.0)
        .execute(&mut *self.connection)
        .await
        .map_err(|error| {
            let text = || format!("a broker with the name '{}' is registered already", row.name);
            unique(error, &[("service_broker.name", &text)])
        })?;
        Ok(())
    }

    pub(super) async fn put_broker_plan(&mut self, row: &BrokerPlan) -> Result<(), Fault> {
        self.expect_broker(row.broker).await?;
        self.expect_service(row.service).await?;
        let other = query(
            "SELECT broker.name AS name FROM service_broker_plan AS plan \
             JOIN service_broker AS broker ON broker.id = plan.broker_id \
             WHERE (plan.plan = ?1 OR plan.offering = ?2) AND plan.broker_id <> ?3 LIMIT 1",
        )
        .bind(&row.plan)
        .bind(&row.offering)
        .bind(row.broker.to_string())
        .fetch_optional(&mut *self.connection)
        .await?;
        if let Some(other) = other {
            return Err(conflict(format!(
                "broker '{}' has the offering '{}' or its plan '{}' already",
                text(&other, "name")?,
                row.offering,
                row.plan
            )));
        }
        query(
            "INSERT INTO service_broker_plan (plan, broker_id, offering, service_id, obstacle) VALUES (?, ?, ?, ?, ?) \
             ON CONFLICT (plan) DO UPDATE SET offering = excluded.offering, service_id = excluded.service_id, \
             obstacle = excluded.obstacle",
        )
        .bind(&row.plan)
        .bind(row.broker.to_string())
        .bind(&row.offering)
        .bind(row.service.to_string())
        .bind(&row.obstacle)
        .execute(&mut *self.connection)
        .await
        .map_err(|error| {
            let text = || format!("service {} is another plan already", row.service);
            unique(error, &[("service_broker_plan.service_id", &text)])
        })?;
        Ok(())
    }

    pub(super) async fn delete_broker_plan(
        &mut self,
        broker: BrokerId,
        plan: &str,
    ) -> Result<(), Fault> {
        query("DELETE FROM service_broker_plan WHERE broker_id = ? AND plan = ?")
            .bind(broker.to_string())
            .bind(plan)
            .execute(&mut *self.connection)
            .await?;
        Ok(())
    }

    pub(super) async fn delete_broker(&mut self, id: BrokerId) -> Result<(), Fault> {
        self.expect_broker(id).await?;
        let used = query(
            "SELECT instance.prefix AS prefix, application.slug AS application FROM instance \
             JOIN service_broker_plan AS plan ON plan.service_id = instance.service_id \
             JOIN application ON application.id = instance.application_id \
             WHERE plan.broker_id = ? AND instance.state <> 'REMOVED' LIMIT 1",
        )
        .bind(id.to_string())
        .fetch_optional(&mut *self.connection)
        .await?;
        if let Some(used) = used {
            return Err(conflict(format!(
                "application '{}' has the instance {} of this broker; remove it first",
                text(&used, "application")?,
                text(&used, "prefix")?
            )));
        }
        query("DELETE FROM service_broker_plan WHERE broker_id = ?")
            .bind(id.to_string())
            .execute(&mut *self.connection)
            .await?;
        let row = query("DELETE FROM service_broker WHERE id = ? RETURNING password")
            .bind(id.to_string())
            .fetch_one(&mut *self.connection)
            .await?;
        self.references.loosen(parsed(&row, "password")?);
        Ok(())
    }

    async fn expect_broker(&mut self, id: BrokerId) -> Result<(), Fault> {
        let row = query("SELECT 1 FROM service_broker WHERE id = ?").bind(id.to_string());
        match row.fetch_optional(&mut *self.connection).await? {
            Some(_) => Ok(()),
            None => Err(missing(format!("broker {id}"))),
        }
    }
}
