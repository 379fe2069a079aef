//! What every installation has from its first start: an id, an organisation, an administrator with a
//! token, regions with their services.

mod clusters;
mod regions;

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;

use secrecy::ExposeSecret;
use serde_json::Value;
use windlass_model::access::{Level, Role};
use windlass_model::id::{RegionId, UserId};
use windlass_records::{Change, Membership, Organisation, Scope, Store, Token, User, UserKind};

use crate::error::Error;
use crate::ids;
use crate::parts::{Backends, Settings};

/// What seeding found or made.
pub(crate) struct Seeded {
    pub(crate) installation: String,
    /// Those of the settings, in their order.
    pub(crate) regions: Vec<RegionId>,
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
    Ok(Seeded {
        installation,
        regions: regions::seed(backends, settings).await?,
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
        kind: UserKind::Person,
        email: ADMINISTRATOR.to_owned(),
        first_name: "Windlass".to_owned(),
        last_name: "Administrator".to_owned(),
        is_operator: true,
        created_at: now,
    };
    let owner = Membership {
        user: user.id,
        organisation: organisation.id,
        role: Role::Owner,
        created_at: now,
    };
    let text = ids::token();
    let token = Token {
        id: ids::mint(),
        user: user.id,
        name: "first administrator".to_owned(),
        hash: ids::token_hash(text.expose_secret()),
        level: Level::Manage,
        scope: Scope::Everywhere,
        expires_at: None,
        last_used_at: None,
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
            Change::InsertMembership(owner),
            Change::InsertToken(token),
        ])
        .await?;
    tracing::info!(path = %path.display(), "the first administrator's token has been written");
    Ok(())
}
