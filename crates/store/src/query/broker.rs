//! Queries about registered brokers.

use sqlx::query;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use windlass_model::id::BrokerId;
use windlass_records::{Broker, BrokerPlan};

use crate::fault::Fault;
use crate::row::{parsed, text, text_or_none, time};

pub(crate) async fn brokers(connection: &mut SqliteConnection) -> Result<Vec<Broker>, Fault> {
    let rows = query("SELECT * FROM service_broker ORDER BY name")
        .fetch_all(connection)
        .await?;
    rows.iter().map(broker_from).collect()
}

pub(crate) async fn broker(
    connection: &mut SqliteConnection,
    id: BrokerId,
) -> Result<Option<Broker>, Fault> {
    let row = query("SELECT * FROM service_broker WHERE id = ?")
        .bind(id.to_string())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(broker_from).transpose()
}

pub(crate) async fn plans(connection: &mut SqliteConnection) -> Result<Vec<BrokerPlan>, Fault> {
    let rows = query("SELECT * FROM service_broker_plan ORDER BY broker_id, plan")
        .fetch_all(connection)
        .await?;
    rows.iter().map(plan_from).collect()
}

fn broker_from(row: &SqliteRow) -> Result<Broker, Fault> {
    Ok(Broker {
        id: parsed(row, "id")?,
        name: parsed(row, "name")?,
        region: parsed(row, "region_id")?,
        url: text(row, "url")?,
        user: text(row, "user")?,
        password: parsed(row, "password")?,
        profile: text(row, "profile")?,
        ca_pem: text_or_none(row, "ca_pem")?,
        created_at: time(row, "created_at")?,
        refreshed_at: time(row, "refreshed_at")?,
    })
}

fn plan_from(row: &SqliteRow) -> Result<BrokerPlan, Fault> {
    Ok(BrokerPlan {
        broker: parsed(row, "broker_id")?,
        plan: text(row, "plan")?,
        offering: text(row, "offering")?,
        service: parsed(row, "service_id")?,
        obstacle: text_or_none(row, "obstacle")?,
    })
}
