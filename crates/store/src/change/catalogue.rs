//! Changes of regions and services.

use sqlx::query;
use windlass_model::id::{RegionId, ServiceId};
use windlass_records::{Region, Service};

use super::Changes;
use crate::fault::{Fault, missing, unique};

impl Changes<'_> {
    pub(super) async fn put_region(&mut self, row: &Region) -> Result<(), Fault> {
        query(
            "INSERT INTO region (id, slug, name, engine, domain, created_at) VALUES (?, ?, ?, ?, ?, ?) \
             ON CONFLICT (id) DO UPDATE SET slug = excluded.slug, name = excluded.name, engine = excluded.engine, \
             domain = excluded.domain, created_at = excluded.created_at",
        )
        .bind(row.id.to_string())
        .bind(row.slug.as_str())
        .bind(&row.name)
        .bind(&row.engine)
        .bind(&row.domain)
        .bind(row.created_at.0)
        .execute(&mut *self.connection)
        .await
        .map_err(|error| {
            unique(error, &[("region.slug", &|| format!("a region with the name '{}' exists already", row.slug))])
        })?;
        Ok(())
    }

    pub(super) async fn put_service(&mut self, row: &Service) -> Result<(), Fault> {
        self.expect_region(row.region).await?;
        query(
            "INSERT INTO service (id, region_id, identifier, name, description, driver, kind, version, shared, \
             memory_bytes, cpu_millis, connection_limit, offered, plan, image, rank, storage_bytes) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
             ON CONFLICT (id) DO UPDATE SET region_id = excluded.region_id, identifier = excluded.identifier, \
             name = excluded.name, description = excluded.description, driver = excluded.driver, \
             kind = excluded.kind, version = excluded.version, shared = excluded.shared, \
             memory_bytes = excluded.memory_bytes, cpu_millis = excluded.cpu_millis, \
             connection_limit = excluded.connection_limit, offered = excluded.offered, plan = excluded.plan, \
             image = excluded.image, rank = excluded.rank, storage_bytes = excluded.storage_bytes",
        )
        .bind(row.id.to_string())
        .bind(row.region.to_string())
        .bind(&row.identifier)
        .bind(&row.name)
        .bind(&row.description)
        .bind(&row.driver)
        .bind(&row.kind)
        .bind(&row.version)
        .bind(row.shared)
        .bind(row.memory_bytes)
        .bind(row.cpu_millis)
        .bind(row.connection_limit)
        .bind(row.offered)
        .bind(&row.plan)
        .bind(&row.image)
        .bind(row.rank)
        .bind(row.storage_bytes)
        .execute(&mut *self.connection)
        .await
        .map_err(|error| {
            let text = || format!("the region has a service '{}' already", row.identifier);
            unique(error, &[("service.region_id, service.identifier", &text)])
        })?;
        Ok(())
    }

    pub(super) async fn expect_region(&mut self, id: RegionId) -> Result<(), Fault> {
        let row = query("SELECT 1 FROM region WHERE id = ?").bind(id.to_string());
        match row.fetch_optional(&mut *self.connection).await? {
            Some(_) => Ok(()),
            None => Err(missing(format!("region {id}"))),
        }
    }

    pub(super) async fn expect_service(&mut self, id: ServiceId) -> Result<(), Fault> {
        let row = query("SELECT 1 FROM service WHERE id = ?").bind(id.to_string());
        match row.fetch_optional(&mut *self.connection).await? {
            Some(_) => Ok(()),
            None => Err(missing(format!("service {id}"))),
        }
    }
}
