//! The router as its users meet it: real sockets, real files, real upstreams on 127.0.0.1.

#![expect(
    clippy::unwrap_used,
    reason = "clippy.toml allows it in tests, but clippy does not see the helpers of this crate as such"
)]

mod authority;
mod connections;
mod drain;
mod forwarding;
mod routing;
mod support;
mod table;
mod tls;
mod upgrades;
