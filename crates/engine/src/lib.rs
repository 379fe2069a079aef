//! The engine contract: what runs containers, seen by everything above it.
//!
//! Nothing above this contract knows which engine it talks to. [`Engine`] says what each call MUST do;
//! `conformance` (feature of that name) holds the suite that every back end runs, `simulated` (likewise)
//! the back end for tests.

#[cfg(feature = "conformance")]
pub mod conformance;
pub mod contract;
pub mod error;
pub mod image;
pub mod labels;
pub mod lines;
pub mod network;
pub mod observation;
pub mod ownership;
pub mod pipe;
#[cfg(feature = "simulated")]
pub mod simulated;
pub mod tar;
pub mod workload;

pub use contract::{Capabilities, Engine, LogLine, LogOptions, LogStream};
pub use error::Error;
pub use image::{BuildRequest, ImageId, ImageReference};
pub use labels::Labels;
pub use network::{Attachment, NetworkSpec};
pub use observation::{EngineEvent, Observation, Phase, Usage};
pub use pipe::{Piped, Pipes};
pub use workload::{ExecOutput, ExitStatus, File, Health, Limits, Mount, Restart, Workload};
