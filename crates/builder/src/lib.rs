//! From code to image: the applications' git repositories, served over smart HTTP by git's own programs,
//! the builds from them, and the logs of deployments.
//!
//! Nothing here checks who asks: requests arrive authorised.

mod access;
mod archive;
mod bases;
mod builder;
mod context;
mod disk;
mod dockerfile;
mod dockerignore;
mod exchange;
mod git;
mod gunzip;
mod http;
mod image;
mod key;
mod logs;
mod procfile;
mod remote;
mod repository;
mod settings;
mod template;
mod trust;

pub use builder::GitBuilder;
pub use logs::FileLogs;
pub use settings::{BuilderSettings, Limits, RemotePolicy};
pub use template::pack;
