//! Deploy keys, made by OpenSSH's own program.

use std::process::Stdio;
use std::time::Duration;

use secrecy::SecretString;
use tokio::process::Command;
use windlass_delivery::build::{DeployKey, Error};
use windlass_model::repository::KeyType;

use crate::repository::Repositories;
use crate::{disk, git};

/// The primes of an RSA key are found within seconds, on a slow machine too.
const MAKE: Duration = Duration::from_secs(30);
const DOING: &str = "making a deploy key";

/// Makes a key pair.
pub(crate) async fn make(
    repositories: &Repositories,
    key_type: KeyType,
) -> Result<DeployKey, Error> {
    let directory = repositories.work_directory()?;
    let file = directory.path().join("key");
    let (name, bits) = match key_type {
        KeyType::Ed25519 => ("ed25519", "256"),
        KeyType::Ecdsa => ("ecdsa", "256"),
        KeyType::Rsa => ("rsa", "3072"),
    };
    let mut command = Command::new("ssh-keygen");
    command
        .env_clear()
        .env("PATH", git::PROGRAMS)
        .args([
            "-q", "-t", name, "-b", bits, "-N", "", "-C", "windlass", "-f",
        ])
        .arg(&file)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    git::run(command, None, MAKE, DOING).await?;
    let read = |path: std::path::PathBuf| async move {
        tokio::fs::read_to_string(path)
            .await
            .map_err(|error| disk::error(DOING, &error))
    };
    let private = SecretString::from(read(file).await?);
    let public = read(directory.path().join("key.pub")).await?;
    Ok(DeployKey {
        public: public.trim().to_owned(),
        private,
    })
}
