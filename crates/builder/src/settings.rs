//! What an operator decides about repositories and builds.

use std::path::{Path, PathBuf};
use std::time::Duration;

/// Settings of [`GitBuilder`](crate::GitBuilder).
#[derive(Debug, Clone)]
pub struct BuilderSettings {
    /// Where the repositories are, as `<application id>.git`. Nothing else may be kept there.
    pub directory: PathBuf,
    /// Certificates (PEM files) that builds and git trust besides the usual ones.
    pub certificates: Vec<PathBuf>,
    /// No push is taken and no build begins with less free space, in bytes, on the disk of `directory`.
    pub minimum_free_bytes: u64,
    /// Bounds.
    pub limits: Limits,
    /// Which repositories elsewhere may be read.
    pub remotes: RemotePolicy,
    /// The proxy variables (`https_proxy`, `no_proxy`, ...) for git and for builds. No secrets: build
    /// arguments can be read by whoever builds.
    pub proxies: Vec<(String, String)>,
    /// Memory that one build container may use, in bytes.
    pub build_memory_bytes: Option<i64>,
}

impl BuilderSettings {
    /// The usual settings.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
            certificates: Vec::new(),
            minimum_free_bytes: 1024 * 1024 * 1024,
            limits: Limits::default(),
            remotes: RemotePolicy::default(),
            proxies: Vec::new(),
            build_memory_bytes: None,
        }
    }

    /// The certificates that were added to a machine's trust store: the `*.crt` files anywhere under
    /// `directory`, usually `/usr/local/share/ca-certificates`. An absent directory has none.
    pub fn added_certificates(directory: &Path) -> std::io::Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        let mut pending = vec![directory.to_owned()];
        while let Some(next) = pending.pop() {
            let entries = match std::fs::read_dir(&next) {
                Ok(entries) => entries,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            for entry in entries {
                let entry = entry?;
                let path = entry.path();
                if entry.file_type()?.is_dir() {
                    pending.push(path);
                } else if path.extension().is_some_and(|extension| extension == "crt") {
                    found.push(path);
                }
            }
        }
        found.sort();
        Ok(found)
    }
}

/// Bounds of what git and builds may take.
#[derive(Debug, Clone)]
pub struct Limits {
    /// The largest pack that one push may bring, in bytes.
    pub max_pack_bytes: u64,
    /// The largest request of a fetch or clone, in bytes, unpacked: only ids of commits.
    pub max_fetch_request_bytes: u64,
    /// A push or clone as a whole. Long, because lines are slow and repositories large.
    pub exchange: Duration,
    /// Silence of the other side during a push or clone.
    pub idle: Duration,
    /// A git command on an own repository.
    pub local: Duration,
    /// Asking a repository elsewhere for its branches.
    pub remote_list: Duration,
    /// Fetching a commit from a repository elsewhere.
    pub remote_fetch: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_pack_bytes: 2 * 1024 * 1024 * 1024,
            max_fetch_request_bytes: 16 * 1024 * 1024,
            exchange: Duration::from_hours(1),
            idle: Duration::from_mins(5),
            local: Duration::from_mins(1),
            remote_list: Duration::from_mins(1),
            remote_fetch: Duration::from_mins(15),
        }
    }
}

/// Which repositories elsewhere may be read. Whoever may deploy can name one, and the server reads it
/// with its own rights: that is why keys (ssh) and paths of the machine are not given by default.
#[derive(Debug, Clone)]
pub struct RemotePolicy {
    /// `http://` and `https://`.
    pub http: bool,
    /// `ssh://` and `user@host:path`, with the keys of the server's own user.
    pub ssh: bool,
    /// Paths of the machine: repositories at or under one of these. The builder's own directory is
    /// refused always.
    pub paths: Vec<PathBuf>,
}

impl Default for RemotePolicy {
    fn default() -> Self {
        Self {
            http: true,
            ssh: false,
            paths: Vec::new(),
        }
    }
}
