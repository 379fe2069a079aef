//! Changes of clusters.

use sqlx::query;
use windlass_model::id::{ClusterId, SecretId};
use windlass_records::{Cluster, ClusterKind, ClusterState};

use super::Changes;
use crate::fault::{Fault, conflict, missing, unique};
use crate::row::{number_or_none, parsed, to_document, to_word, word};

/// Where an external cluster is and how Windlass gets in.
pub(super) struct Access<'a> {
    pub(super) host: &'a str,
    pub(super) port: u16,
    pub(super) administrator: &'a str,
    pub(super) password: SecretId,
    pub(super) database: &'a Option<String>,
    pub(super) administration_port: Option<u16>,
    pub(super) settings: Option<&'a serde_json::Value>,
}

const TWO_COMMON: &str = "the service has a cluster already; remove that one first";
const TWO_PRIVATE: &str = "the instance has a private cluster already";

impl Changes<'_> {
    pub(super) async fn insert_cluster(&mut self, row: &Cluster) -> Result<(), Fault> {
        self.expect_region(row.region).await?;
        self.expect_service(row.service).await?;
        match (row.kind, row.instance) {
            (ClusterKind::Private, Some(instance)) => drop(self.load_instance(instance).await?),
            (ClusterKind::Private, None) => {
                return Err(conflict("a private cluster needs an instance"));
            }
            (ClusterKind::External | ClusterKind::Shared, None) => {}
            (ClusterKind::External | ClusterKind::Shared, Some(_)) => {
                return Err(conflict("only a private cluster belongs to an instance"));
            }
        }
        self.references.need(row.password);
        query(
            "INSERT INTO cluster (id, region_id, service_id, kind, instance_id, host, port, administrator, password, \
             database, subnet, state, created_at, administration_port, settings) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(row.id.to_string())
        .bind(row.region.to_string())
        .bind(row.service.to_string())
        .bind(to_word(row.kind))
        .bind(row.instance.map(|id| id.to_string()))
        .bind(&row.host)
        .bind(row.port)
        .bind(&row.administrator)
        .bind(row.password.to_string())
        .bind(&row.database)
        .bind(row.subnet)
        .bind(to_word(row.state))
        .bind(row.created_at.0)
        .bind(row.administration_port)
        .bind(row.settings.as_ref().map(to_document))
        .execute(&mut *self.connection)
        .await
        .map_err(|error| cluster_conflict(error, row.id))?;
        match row.subnet {
            Some(number) if row.state != ClusterState::Removed => {
                self.take_subnet(row.region, number, None, Some(row.id))
                    .await
            }
            _ => Ok(()),
        }
    }

    pub(super) async fn set_cluster_state(
        &mut self,
        id: ClusterId,
        from: ClusterState,
        to: ClusterState,
    ) -> Result<(), Fault> {
        let row = query("SELECT state, region_id, subnet, password FROM cluster WHERE id = ?")
            .bind(id.to_string())
            .fetch_optional(&mut *self.connection)
            .await?
            .ok_or_else(|| missing(format!("cluster {id}")))?;
        let state: ClusterState = word(&row, "state")?;
        if state != from {
            return Err(conflict(format!(
                "cluster {id} is {} now, not {}; something else changed it first",
                to_word(state),
                to_word(from)
            )));
        }
        query("UPDATE cluster SET state = ? WHERE id = ?")
            .bind(to_word(to))
            .bind(id.to_string())
            .execute(&mut *self.connection)
            .await
            .map_err(|error| cluster_conflict(error, id))?;
        if to == ClusterState::Removed {
            self.references.loosen(parsed(&row, "password")?);
        }
        let Some(subnet) = number_or_none(&row, "subnet")? else {
            return Ok(());
        };
        match (from == ClusterState::Removed, to == ClusterState::Removed) {
            (false, true) => self.free_subnet_of_cluster(id).await,
            (true, false) => {
                self.take_subnet(parsed(&row, "region_id")?, subnet, None, Some(id))
                    .await
            }
            (true, true) | (false, false) => Ok(()),
        }
    }

    pub(super) async fn set_cluster_access(
        &mut self,
        id: ClusterId,
        access: Access<'_>,
    ) -> Result<(), Fault> {
        self.references.need(access.password);
        let row = query("SELECT kind, password FROM cluster WHERE id = ?")
            .bind(id.to_string())
            .fetch_optional(&mut *self.connection)
            .await?
            .ok_or_else(|| missing(format!("cluster {id}")))?;
        if word::<ClusterKind>(&row, "kind")? != ClusterKind::External {
            return Err(conflict(format!(
                "cluster {id} is run by Windlass; only an external cluster has a URL to change"
            )));
        }
        self.references.loosen(parsed(&row, "password")?);
        // New again: nobody has looked whether it can be used.
        query(
            "UPDATE cluster SET host = ?, port = ?, administrator = ?, password = ?, database = ?, state = ?, \
             administration_port = ?, settings = ? WHERE id = ?",
        )
            .bind(access.host)
            .bind(access.port)
            .bind(access.administrator)
            .bind(access.password.to_string())
            .bind(access.database)
            .bind(to_word(ClusterState::New))
            .bind(access.administration_port)
            .bind(access.settings.map(ToString::to_string))
            .bind(id.to_string())
            .execute(&mut *self.connection)
            .await?;
        Ok(())
    }

    pub(super) async fn set_cluster_settings(
        &mut self,
        id: ClusterId,
        settings: Option<&serde_json::Value>,
    ) -> Result<(), Fault> {
        self.expect_cluster(id).await?;
        query("UPDATE cluster SET settings = ? WHERE id = ?")
            .bind(settings.map(to_document))
            .bind(id.to_string())
            .execute(&mut *self.connection)
            .await?;
        Ok(())
    }

    pub(super) async fn expect_cluster(&mut self, id: ClusterId) -> Result<(), Fault> {
        let row = query("SELECT 1 FROM cluster WHERE id = ?").bind(id.to_string());
        match row.fetch_optional(&mut *self.connection).await? {
            Some(_) => Ok(()),
            None => Err(missing(format!("cluster {id}"))),
        }
    }
}

fn cluster_conflict(error: sqlx::Error, id: ClusterId) -> Fault {
    unique(
        error,
        &[
            ("cluster.service_id", &|| TWO_COMMON.to_owned()),
            ("cluster.instance_id", &|| TWO_PRIVATE.to_owned()),
            ("cluster.id", &|| format!("cluster {id} exists already")),
        ],
    )
}
