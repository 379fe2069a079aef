//! A broker as the operator registers it.

use crate::authentication::Authentication;
use crate::url::BrokerUrl;

/// A broker as the operator registers it. Only operators do: its address is where our requests go.
#[derive(Debug, Clone)]
pub struct Registration {
    /// Where it is.
    pub url: BrokerUrl,
    /// How we prove who we are.
    pub authentication: Authentication,
    /// The certificate authorities, in PEM, that are trusted for it and no others; without it those of the
    /// machine.
    pub ca_pem: Option<String>,
}

/// A registration that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the broker cannot be registered so: {0}")]
pub struct Invalid(String);

impl Invalid {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}
