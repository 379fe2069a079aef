//! What opens a repository elsewhere, given to git so that nobody else on the machine sees it.

use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use secrecy::{ExposeSecret, SecretString};
use tempfile::TempDir;
use tokio::process::Command;
use windlass_delivery::build::Error;

use crate::disk;
use crate::repository::Repositories;

/// Answers git's two questions from its environment, which only the server's own user can read.
const ASK: &str = "#!/bin/sh\ncase \"$1\" in\nUsername*) printf '%s\\n' \"$WINDLASS_GIT_USERNAME\" ;;\n\
                   *) printf '%s\\n' \"$WINDLASS_GIT_PASSWORD\" ;;\nesac\n";

/// Opens it by a password over HTTP.
pub(crate) fn by_password(
    command: &mut Command,
    own: &Path,
    username: &str,
    password: &SecretString,
) -> Result<(), Error> {
    let ask = own.join("tmp").join("ask");
    write_ask(&ask)?;
    command
        .env("GIT_ASKPASS", &ask)
        .env("WINDLASS_GIT_USERNAME", username)
        .env("WINDLASS_GIT_PASSWORD", password.expose_secret())
        .env("GIT_ALLOW_PROTOCOL", "http:https")
        // Whoever redirects would be told the password, too.
        .env("GIT_CONFIG_COUNT", "1")
        .env("GIT_CONFIG_KEY_0", "http.followRedirects")
        .env("GIT_CONFIG_VALUE_0", "false");
    Ok(())
}

fn write_ask(ask: &Path) -> Result<(), Error> {
    let fail = |error: std::io::Error| disk::error(format!("writing {}", ask.display()), &error);
    if ask.is_file() {
        return Ok(());
    }
    // Written aside and renamed: another command may be about to run it.
    let mut next =
        tempfile::NamedTempFile::new_in(ask.parent().unwrap_or(Path::new("/"))).map_err(fail)?;
    std::io::Write::write_all(&mut next, ASK.as_bytes()).map_err(fail)?;
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    std::fs::set_permissions(next.path(), executable).map_err(fail)?;
    // Closed before it is run: a file that is open for writing cannot be.
    let next = next.into_temp_path();
    next.persist(ask).map_err(|error| fail(error.error))
}

/// Opens it by a key over ssh. The directory with the key goes away with the value that this gives.
pub(crate) fn by_key(
    command: &mut Command,
    repositories: &Repositories,
    private: &SecretString,
) -> Result<TempDir, Error> {
    let directory = repositories.work_directory()?;
    let file = directory.path().join("key");
    let written = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&file)
        .and_then(|mut out| {
            std::io::Write::write_all(&mut out, private.expose_secret().as_bytes())
        });
    written.map_err(|error| disk::error("writing a deploy key for git", &error))?;
    let known = repositories.directory().join("known_hosts");
    // Only this key, none of the server's user; the host must show the key that it showed first.
    let ssh = format!(
        "ssh -F /dev/null -o BatchMode=yes -o ConnectTimeout=20 -o IdentitiesOnly=yes -o IdentityAgent=none \
         -o StrictHostKeyChecking=accept-new -o UserKnownHostsFile={} -i {}",
        quoted(&known),
        quoted(&file)
    );
    command
        .env("GIT_SSH_COMMAND", ssh)
        .env("GIT_ALLOW_PROTOCOL", "ssh");
    Ok(directory)
}

/// A path for the shell that git gives the command to.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_quoted_for_the_shell() {
        assert_eq!(quoted(Path::new("/a b/c'd")), r"'/a b/c'\''d'");
    }
}
