//! The client of one registered broker.
//!
//! # Cancel safety
//! A call that is dropped is like a crash: the broker may or may not have done what it was asked. The same
//! call with the same ids takes up from there.

mod bind;
mod catalogue;
mod fetch;
mod mitigate;
mod poll;
mod provision;
mod remove;
mod request;
mod update;

use std::fmt;
use std::sync::Arc;

use crate::authentication::Authentication;
use crate::dial::{Dial, Network};
use crate::error::Error;
use crate::exchange::Exchange;
use crate::registration::{Invalid, Registration};
use crate::settings::Settings;
use crate::url::BrokerUrl;

pub use catalogue::{CatalogueError, Fetched};

/// What is done with that which a failed attempt may have left at the broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Orphan {
    /// It is deleted: for what nobody uses yet.
    Remove,
    /// It stays: for what may be in use, such as a binding of a running release that is asked for again. A
    /// broker that fails at such a moment must not cost its data.
    Leave,
}

/// The client of one registered broker.
///
/// One operation at a time on an instance, its bindings included, is the caller's to see to: brokers may
/// count a binding as a change of the instance.
pub struct Broker {
    url: BrokerUrl,
    authentication: Authentication,
    exchange: Exchange,
    settings: Settings,
}

impl Broker {
    /// The client; nothing is asked yet.
    ///
    /// # Errors
    /// Credentials or certificates that cannot be used.
    pub fn new(registration: &Registration, settings: Settings) -> Result<Self, Invalid> {
        Self::with_dialer(registration, settings, Arc::new(Network))
    }

    /// The same over connections of somebody else's making.
    ///
    /// # Errors
    /// As of [`Self::new`].
    pub fn with_dialer(
        registration: &Registration,
        settings: Settings,
        dialer: Arc<dyn Dial>,
    ) -> Result<Self, Invalid> {
        Ok(Self {
            url: registration.url.clone(),
            authentication: registration.authentication.clone(),
            exchange: Exchange::new(registration, &settings, dialer)?,
            settings,
        })
    }

    /// Where it is.
    pub fn url(&self) -> &BrokerUrl {
        &self.url
    }

    /// Brokers say back what they were told, in their errors too.
    fn redacted(&self, error: Error) -> Error {
        error.map_text(|text| self.authentication.redacted(text))
    }
}

impl fmt::Debug for Broker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Broker")
            .field("url", &self.url)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
