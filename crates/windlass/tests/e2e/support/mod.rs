//! What the tests stand on: a server and a router of their own, with everything that they make on the
//! machine's Docker Engine, cleaned up at the end.

pub(crate) mod app;
pub(crate) mod broker;
pub(crate) mod cli;
pub(crate) mod database;
pub(crate) mod disk;
pub(crate) mod divio;
pub(crate) mod docker;
#[cfg(feature = "long")]
pub(crate) mod far;
pub(crate) mod gate;
pub(crate) mod http;
pub(crate) mod installation;
pub(crate) mod leftovers;
pub(crate) mod load;
pub(crate) mod operators;
pub(crate) mod proxy;
mod secrets;
#[path = "../../golden/support/terminal.rs"]
#[expect(dead_code, reason = "some of it only the golden files' tests use")]
pub(crate) mod terminal;
pub(crate) mod tls;
pub(crate) mod wait;
