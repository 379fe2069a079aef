//! The control socket: how the server tells the router its table, and asks it to drain.
//!
//! HTTP/1.1 with JSON over a Unix socket of mode 0600, so that `curl --unix-socket` can speak it:
//!
//! | request | body | answer |
//! |---|---|---|
//! | `PUT /table` | a route table | 200 `{generation}`; 400 unusable; 409 `{in_force}` stale; 500 not written |
//! | `POST /drain` | `{upstreams, deadline_ms}` | 200 `{in_flight}` after the drain or at its deadline |
//! | `GET /status` | | 200 with the router's status |
//!
//! A refusal has `{message}`.

mod client;
mod protocol;
pub(crate) mod server;
pub(crate) mod socket;

pub use client::SocketControl;
