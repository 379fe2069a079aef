//! What every installation has from its first start: an id, an organisation, an administrator with a
//! token, a region with its services.

use std::collections::BTreeSet;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;

use secrecy::ExposeSecret;
use serde_json::{Value, json};
use windlass_model::id::{RegionId, UserId};
use windlass_records::{
    Change, Cluster, ClusterKind, ClusterState, NewSecret, Organisation, Region, Service, Store,
    Token, User,
};
use windlass_services::{BROKER, Driver, Hosting};

use crate::error::Error;
use crate::parts::{Backends, ExternalCluster, Settings};
use crate::{catalogue, ids};

/// What seeding found or made.
pub(crate) struct Seeded {
    pub(crate) installation: String,
    pub(crate) region: RegionId,
}

/// The setting that holds the installation's id.
const INSTALLATION: &str = "installation";
/// The address of the first administrator.
const ADMINISTRATOR: &str = "admin@localhost";

/// The id of the installation that a store is of, made at its first start. Back ends that label what they
/// make need it before the platform is opened.
pub async fn installation_id(store: &dyn Store) -> Result<String, Error> {
    if let Some(Value::String(id)) = store.setting(INSTALLATION).await? {
        return Ok(id);
    }
    let id = ids::mint::<UserId>().to_string();
    store
        .commit(vec![Change::PutSetting {
            name: INSTALLATION.to_owned(),
            value: Value::String(id.clone()),
        }])
        .await?;
    Ok(id)
}

pub(crate) async fn seed(backends: &Backends, settings: &Settings) -> Result<Seeded, Error> {
    let installation = installation_id(backends.store.as_ref()).await?;
    if backends.store.organisations().await?.is_empty() {
        first_start(backends, settings).await?;
    }
    let region = seed_region(backends, settings).await?;
    seed_external_clusters(backends, settings, region).await?;
    Ok(Seeded {
        installation,
        region,
    })
}

async fn first_start(backends: &Backends, settings: &Settings) -> Result<(), Error> {
    let now = backends.clock.now();
    let organisation = Organisation {
        id: ids::mint(),
        name: "Default".to_owned(),
        created_at: now,
    };
    let user = User {
        id: ids::mint(),
        organisation: organisation.id,
        email: ADMINISTRATOR.to_owned(),
        first_name: "Windlass".to_owned(),
        last_name: "Administrator".to_owned(),
        created_at: now,
    };
    let text = ids::token();
    let token = Token {
        id: ids::mint(),
        user: user.id,
        name: "first administrator".to_owned(),
        hash: ids::token_hash(text.expose_secret()),
        created_at: now,
    };
    // The file first: a token that is in the store and nowhere else would lock everyone out. A crash
    // between the two leaves a file that the next start writes anew.
    let path = &settings.token_file;
    let written = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| {
            writeln!(file, "{}", text.expose_secret())?;
            file.sync_all()
        });
    written.map_err(|error| {
        Error::Unavailable(format!(
            "the administrator's token cannot be written to {}: {error}",
            path.display()
        ))
    })?;
    backends
        .store
        .commit(vec![
            Change::InsertOrganisation(organisation),
            Change::InsertUser(user),
            Change::InsertToken(token),
        ])
        .await?;
    tracing::info!(path = %path.display(), "the first administrator's token has been written");
    Ok(())
}

async fn seed_region(backends: &Backends, settings: &Settings) -> Result<RegionId, Error> {
    let slug = settings
        .region
        .parse()
        .map_err(|error| Error::name("region", &error))?;
    let existing = backends
        .store
        .regions()
        .await?
        .into_iter()
        .find(|region| region.slug == slug);
    let region = Region {
        id: existing.as_ref().map_or_else(ids::mint, |region| region.id),
        name: slug.to_string(),
        slug,
        engine: backends.engine.0.clone(),
        domain: settings.domain.to_ascii_lowercase(),
        created_at: existing
            .as_ref()
            .map_or_else(|| backends.clock.now(), |region| region.created_at),
    };
    let known = backends.store.services(Some(region.id)).await?;
    let mut changes = Vec::new();
    if existing.as_ref() != Some(&region) {
        changes.push(Change::PutRegion(region.clone()));
    }
    let drivers: Vec<_> = backends
        .drivers
        .iter()
        .map(|driver| (driver.kind(), driver.hosting()))
        .collect();
    // What brokers provide is not the catalogue's to withdraw.
    let own: Vec<Service> = known
        .iter()
        .filter(|service| service.driver != BROKER)
        .cloned()
        .collect();
    let services = catalogue::services(region.id, &drivers, settings, &own)?;
    changes.extend(
        services
            .into_iter()
            .filter(|service| !known.contains(service))
            .map(Change::PutService),
    );
    if !changes.is_empty() {
        backends.store.commit(changes).await?;
    }
    Ok(region.id)
}

/// Records the clusters that the operator names, or the new place of one.
async fn seed_external_clusters(
    backends: &Backends,
    settings: &Settings,
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
                    settings.region,
                    named.serves,
                    named.host,
                    Vec::from_iter(known).join(", ")
                ),
            ));
        };
        let driver = driver_of(backends, service)?;
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

fn driver_of<'a>(backends: &'a Backends, service: &Service) -> Result<&'a dyn Driver, Error> {
    let mut drivers = backends.drivers.iter();
    let driver = drivers.find(|driver| driver.kind() == service.driver);
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
        (Hosting::Server, _) => Ok(None),
        (Hosting::Account, Some(url)) => Ok(Some(json!({ "url": url }))),
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
