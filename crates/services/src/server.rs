//! The server of a cluster that Windlass runs itself, as the driver wants it.

use std::time::Duration;

use secrecy::SecretString;
use windlass_engine::{File, ImageReference};

/// A server to be run by the engine.
#[derive(Debug, Clone)]
pub struct ServerSpec {
    /// Its image.
    pub image: ImageReference,
    /// The TCP port it listens on.
    pub port: u16,
    /// The command, if not the image's own.
    pub command: Option<Vec<String>>,
    /// Its environment: the administrator's name and password among it.
    pub environment: Vec<(String, SecretString)>,
    /// Files that it needs beside what its image has: a configuration.
    pub files: Vec<File>,
    /// Its data.
    pub volumes: Vec<Volume>,
    /// The administrator's user name, as in [`crate::Access`].
    pub administrator: String,
    /// How long it may take to accept connections after its first start.
    pub start_deadline: Duration,
    /// How long it has to stop.
    pub stop_grace: Duration,
}

/// A volume of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Volume {
    /// What it holds, the last part of its name: `data`.
    pub name: String,
    /// Where the server finds it.
    pub path: String,
}
