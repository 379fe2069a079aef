//! What the command line prints, byte by byte: the real binary against a real API server on the SQLite store
//! and the real builder, with simulated engine, cluster and router. No Docker.
//!
//! The transcripts are in `snapshots/`; `UPDATE_GOLDEN=1 cargo test -p windlass` writes them anew.

#![expect(
    clippy::print_stderr,
    reason = "what a test did is shown when it fails"
)]

mod at_a_terminal;
mod brokers;
mod failures;
mod first_steps;
mod first_token;
mod key;
mod life_cycle;
mod lost_connection;
mod media;
mod support;
