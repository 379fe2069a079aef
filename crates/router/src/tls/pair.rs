//! One certificate with its key, as the operator or an ACME client put them into two files.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio_rustls::rustls::crypto::CryptoProvider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::ProducesTickets;
use tokio_rustls::rustls::sign::{CertifiedKey, SingleCertAndKey};
use tokio_rustls::rustls::{self, InconsistentKeys, ServerConfig};
use webpki::EndEntityCert;

use super::names::DEFAULT;

/// A chain has some kilobytes; a file of more than this is something else.
const MAX_BYTES: u64 = 1024 * 1024;

/// The router speaks nothing else; a client that offers other protocols only is refused in the handshake.
const ALPN: &[u8] = b"http/1.1";

/// Mode bits of those who are neither the owner nor of the file's group.
const OTHERS: u32 = 0o007;

/// A certificate that can be shown.
#[derive(Debug)]
pub(super) struct Pair {
    /// Its host names in lower case, wildcards as `*.name`.
    pub(super) names: Vec<String>,
    /// What shows it.
    pub(super) config: Arc<ServerConfig>,
}

/// What all pairs have in common.
pub(super) struct Means {
    pub(super) provider: Arc<CryptoProvider>,
    /// Seals what clients resume sessions with, in every worker alike.
    pub(super) tickets: Arc<dyn ProducesTickets>,
}

impl fmt::Debug for Means {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Means").finish_non_exhaustive()
    }
}

/// The two files of a pair.
#[derive(Debug, Clone)]
pub(super) struct Files {
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
}

/// By what a file is known to be the same as before; also when a link to it leads elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp([(u64, u64, u64, i64, i64, i64, i64); 2]);

/// Why a pair cannot be used, and what to do.
#[derive(Debug, thiserror::Error)]
pub(super) enum Problem {
    #[error("{} cannot be read: {source}; the router's user needs both files of a pair, NAME.crt and NAME.key", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("{} is no file of at most 1 MiB; put the certificate there in PEM", .0.display())]
    NotAFile(PathBuf),
    #[error("{} can be read by every user of this machine; take that away with: chmod o= {}", .0.display(), .0.display())]
    OpenKey(PathBuf),
    #[error("{} holds no certificate chain in PEM ({why}); put the certificate first, then the intermediate ones", path.display())]
    Chain { path: PathBuf, why: String },
    #[error("{} holds no private key in PEM ({why}); give it without a passphrase", path.display())]
    Key { path: PathBuf, why: String },
    #[error("the key {} is not that of the certificate {}; if they are just being replaced, the next look finds both", key.display(), certificate.display())]
    Mismatch { certificate: PathBuf, key: PathBuf },
    #[error("{} has no host name among its subject alternative names, and clients look nowhere else; have it issued with them", .0.display())]
    NoNames(PathBuf),
}

impl Files {
    pub(super) fn of(directory: &Path, name: &str) -> Self {
        Self {
            certificate: directory.join(format!("{name}.crt")),
            key: directory.join(format!("{name}.key")),
        }
    }

    /// The stamp of the two as they are now; none while one of them cannot be looked at.
    pub(super) fn stamp(&self) -> Option<Stamp> {
        let of = |path: &Path| {
            let data = std::fs::metadata(path).ok()?;
            Some((
                data.dev(),
                data.ino(),
                data.size(),
                data.mtime(),
                data.mtime_nsec(),
                data.ctime(),
                data.ctime_nsec(),
            ))
        };
        Some(Stamp([of(&self.certificate)?, of(&self.key)?]))
    }

    /// Reads and checks the pair. Dates are not checked: an expired certificate tells clients more than none.
    pub(super) fn read(&self, name: &str, means: &Means) -> Result<Pair, Problem> {
        let chain = read_chain(&self.certificate)?;
        let names = host_names(&self.certificate, &chain[0])?;
        if names.is_empty() && name != DEFAULT {
            return Err(Problem::NoNames(self.certificate.clone()));
        }
        let key = read_key(&self.key)?;
        let certified =
            CertifiedKey::from_der(chain, key, &means.provider).map_err(|error| match error {
                rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                    Problem::Mismatch {
                        certificate: self.certificate.clone(),
                        key: self.key.clone(),
                    }
                }
                error => Problem::Key {
                    path: self.key.clone(),
                    why: error.to_string(),
                },
            })?;
        let unusable = |error: rustls::Error| Problem::Chain {
            path: self.certificate.clone(),
            why: error.to_string(),
        };
        let mut config = ServerConfig::builder_with_provider(Arc::clone(&means.provider))
            .with_safe_default_protocol_versions()
            .map_err(unusable)?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
        config.alpn_protocols = vec![ALPN.to_vec()];
        config.ticketer = Arc::clone(&means.tickets);
        Ok(Pair {
            names,
            config: Arc::new(config),
        })
    }
}

fn read_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, Problem> {
    let wrong = |why: String| Problem::Chain {
        path: path.to_owned(),
        why,
    };
    let (pem, _) = read_file(path)?;
    let chain: Vec<_> = CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<_, _>>()
        .map_err(|error| wrong(error.to_string()))?;
    if chain.is_empty() {
        return Err(wrong("no CERTIFICATE is in it".to_owned()));
    }
    Ok(chain)
}

fn host_names(path: &Path, leaf: &CertificateDer<'_>) -> Result<Vec<String>, Problem> {
    let parsed = EndEntityCert::try_from(leaf).map_err(|error| Problem::Chain {
        path: path.to_owned(),
        why: error.to_string(),
    })?;
    let names = parsed.valid_dns_names();
    Ok(names
        .map(|name| name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase())
        .collect())
}

fn read_key(path: &Path) -> Result<PrivateKeyDer<'static>, Problem> {
    let (pem, mode) = read_file(path)?;
    if mode & OTHERS != 0 {
        return Err(Problem::OpenKey(path.to_owned()));
    }
    PrivateKeyDer::from_pem_slice(&pem).map_err(|error| Problem::Key {
        path: path.to_owned(),
        why: error.to_string(),
    })
}

/// A file's content and mode.
fn read_file(path: &Path) -> Result<(Vec<u8>, u32), Problem> {
    let failed = |source| Problem::Read {
        path: path.to_owned(),
        source,
    };
    // Before it is opened, for that would wait for the other end of a pipe.
    if !std::fs::metadata(path).map_err(failed)?.is_file() {
        return Err(Problem::NotAFile(path.to_owned()));
    }
    let file = File::open(path).map_err(failed)?;
    let mode = file.metadata().map_err(failed)?.mode();
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > MAX_BYTES {
        return Err(Problem::NotAFile(path.to_owned()));
    }
    Ok((bytes, mode))
}
