//! The API over real sockets, on the SQLite store, the real builder and simulated engine, cluster and router.
#![expect(
    clippy::unwrap_used,
    reason = "a test and what helps it fail by panicking"
)]

mod access;
mod accounts;
mod bodies;
mod brokers;
mod detached;
mod divio;
mod document;
mod git;
mod idempotency;
mod life_cycle;
mod lists;
mod logging;
mod refusals;
mod releases;
mod roles;
mod serving;
mod streams;
mod support;
mod variables;
