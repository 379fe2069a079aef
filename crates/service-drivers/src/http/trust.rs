//! Whose certificates are believed.

use std::sync::{Arc, Mutex, PoisonError};

use rustls_platform_verifier::BuilderVerifierExt;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::{ClientConfig, Error, RootCertStore};
use windlass_services::Access;

use super::failure::unsupported;

/// Those of the authorities that the machine trusts.
fn of_the_machine() -> Result<Arc<ClientConfig>, Error> {
    let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?;
    let config = builder.with_platform_verifier()?.with_no_client_auth();
    Ok(Arc::new(config))
}

/// Those of these authorities alone.
fn of_these(roots: RootCertStore) -> Result<Arc<ClientConfig>, Error> {
    let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?;
    let config = builder.with_root_certificates(roots).with_no_client_auth();
    Ok(Arc::new(config))
}

/// Whose certificates a driver believes: the machine's trust store is read at the first need of it, and once.
#[derive(Debug, Default)]
pub(crate) struct Trust(Mutex<Option<Arc<ClientConfig>>>);

impl Trust {
    /// In these authorities alone.
    pub(crate) fn only(roots: RootCertStore) -> Result<Self, Error> {
        Ok(Self(Mutex::new(Some(of_these(roots)?))))
    }

    /// What connections to a cluster are checked with.
    pub(crate) fn of(
        &self,
        access: &Access,
    ) -> Result<Arc<ClientConfig>, windlass_services::Error> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.as_ref() {
            return Ok(Arc::clone(known));
        }
        let read = of_the_machine().map_err(|error| {
            let reason = format!("the machine's trust store cannot be read: {error}");
            unsupported(access, reason)
        })?;
        *known = Some(Arc::clone(&read));
        Ok(read)
    }
}
