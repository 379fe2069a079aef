//! Encrypted connections.

use std::sync::Arc;

use rustls_platform_verifier::BuilderVerifierExt;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::registration::Invalid;
use crate::url::BrokerUrl;

/// What encrypts connections to one broker, and checks its certificate.
#[derive(Clone)]
pub(crate) struct Tls {
    pub(crate) connector: TlsConnector,
    pub(crate) name: ServerName<'static>,
}

impl Tls {
    /// With those authorities only, or with the machine's; nothing for an address without encryption.
    pub(crate) fn of(url: &BrokerUrl, ca_pem: Option<&str>) -> Result<Option<Self>, Invalid> {
        let roots = ca_pem.map(roots).transpose()?;
        if !url.is_encrypted {
            return Ok(None);
        }
        let name = ServerName::try_from(url.host.clone())
            .map_err(|_| Invalid::new("the host of its URL cannot stand in a certificate"))?;
        let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| Invalid::new(error.to_string()))?;
        let mut config = match roots {
            Some(roots) => builder.with_root_certificates(roots),
            None => builder.with_platform_verifier().map_err(|error| {
                Invalid::new(format!("the machine's trust store cannot be read: {error}"))
            })?,
        }
        .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let connector = TlsConnector::from(Arc::new(config));
        Ok(Some(Self { connector, name }))
    }
}

fn roots(pem: &str) -> Result<RootCertStore, Invalid> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        certificate
            .ok()
            .and_then(|certificate| roots.add(certificate).ok())
            .ok_or_else(|| Invalid::new("its certificate authority cannot be read"))?;
    }
    if roots.is_empty() {
        return Err(Invalid::new(
            "its certificate authority holds no certificate in PEM",
        ));
    }
    Ok(roots)
}
