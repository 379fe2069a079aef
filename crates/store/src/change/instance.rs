//! Changes of service instances.

use sqlx::query;
use windlass_model::id::{ClusterId, DeploymentId, InstanceId, SecretId};
use windlass_model::instance::InstanceState;
use windlass_model::names::Prefix;
use windlass_model::profile::Profile;
use windlass_model::time::Timestamp;
use windlass_records::{Instance, InstanceFailure, MediaDomain};

use super::{Changes, found};
use crate::fault::{Fault, conflict, missing, unique};
use crate::query::instance_from;
use crate::row::{parsed, to_document};

/// What the unique index of media domains is over.
const MEDIA_DOMAIN: &str = "instance.media_domain";

impl Changes<'_> {
    pub(super) async fn insert_instance(&mut self, row: &Instance) -> Result<(), Fault> {
        let application = self.application_of(row.environment).await?;
        self.expect_application_stays(application).await?;
        self.expect_service(row.service).await?;
        if let Some(cluster) = row.cluster {
            self.expect_cluster(cluster).await?;
        }
        query(
            "INSERT INTO instance (id, application_id, environment_id, service_id, kind, prefix, url_scheme, state, \
             state_before_removal, cluster_id, generation, last_error, created_at, updated_at, given_url, profile, \
             public, media_domain, media_domain_is_cdn) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(row.id.to_string())
        .bind(application.to_string())
        .bind(row.environment.to_string())
        .bind(row.service.to_string())
        .bind(&row.kind)
        .bind(row.prefix.as_str())
        .bind(&row.url_scheme)
        .bind(row.state.as_str())
        .bind(row.state_before_removal.map(InstanceState::as_str))
        .bind(row.cluster.map(|id| id.to_string()))
        .bind(row.generation)
        .bind(row.last_error.as_ref().map(to_document))
        .bind(row.created_at.0)
        .bind(row.updated_at.0)
        .bind(row.given_url.map(|id| id.to_string()))
        .bind(row.profile.map(Profile::as_str))
        .bind(row.public)
        .bind(row.media_domain.as_ref().map(|domain| domain.host.as_str()))
        .bind(row.media_domain.as_ref().is_some_and(|domain| domain.is_cdn))
        .execute(&mut *self.connection)
        .await
        .map_err(|error| prefix_conflict(error, row.id, &row.prefix, &row.kind))?;
        if let Some(given) = row.given_url {
            self.references.need(given);
        }
        Ok(())
    }

    pub(super) async fn set_instance_state(
        &mut self,
        id: InstanceId,
        from: InstanceState,
        to: InstanceState,
        at: Timestamp,
    ) -> Result<(), Fault> {
        let row = self.load_instance(id).await?;
        if row.state != from {
            return Err(wrong_state(&row, &[from]));
        }
        if let (InstanceState::Removed, Some(given)) = (to, row.given_url) {
            self.references.loosen(given);
        }
        // A repeated `REMOVING` keeps the state from before the first.
        let before = match to {
            InstanceState::Removing if from == to => row.state_before_removal,
            InstanceState::Removing => Some(from),
            _ => None,
        };
        query(
            "UPDATE instance SET state = ?, state_before_removal = ?, updated_at = ? WHERE id = ?",
        )
        .bind(to.as_str())
        .bind(before.map(InstanceState::as_str))
        .bind(at.0)
        .bind(id.to_string())
        .execute(&mut *self.connection)
        .await
        .map_err(|error| prefix_conflict(error, id, &row.prefix, &row.kind))?;
        Ok(())
    }

    pub(super) async fn set_instance_given_url(
        &mut self,
        id: InstanceId,
        given_url: SecretId,
        at: Timestamp,
    ) -> Result<(), Fault> {
        let row = self.load_instance(id).await?;
        self.references.need(given_url);
        if let Some(before) = row.given_url {
            self.references.loosen(before);
        }
        query("UPDATE instance SET given_url = ?, updated_at = ? WHERE id = ?")
            .bind(given_url.to_string())
            .bind(at.0)
            .bind(id.to_string())
            .execute(&mut *self.connection)
            .await?;
        Ok(())
    }

    pub(super) async fn expect_instance_state(
        &mut self,
        id: InstanceId,
        states: &[InstanceState],
    ) -> Result<(), Fault> {
        let row = self.load_instance(id).await?;
        if states.contains(&row.state) {
            Ok(())
        } else {
            Err(wrong_state(&row, states))
        }
    }

    pub(super) async fn expect_instance_unused(&mut self, id: InstanceId) -> Result<(), Fault> {
        let row = self.load_instance(id).await?;
        let deployment = query(
            "SELECT deployment.id FROM deployment, json_each(deployment.instances) AS used \
             WHERE deployment.environment_id = ? AND deployment.ended_at IS NULL AND used.value = ?",
        )
        .bind(row.environment.to_string())
        .bind(id.to_string())
        .fetch_optional(&mut *self.connection)
        .await?;
        match deployment {
            None => Ok(()),
            Some(deployment) => {
                let deployment: DeploymentId = parsed(&deployment, "id")?;
                Err(conflict(format!(
                    "deployment {deployment} is at work with the {} instance {}; wait for it to end, or cancel it",
                    row.kind, row.prefix
                )))
            }
        }
    }

    pub(super) async fn set_instance_cluster(
        &mut self,
        id: InstanceId,
        cluster: Option<ClusterId>,
    ) -> Result<(), Fault> {
        if let Some(cluster) = cluster {
            self.expect_cluster(cluster).await?;
        }
        let result = query("UPDATE instance SET cluster_id = ? WHERE id = ?")
            .bind(cluster.map(|id| id.to_string()))
            .bind(id.to_string())
            .execute(&mut *self.connection)
            .await?;
        found(&result, || format!("instance {id}"))
    }

    pub(super) async fn set_instance_prefix(
        &mut self,
        id: InstanceId,
        prefix: &Prefix,
        at: Timestamp,
    ) -> Result<(), Fault> {
        let row = self.load_instance(id).await?;
        query("UPDATE instance SET prefix = ?, updated_at = ? WHERE id = ?")
            .bind(prefix.as_str())
            .bind(at.0)
            .bind(id.to_string())
            .execute(&mut *self.connection)
            .await
            .map_err(|error| prefix_conflict(error, id, prefix, &row.kind))?;
        Ok(())
    }

    pub(super) async fn set_instance_url_scheme(
        &mut self,
        id: InstanceId,
        url_scheme: Option<&str>,
        at: Timestamp,
    ) -> Result<(), Fault> {
        let result = query("UPDATE instance SET url_scheme = ?, updated_at = ? WHERE id = ?")
            .bind(url_scheme)
            .bind(at.0)
            .bind(id.to_string())
            .execute(&mut *self.connection)
            .await?;
        found(&result, || format!("instance {id}"))
    }

    pub(super) async fn set_instance_profile(
        &mut self,
        id: InstanceId,
        profile: Option<Profile>,
        at: Timestamp,
    ) -> Result<(), Fault> {
        let result = query("UPDATE instance SET profile = ?, updated_at = ? WHERE id = ?")
            .bind(profile.map(Profile::as_str))
            .bind(at.0)
            .bind(id.to_string())
            .execute(&mut *self.connection)
            .await?;
        found(&result, || format!("instance {id}"))
    }

    pub(super) async fn set_instance_public(
        &mut self,
        id: InstanceId,
        public: bool,
        at: Timestamp,
    ) -> Result<(), Fault> {
        let result = query("UPDATE instance SET public = ?, updated_at = ? WHERE id = ?")
            .bind(public)
            .bind(at.0)
            .bind(id.to_string())
            .execute(&mut *self.connection)
            .await?;
        found(&result, || format!("instance {id}"))
    }

    pub(super) async fn set_instance_media_domain(
        &mut self,
        id: InstanceId,
        domain: Option<&MediaDomain>,
        at: Timestamp,
    ) -> Result<(), Fault> {
        let result = query(
            "UPDATE instance SET media_domain = ?, media_domain_is_cdn = ?, updated_at = ? WHERE id = ?",
        )
        .bind(domain.map(|domain| domain.host.as_str()))
        .bind(domain.is_some_and(|domain| domain.is_cdn))
        .bind(at.0)
        .bind(id.to_string())
        .execute(&mut *self.connection)
        .await
        .map_err(|error| unique(error, &[(MEDIA_DOMAIN, &domain_taken)]))?;
        found(&result, || format!("instance {id}"))
    }

    pub(super) async fn set_instance_error(
        &mut self,
        id: InstanceId,
        error: Option<&InstanceFailure>,
        at: Timestamp,
    ) -> Result<(), Fault> {
        let result = query("UPDATE instance SET last_error = ?, updated_at = ? WHERE id = ?")
            .bind(error.map(to_document))
            .bind(at.0)
            .bind(id.to_string())
            .execute(&mut *self.connection)
            .await?;
        found(&result, || format!("instance {id}"))
    }

    pub(super) async fn load_instance(&mut self, id: InstanceId) -> Result<Instance, Fault> {
        let row = query("SELECT * FROM instance WHERE id = ?")
            .bind(id.to_string())
            .fetch_optional(&mut *self.connection)
            .await?
            .ok_or_else(|| missing(format!("instance {id}")))?;
        instance_from(&row)
    }
}

fn wrong_state(row: &Instance, wanted: &[InstanceState]) -> Fault {
    let wanted: Vec<&str> = wanted.iter().map(|state| state.as_str()).collect();
    conflict(format!(
        "the {} instance {} is {} now, not {}; something else changed it first: look at it and try again",
        row.kind,
        row.prefix,
        row.state,
        wanted.join(" or ")
    ))
}

fn prefix_conflict(error: sqlx::Error, id: InstanceId, prefix: &Prefix, kind: &str) -> Fault {
    let taken = || {
        format!(
            "the prefix {prefix} is used by another {kind} instance of this environment; choose another prefix"
        )
    };
    let exists = || format!("instance {id} exists already");
    unique(
        error,
        &[
            (
                "instance.environment_id, instance.kind, instance.prefix",
                &taken,
            ),
            ("instance.id", &exists),
            (MEDIA_DOMAIN, &domain_taken),
        ],
    )
}

/// Not whose it is: that may be another organisation's affair.
fn domain_taken() -> String {
    "the domain is taken; choose another one".to_owned()
}
