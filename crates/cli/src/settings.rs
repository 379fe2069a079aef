//! Where the server is and with which token: from flags and variables, else from the file that `login` wrote.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::error::Error;

/// The file that `login` writes.
#[derive(Default, Serialize, Deserialize)]
struct File {
    /// The server that is used when none is named.
    default: Option<String>,
    /// Tokens by the server's URL.
    #[serde(default)]
    servers: BTreeMap<String, Login>,
}

#[derive(Serialize, Deserialize)]
struct Login {
    email: String,
    token: String,
}

/// A server with the caller's token.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) url: String,
    pub(crate) token: String,
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place of the command line that reads the machine's variables"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn path() -> Result<PathBuf, Error> {
    if let Some(path) = variable("WINDLASS_CONFIG") {
        return Ok(PathBuf::from(path));
    }
    let base = match (variable("XDG_CONFIG_HOME"), variable("HOME")) {
        (Some(base), _) => PathBuf::from(base),
        (None, Some(home)) => PathBuf::from(home).join(".config"),
        (None, None) => {
            return Err(Error::user(
                "HOME is not set; set WINDLASS_CONFIG to a file",
            ));
        }
    };
    Ok(base.join("windlass").join("login.json"))
}

/// The file `.netrc`: where divio-cli looks for it.
pub(crate) fn netrc() -> Result<PathBuf, Error> {
    if let Some(path) = variable("NETRC_PATH") {
        return Ok(PathBuf::from(path));
    }
    let home =
        variable("HOME").ok_or_else(|| Error::user("HOME is not set; set NETRC_PATH to a file"))?;
    Ok(PathBuf::from(home).join(".netrc"))
}

fn read() -> Result<File, Error> {
    let path = path()?;
    match fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| {
            Error::hinted(
                format!("{} cannot be read: {error}", path.display()),
                "Remove it and log in again.",
            )
        }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(File::default()),
        Err(error) => Err(Error::user(format!(
            "{} cannot be read: {error}",
            path.display()
        ))),
    }
}

/// The URL of a server: the one that is given, else the one of the last login.
pub(crate) fn url(given: Option<&str>) -> Result<String, Error> {
    let url = match given {
        Some(url) => Some(url.to_owned()),
        None => read()?.default,
    };
    url.map(|url| normal(&url))
        .ok_or_else(|| Error::hinted("no server is known", "Log in first: windlass login URL"))
}

/// The server and token to use: those that are given, else those of the last login.
pub(crate) fn target(url: Option<&str>, token: Option<&str>) -> Result<Target, Error> {
    let url = self::url(url)?;
    let token = match token {
        Some(token) => token.to_owned(),
        None => read()?
            .servers
            .remove(&url)
            .map(|login| login.token)
            .ok_or_else(|| {
                Error::hinted(
                    format!("you are not logged in to {url}"),
                    format!("Log in first: windlass login {url}"),
                )
            })?,
    };
    Ok(Target { url, token })
}

/// Keeps a login, readable by its owner only, and makes it the default.
pub(crate) fn remember(url: &str, email: &str, token: &str) -> Result<PathBuf, Error> {
    let mut file = read()?;
    let url = normal(url);
    file.servers.insert(
        url.clone(),
        Login {
            email: email.to_owned(),
            token: token.to_owned(),
        },
    );
    file.default = Some(url);
    write(&file)
}

/// Forgets a login; says whether there was one.
pub(crate) fn forget(url: Option<&str>) -> Result<Option<String>, Error> {
    let mut file = read()?;
    let Some(url) = url.map(normal).or_else(|| file.default.clone()) else {
        return Ok(None);
    };
    let known = file.servers.remove(&url).is_some();
    if file.default.as_ref() == Some(&url) {
        file.default = file.servers.keys().next().cloned();
    }
    write(&file)?;
    Ok(known.then_some(url))
}

fn write(file: &File) -> Result<PathBuf, Error> {
    let path = path()?;
    let failed = |error: std::io::Error| {
        Error::user(format!("{} cannot be written: {error}", path.display()))
    };
    if let Some(parent) = path.parent() {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(parent)
            .map_err(failed)?;
    }
    let next = path.with_extension("new");
    let mut out = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&next)
        .map_err(failed)?;
    out.write_all(&serde_json::to_vec_pretty(file)?)
        .and_then(|()| out.sync_all())
        .map_err(failed)?;
    fs::rename(&next, &path).map_err(failed)?;
    Ok(path)
}

/// A URL without a slash at its end; http:// where no scheme is given for this machine, else https://.
pub(crate) fn normal(url: &str) -> String {
    let url = url.trim().trim_end_matches('/');
    if url.contains("://") {
        return url.to_owned();
    }
    let local = ["localhost", "127.0.0.1", "[::1]"]
        .iter()
        .any(|host| url == *host || url.starts_with(&format!("{host}:")));
    format!("{}://{url}", if local { "http" } else { "https" })
}
