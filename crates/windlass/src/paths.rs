//! Where things are in the state directory.

use std::path::{Path, PathBuf};

/// The database of the store, which `windlass-store` puts there.
pub(crate) fn store(state: &Path) -> PathBuf {
    state.join("windlass.db")
}

/// The repositories of applications.
pub(crate) fn repositories(state: &Path) -> PathBuf {
    state.join("repositories")
}

/// The logs of deployments.
pub(crate) fn deployment_logs(state: &Path) -> PathBuf {
    state.join("deployment-logs")
}

/// The first administrator's token, until `windlass login --first-token` takes it.
pub(crate) fn token_file(state: &Path) -> PathBuf {
    state.join("admin-token")
}

/// The installation's id, the value of the label on everything that it makes: for scripts that clean up.
pub(crate) fn installation_id_file(state: &Path) -> PathBuf {
    state.join("installation-id")
}

/// The directory that server and router share.
pub(crate) fn router(state: &Path) -> PathBuf {
    state.join("router")
}

/// The last good route table.
pub(crate) fn route_table(state: &Path) -> PathBuf {
    router(state).join("table.json")
}

/// The router's control socket.
pub(crate) fn router_socket(state: &Path) -> PathBuf {
    router(state).join("control.sock")
}

/// Makes the directory that server and router share, for its owner only.
pub(crate) fn make_router_directory(state: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(router(state))
}
