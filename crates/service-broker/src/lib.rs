//! Open Service Broker 2.17, the platform's side: services that somebody else's broker provides.
//!
//! [`Broker`] is the client of one registered broker. Its calls that change something may be repeated with
//! the same ids after a crash at any point: the identical request is sent again, which the specification
//! makes safe. What an answer means is decided in one pure place, [`decide`]; what is left over when an
//! attempt fails is removed again ("orphan mitigation"), or the [`Error`] says that a removal is owed.
//!
//! Nothing here knows of rows or operations: ids are made and stored by the caller before the first request.

pub mod answer;
pub mod authentication;
mod backoff;
pub mod broker;
mod call;
pub mod catalogue;
pub mod decide;
pub mod dial;
pub mod driver;
pub mod error;
mod exchange;
pub mod failure;
pub mod identity;
mod market;
pub mod profile;
pub mod registration;
pub mod settings;
mod sold;
pub mod spec;
pub mod target;
mod tls;
pub mod url;
pub mod variables;
pub mod vcap;
mod words;

pub use authentication::Authentication;
pub use broker::{Broker, Orphan};
pub use driver::BrokerDriver;
pub use error::{Error, Removal};
pub use failure::Failure;
pub use identity::OriginatingIdentity;
pub use market::BrokerMarket;
pub use profile::{Profile, Scope};
pub use registration::{Invalid, Registration};
pub use settings::{Pace, Settings};
pub use target::{Binding, Instance, Target};
pub use url::BrokerUrl;
pub use variables::variables;

/// The version of the specification that we speak, sent with every request.
pub const API_VERSION: &str = "2.17";
