//! The directory of certificates: what is in force, and how it follows the files.
//!
//! A pair that cannot be used keeps the last good one of its name in force, so that a renewal that went wrong breaks
//! nothing before the old certificate's end. Only when both files are gone does a certificate go.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;

use super::names::Names;
use super::pair::{Files, Means, Pair, Stamp};
use crate::error::Error;

/// The certificates of a router.
#[derive(Debug)]
pub(crate) struct Certificates {
    directory: PathBuf,
    means: Means,
    in_force: ArcSwap<Names>,
    /// Held by one look after the other; no connection waits for it.
    known: Mutex<Known>,
}

/// What the last look found.
#[derive(Debug, Default)]
struct Known {
    pairs: BTreeMap<String, Entry>,
    /// What was last said of the whole directory.
    complaint: Option<String>,
}

#[derive(Debug, Default)]
struct Entry {
    /// The last good one.
    pair: Option<Arc<Pair>>,
    stamp: Option<Stamp>,
    /// What was last said of the files; they are read at each look until they are good.
    complaint: Option<String>,
}

impl Certificates {
    /// Reads a directory, which must be there. Pairs that cannot be used are said in the log.
    pub(crate) fn read(directory: &Path) -> Result<Self, Error> {
        let tickets = ring::Ticketer::new().map_err(Error::Tls)?;
        let certificates = Self {
            directory: directory.to_owned(),
            means: Means {
                provider: Arc::new(ring::default_provider()),
                tickets,
            },
            in_force: ArcSwap::default(),
            known: Mutex::default(),
        };
        let names = names_in(directory).map_err(|source| Error::Certificates {
            path: directory.to_owned(),
            source,
        })?;
        certificates.take_up(&names);
        if certificates.in_force.load().is_empty() {
            tracing::error!(
                directory = %directory.display(),
                "no certificate can be used: TLS clients are refused until NAME.crt and NAME.key are put there"
            );
        }
        Ok(certificates)
    }

    /// Looks at the files again and again.
    pub(crate) async fn follow(self: Arc<Self>, every: Duration) {
        let mut tick = tokio::time::interval(every);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            let certificates = Arc::clone(&self);
            let looked = tokio::task::spawn_blocking(move || certificates.look()).await;
            if let Err(error) = looked {
                tracing::error!(%error, "looking at the certificates failed; those in force stay");
            }
        }
    }

    /// What a client gets that asks for this name, or for none.
    pub(crate) fn choose(&self, name: Option<&str>) -> Option<Arc<ServerConfig>> {
        self.in_force.load().choose(name).map(Arc::clone)
    }

    /// Whether a client that checks certificates can reach this host, in lower case, by TLS.
    pub(crate) fn has(&self, host: &str) -> bool {
        self.in_force.load().of_host(host).is_some()
    }

    fn look(&self) {
        match names_in(&self.directory) {
            Ok(names) => self.take_up(&names),
            Err(error) => {
                let complaint = error.to_string();
                let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
                if known.complaint.as_ref() != Some(&complaint) {
                    tracing::warn!(
                        directory = %self.directory.display(),
                        %error,
                        "the directory of certificates cannot be read; those in force stay. Let the router's user read it"
                    );
                    known.complaint = Some(complaint);
                }
            }
        }
    }

    /// Brings into force what changed among the pairs with these names.
    fn take_up(&self, names: &BTreeSet<String>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.complaint = None;
        let mut has_changed = false;
        known.pairs.retain(|name, _| {
            let stays = names.contains(name);
            if !stays {
                has_changed = true;
                tracing::info!(certificate = %name, "certificate gone: its files are");
            }
            stays
        });
        for name in names {
            let entry = known.pairs.entry(name.clone()).or_default();
            has_changed |= entry.renew(name, &self.directory, &self.means);
        }
        if has_changed {
            let pairs = known.pairs.iter();
            let good =
                pairs.filter_map(|(name, entry)| Some((name.as_str(), entry.pair.as_ref()?)));
            self.in_force.store(Arc::new(Names::of(good)));
        }
    }
}

impl Entry {
    /// Reads the pair again if there is reason to; whether another one is in force now.
    fn renew(&mut self, name: &str, directory: &Path, means: &Means) -> bool {
        let files = Files::of(directory, name);
        // Before the files are read: what changes meanwhile is seen at the next look.
        let stamp = files.stamp();
        if stamp.is_some() && stamp == self.stamp && self.complaint.is_none() {
            return false;
        }
        match files.read(name, means) {
            Ok(pair) => {
                tracing::info!(certificate = %name, hosts = ?pair.names, "certificate in force");
                *self = Self {
                    pair: Some(Arc::new(pair)),
                    stamp,
                    complaint: None,
                };
                true
            }
            Err(problem) => {
                let complaint = problem.to_string();
                if self.complaint.as_ref() != Some(&complaint) {
                    let then = if self.pair.is_some() {
                        "a certificate cannot be used; the one from before stays in force"
                    } else {
                        "a certificate cannot be used; its hosts are not served by TLS"
                    };
                    tracing::warn!(certificate = %name, error = %problem, "{then}");
                    self.complaint = Some(complaint);
                }
                false
            }
        }
    }
}

/// The names of the pairs that have a file in a directory. Hidden files are nobody's: programs write there first.
fn names_in(directory: &Path) -> io::Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    for entry in std::fs::read_dir(directory)? {
        let file = PathBuf::from(entry?.file_name());
        let (Some(name), Some(ending)) = (
            file.file_stem().and_then(OsStr::to_str),
            file.extension().and_then(OsStr::to_str),
        ) else {
            continue;
        };
        if matches!(ending, "crt" | "key") && !name.starts_with('.') {
            names.insert(name.to_owned());
        }
    }
    Ok(names)
}
