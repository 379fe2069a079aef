//! Queries about regions, services and clusters.

use sqlx::query;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use windlass_model::id::{ClusterId, RegionId, ServiceId};
use windlass_records::{Cluster, Region, Service};

use crate::fault::Fault;
use crate::row::{
    document_or_none, flag, number, number_or_none, parsed, parsed_or_none, text, text_or_none,
    time, word,
};

pub(crate) async fn regions(connection: &mut SqliteConnection) -> Result<Vec<Region>, Fault> {
    let rows = query("SELECT * FROM region ORDER BY created_at, id")
        .fetch_all(connection)
        .await?;
    rows.iter().map(region_from).collect()
}

pub(crate) async fn region(
    connection: &mut SqliteConnection,
    id: RegionId,
) -> Result<Option<Region>, Fault> {
    let row = query("SELECT * FROM region WHERE id = ?")
        .bind(id.to_string())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(region_from).transpose()
}

pub(crate) async fn services(
    connection: &mut SqliteConnection,
    region: Option<RegionId>,
) -> Result<Vec<Service>, Fault> {
    let rows =
        query("SELECT * FROM service WHERE ?1 IS NULL OR region_id = ?1 ORDER BY identifier, id")
            .bind(region.map(|id| id.to_string()))
            .fetch_all(connection)
            .await?;
    rows.iter().map(service_from).collect()
}

pub(crate) async fn service(
    connection: &mut SqliteConnection,
    id: ServiceId,
) -> Result<Option<Service>, Fault> {
    let row = query("SELECT * FROM service WHERE id = ?")
        .bind(id.to_string())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(service_from).transpose()
}

pub(crate) async fn clusters(connection: &mut SqliteConnection) -> Result<Vec<Cluster>, Fault> {
    let rows = query("SELECT * FROM cluster WHERE state <> 'removed' ORDER BY created_at, id")
        .fetch_all(connection)
        .await?;
    rows.iter().map(cluster_from).collect()
}

pub(crate) async fn cluster(
    connection: &mut SqliteConnection,
    id: ClusterId,
) -> Result<Option<Cluster>, Fault> {
    let row = query("SELECT * FROM cluster WHERE id = ?")
        .bind(id.to_string())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(cluster_from).transpose()
}

fn region_from(row: &SqliteRow) -> Result<Region, Fault> {
    Ok(Region {
        id: parsed(row, "id")?,
        slug: parsed(row, "slug")?,
        name: text(row, "name")?,
        engine: text(row, "engine")?,
        domain: text(row, "domain")?,
        created_at: time(row, "created_at")?,
    })
}

fn service_from(row: &SqliteRow) -> Result<Service, Fault> {
    Ok(Service {
        id: parsed(row, "id")?,
        region: parsed(row, "region_id")?,
        identifier: text(row, "identifier")?,
        name: text(row, "name")?,
        description: text(row, "description")?,
        driver: text(row, "driver")?,
        kind: text(row, "kind")?,
        version: text(row, "version")?,
        plan: text(row, "plan")?,
        image: text_or_none(row, "image")?,
        shared: flag(row, "shared")?,
        memory_bytes: number(row, "memory_bytes")?,
        storage_bytes: number_or_none(row, "storage_bytes")?,
        cpu_millis: number(row, "cpu_millis")?,
        connection_limit: number(row, "connection_limit")?,
        rank: number(row, "rank")?,
        offered: flag(row, "offered")?,
    })
}

fn cluster_from(row: &SqliteRow) -> Result<Cluster, Fault> {
    Ok(Cluster {
        id: parsed(row, "id")?,
        region: parsed(row, "region_id")?,
        service: parsed(row, "service_id")?,
        kind: word(row, "kind")?,
        instance: parsed_or_none(row, "instance_id")?,
        host: text_or_none(row, "host")?,
        port: number_or_none(row, "port")?,
        administration_port: number_or_none(row, "administration_port")?,
        settings: document_or_none(row, "settings")?,
        administrator: text(row, "administrator")?,
        password: parsed(row, "password")?,
        database: text_or_none(row, "database")?,
        subnet: number_or_none(row, "subnet")?,
        state: word(row, "state")?,
        created_at: time(row, "created_at")?,
    })
}
