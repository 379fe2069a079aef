//! The clusters that the operator names.

use std::collections::BTreeSet;
use std::sync::Arc;

use secrecy::ExposeSecret;
use serde_json::{Value, json};
use windlass_model::id::RegionId;
use windlass_records::{Change, Cluster, ClusterKind, ClusterState, NewSecret, Service};
use windlass_services::{BROKER, Driver, Hosting};

use crate::error::Error;
use crate::parts::{Backends, ExternalCluster};
use crate::regions::RegionSettings;
use crate::{catalogue, ids};

/// Records the clusters that the operator names, or the new place of one.
pub(super) async fn seed(
    backends: &Backends,
    settings: &RegionSettings,
    drivers: &[Arc<dyn Driver>],
    region: RegionId,
) -> Result<(), Error> {
    let services = backends.store.services(Some(region)).await?;
    let clusters = backends.store.clusters().await?;
    for named in &settings.external_clusters {
        let shared: Vec<_> = services
            .iter()
            .filter(|service| service.shared && service.driver != BROKER)
            .collect();
        let title = |service: &Service| catalogue::title(&service.driver, &service.version);
        let serves = |service: &&&Service| title(service) == named.serves;
        let Some(service) = shared.iter().find(serves) else {
            let known: BTreeSet<_> = shared.iter().map(|service| title(service)).collect();
            return Err(Error::refused(
                "unknown_service",
                format!(
                    "region {} has no shared service '{}' for the server at {}; it has {}",
                    settings.name,
                    named.serves,
                    named.host,
                    Vec::from_iter(known).join(", ")
                ),
            ));
        };
        let driver = driver_of(drivers, service)?;
        let settings = settings_of(driver, named)?;
        let port = match named.port {
            Some(port) => port,
            None => usual_port(driver, service, named)?,
        };
        let now = backends.clock.now();
        let password = NewSecret {
            id: ids::mint(),
            value: named.password.clone(),
            created_at: now,
        };
        let existing = clusters
            .iter()
            .find(|cluster| cluster.service == service.id);
        let change = match existing {
            Some(cluster) if cluster.kind == ClusterKind::Shared => {
                return Err(Error::refused(
                    "cluster_exists",
                    format!(
                        "service '{}' has a shared cluster of Windlass already, which may hold instances; it cannot be replaced by {}:{port}",
                        service.identifier, named.host
                    ),
                ));
            }
            Some(cluster)
                if is_as_named(backends, cluster, named, port, settings.as_ref()).await? =>
            {
                continue;
            }
            Some(cluster) => Change::SetClusterAccess {
                id: cluster.id,
                host: named.host.clone(),
                port,
                administrator: named.administrator.clone(),
                password: password.id,
                database: named.database.clone(),
                administration_port: named.administration_port,
                settings,
            },
            None => Change::InsertCluster(Cluster {
                id: ids::mint(),
                region,
                service: service.id,
                kind: ClusterKind::External,
                instance: None,
                host: Some(named.host.clone()),
                port: Some(port),
                administration_port: named.administration_port,
                settings,
                administrator: named.administrator.clone(),
                password: password.id,
                database: named.database.clone(),
                subnet: None,
                state: ClusterState::New,
                created_at: now,
            }),
        };
        backends
            .store
            .commit(vec![Change::InsertSecret(password), change])
            .await?;
    }
    Ok(())
}

fn driver_of<'a>(
    drivers: &'a [Arc<dyn Driver>],
    service: &Service,
) -> Result<&'a dyn Driver, Error> {
    let driver = drivers
        .iter()
        .find(|driver| driver.kind() == service.driver);
    driver
        .map(AsRef::as_ref)
        .ok_or_else(|| Error::Internal(format!("no driver of type '{}' is there", service.driver)))
}

/// What only the driver understands: the URL of an account. Of what has no cluster at all none can be named.
fn settings_of(driver: &dyn Driver, named: &ExternalCluster) -> Result<Option<Value>, Error> {
    let refused = |reason: &str| {
        let message = format!(
            "'{}' cannot be named as a shared cluster: {reason}",
            named.serves
        );
        Err(Error::refused("not_a_cluster", message))
    };
    match (driver.hosting(), &named.url) {
        (Hosting::Server, Some(url)) if url.contains('?') => {
            refused("it takes no parameter but administration_port")
        }
        (Hosting::Server, _) => Ok(None),
        (Hosting::Account, Some(url)) => match driver.check_account(url) {
            Ok(()) => Ok(Some(json!({ "url": url }))),
            Err(reason) => refused(&reason),
        },
        (Hosting::Account, None) => refused("the URL of an account begins with https://"),
        (Hosting::Elsewhere, _) => refused("each instance of it has a URL of its own"),
    }
}

/// The port that a server of that type usually has: that of one which Windlass runs itself. An account is where its URL
/// says.
fn usual_port(
    driver: &dyn Driver,
    service: &Service,
    named: &ExternalCluster,
) -> Result<u16, Error> {
    if driver.hosting() == Hosting::Account {
        let is_plain = named
            .url
            .as_ref()
            .is_some_and(|url| url.starts_with("http:"));
        return Ok(if is_plain { 80 } else { 443 });
    }
    driver
        .server(&service.version, &ids::password(40))
        .map(|server| server.port)
        .map_err(|error| Error::from(crate::failures::service(&error)))
}

/// Whether the cluster is recorded as the operator names it, its password included.
async fn is_as_named(
    backends: &Backends,
    cluster: &Cluster,
    named: &ExternalCluster,
    port: u16,
    settings: Option<&Value>,
) -> Result<bool, Error> {
    let same_place = cluster.host.as_ref() == Some(&named.host)
        && cluster.port == Some(port)
        && cluster.administration_port == named.administration_port
        && cluster.administrator == named.administrator
        && cluster.database == named.database
        && cluster.settings.as_ref() == settings;
    if !same_place {
        return Ok(false);
    }
    let known = backends.store.reveal(&[cluster.password]).await?;
    Ok(known
        .iter()
        .any(|secret| secret.value.expose_secret() == named.password.expose_secret()))
}
