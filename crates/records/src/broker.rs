//! Registered brokers, and which services are theirs.

use serde::{Deserialize, Serialize};
use windlass_model::id::{BrokerId, RegionId, SecretId, ServiceId};
use windlass_model::names::BrokerName;
use windlass_model::time::Timestamp;

/// A broker that somebody else runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Broker {
    /// Its id.
    pub id: BrokerId,
    /// Its name, unique in the installation; the names of its services begin with it.
    pub name: BrokerName,
    /// The region in which its services are offered.
    pub region: RegionId,
    /// Where it is.
    pub url: String,
    /// The user; empty if the password is a token.
    pub user: String,
    /// The password or token.
    pub password: SecretId,
    /// As which platform Windlass introduces itself.
    pub profile: String,
    /// The certificate authorities that are trusted for it, in PEM, if not the machine's.
    pub ca_pem: Option<String>,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When its catalogue was fetched last.
    pub refreshed_at: Timestamp,
}

/// A plan of a broker, and the service that it is here. Both ids never change and are the broker's; names may.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrokerPlan {
    /// The broker.
    pub broker: BrokerId,
    /// The plan's id, unique over all brokers.
    pub plan: String,
    /// The id of its offering, which no other broker has.
    pub offering: String,
    /// The service.
    pub service: ServiceId,
    /// Why no instance of it can be added, if so.
    pub obstacle: Option<String>,
}
