//! Services that somebody else provides: what a broker offers, and where its driver finds it again.
//!
//! The platform knows nothing of any broker's protocol. It keeps registrations and shows offers; what is made
//! of an offer goes through the [`crate::Driver`] of the kind [`BROKER`], like everything else.

use async_trait::async_trait;
use secrecy::SecretString;
use serde_json::Value;

use crate::error::Error;

/// The kind of the driver of what brokers provide.
pub const BROKER: &str = "broker";

/// A broker as the operator registers it.
#[derive(Debug, Clone)]
pub struct BrokerRegistration {
    /// Its name, for people and in the names of services.
    pub name: String,
    /// Where it is.
    pub url: String,
    /// The user; empty if the password is a bearer token.
    pub user: String,
    /// The password, or the token.
    pub password: SecretString,
    /// As which platform Windlass introduces itself.
    pub profile: String,
    /// The certificate authorities, in PEM, that are trusted for it; the machine's without.
    pub ca_pem: Option<String>,
}

/// A plan of an offering of a broker.
#[derive(Debug, Clone, PartialEq)]
pub struct Offer {
    /// The offering's id, which never changes.
    pub offering_id: String,
    /// The plan's id, which never changes.
    pub plan_id: String,
    /// The last part of its identifier: made of the names of offering and plan, of `a-z`, `0-9` and `-`.
    pub slug: String,
    /// Its name, for people.
    pub name: String,
    /// What it is, for people: one line.
    pub description: String,
    /// The kind on the wire: `DATABASE`, `STORAGE`, `CACHE`, `SEARCH`, `QUEUE`, else `SERVICE`.
    pub kind: String,
    /// The version of what it runs, if the broker says that.
    pub version: Option<String>,
    /// The plan's name.
    pub plan: String,
    /// Why no instance of it can be made here.
    pub unsupported: Option<String>,
    /// All that its driver needs besides the password: [`crate::Access::settings`].
    pub settings: Value,
}

/// Everything that a broker offers.
#[derive(Debug, Clone, PartialEq)]
pub struct Stock {
    /// The host of its URL.
    pub host: String,
    /// The port of its URL.
    pub port: u16,
    /// At least one.
    pub offers: Vec<Offer>,
}

/// Why there are no offers.
#[derive(Debug, thiserror::Error)]
pub enum MarketError {
    /// The registration cannot be used: what is wrong with it.
    #[error("{0}")]
    Registration(String),
    /// What the broker offers is not in order: everything that is wrong.
    #[error("{}", .0.join("; "))]
    Catalogue(Vec<String>),
    /// It did not come.
    #[error(transparent)]
    Failed(#[from] Error),
}

/// Who asks brokers what they offer.
#[async_trait]
pub trait Marketplace: Send + Sync + 'static {
    /// Everything that the broker offers, checked. The time that it takes is bounded.
    async fn offers(&self, registration: &BrokerRegistration) -> Result<Stock, MarketError>;

    /// The settings of a plan that the broker has no longer, with the place of the broker as it is now: its
    /// instances are still used and removed.
    fn readdressed(&self, settings: &Value, registration: &BrokerRegistration) -> Value;
}
