//! The service driver contract: what knows one type of backing service.
//!
//! A driver is told which cluster to use and never where it came from: a server that the operator named,
//! one that Windlass runs for a region, or one that is private to an instance. [`Driver`] says what each
//! call MUST do; the conformance suite that every driver runs is in `conformance` (feature `conformance`),
//! a driver in memory for tests of what stands above in `simulated` (feature `simulated`).

#[cfg(feature = "conformance")]
pub mod conformance;
pub mod contract;
pub mod data;
pub mod engine_tools;
pub mod error;
pub mod marketplace;
pub mod password;
pub mod server;
#[cfg(feature = "simulated")]
pub mod simulated;
pub mod spec;
pub mod tools;
pub mod variables;

pub use contract::{Driver, Hosting};
pub use data::{BackedUp, Data, DataFormat, Source};
pub use engine_tools::EngineTools;
pub use error::Error;
pub use marketplace::{BROKER, BrokerRegistration, MarketError, Marketplace, Offer, Stock};
pub use server::{ServerSpec, Volume};
pub use spec::{
    Access, BindingSpec, Endpoint, InstanceSpec, Media, Owner, Tls, Usage, Variable,
    VariableRequest,
};
pub use tools::{Tool, ToolEnd, ToolError, Tools};
