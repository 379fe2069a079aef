//! A server without Docker, its user, and transcripts of what they say to each other.

pub(crate) mod gate;
pub(crate) mod machine;
pub(crate) mod normal;
pub(crate) mod snapshot;
#[expect(dead_code, reason = "some of it only the end-to-end tests use")]
pub(crate) mod terminal;
pub(crate) mod transcript;
pub(crate) mod world;

/// As in the end-to-end tests.
#[path = "../../e2e/support/cli.rs"]
pub(crate) mod cli;
