//! The registry of ids: each kind of object has an id type of its own, a UUIDv7 inside.
//!
//! The text form is the hyphenated lower-case UUID: opaque to clients, never all digits, without `/`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What every id type can do, for code that handles ids of any kind.
pub trait Id: Copy + fmt::Display + From<Uuid> {
    /// The UUID inside.
    fn uuid(self) -> Uuid;
}

/// A text that is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not an id: a UUID in lower case with hyphens is expected")]
pub struct InvalidId(pub String);

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl Id for $name {
            fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::try_parse(text).map(Self).map_err(|_| InvalidId(text.chars().take(64).collect()))
            }
        }
    )+};
}

ids! {
    /// An organisation.
    OrganisationId,
    /// A user.
    UserId,
    /// An access token.
    TokenId,
    /// An application.
    ApplicationId,
    /// An environment of an application.
    EnvironmentId,
    /// A region.
    RegionId,
    /// A service: an entry of the catalogue in one region.
    ServiceId,
    /// A cluster: a running server that holds instances.
    ClusterId,
    /// A registered broker of services.
    BrokerId,
    /// A service instance.
    InstanceId,
    /// A binding: one instance's credentials for one environment.
    BindingId,
    /// A custom environment variable.
    VariableId,
    /// A deployment.
    DeploymentId,
    /// A release.
    ReleaseId,
    /// A durable operation.
    OperationId,
    /// A backup of some instances of an environment.
    BackupId,
    /// What a backup has of one instance: an archive.
    InstanceBackupId,
    /// A download of a backup.
    BackupDownloadId,
    /// What a download has of one instance: a link.
    InstanceDownloadId,
    /// What is uploaded for one instance: a link, then an archive.
    UploadId,
    /// A restore of a backup.
    RestoreId,
    /// What a restore does to one instance.
    InstanceRestoreId,
    /// An encrypted secret of the store.
    SecretId,
}

/// The first 80 bits of randomness of an id as 16 characters of lower-case base32: the part of an id
/// that names outside things (`svc_<short>`), within the limits of every server (PostgreSQL cuts at 63
/// bytes, MySQL users at 32).
///
/// A UUIDv7 carries 74 random bits behind its time stamp; the last ten bytes hold 62 of them plus the
/// `rand_a` field, which is what this takes.
pub fn short(id: impl Id) -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let uuid = id.uuid();
    let mut text = String::with_capacity(16);
    let (mut buffer, mut bits) = (0u32, 0u32);
    for byte in &uuid.as_bytes()[6..16] {
        buffer = (buffer << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(char::from(ALPHABET[((buffer >> bits) & 31) as usize]));
        }
        buffer &= (1 << bits) - 1;
    }
    text
}
