//! Releases.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use windlass_platform::ReleaseView;

use super::time;

/// A release: what ran, or runs.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Release)]
pub(crate) struct ReleaseItem {
    uuid: String,
    /// Its number in the environment, from 1.
    number: u32,
    #[schema(required)]
    commit: Option<String>,
    image: String,
    created_at: String,
    is_running: bool,
    /// The id of the release that it takes up again.
    #[schema(required)]
    rollback_of: Option<String>,
    deployment: String,
    services: Vec<ReleaseService>,
    processes: Vec<ReleaseProcess>,
}

/// An instance that a release has.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReleaseService {
    instance: String,
    prefix: String,
}

/// A process of a release.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReleaseProcess {
    name: String,
    /// Null for the image's own.
    #[schema(required)]
    command: Option<String>,
    count: u32,
    #[schema(required)]
    port: Option<u16>,
}

impl From<ReleaseView> for ReleaseItem {
    fn from(view: ReleaseView) -> Self {
        let release = view.release;
        Self {
            uuid: release.id.to_string(),
            number: release.number,
            commit: release.commit,
            image: release.image,
            created_at: time(release.created_at),
            is_running: view.is_running,
            rollback_of: release.rollback_of.map(|id| id.to_string()),
            deployment: release.deployment.to_string(),
            services: release
                .bindings
                .into_iter()
                .map(|binding| ReleaseService {
                    instance: binding.instance.to_string(),
                    prefix: binding.prefix.to_string(),
                })
                .collect(),
            processes: release
                .processes
                .into_iter()
                .map(|process| ReleaseProcess {
                    name: process.name.to_string(),
                    command: process.command,
                    count: process.count,
                    port: process.port,
                })
                .collect(),
        }
    }
}

/// The release to take up again.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct Rollback {
    /// Its number.
    #[serde(deserialize_with = "number")]
    pub(crate) release: u32,
}

/// A number, or its text: forms have nothing else.
fn number<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Number {
        Value(u32),
        Text(String),
    }
    let wrong = || serde::de::Error::custom("the number of a release is expected");
    match Number::deserialize(deserializer).map_err(|_| wrong())? {
        Number::Value(value) => Ok(value),
        Number::Text(text) => text.parse().map_err(|_| wrong()),
    }
}
