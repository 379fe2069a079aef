//! The simulated engine: a real back end in memory, for tests of everything above the contract.
//!
//! It keeps the contract as Docker does, and can fail, hang, answer late and lose answers, as planned or
//! at random from a seed. Time is tokio's, so a paused clock makes it virtual. Containers of images that
//! serve really listen: each has a loopback address of its own (127.64.0.0 to 127.254.255.255), so that health
//! checks and routers meet real sockets. A program on the machine that listens on 0.0.0.0 and the same
//! port answers on those addresses too; tests choose ports that nobody uses.
//!
//! Calls need a tokio runtime around them; `poke`, `plan` and the like do not, but for `crash` and `reboot`.

mod behaviour;
mod build;
mod calls;
mod containers;
mod control;
mod engine;
mod fault;
mod images;
mod pipes;
mod process;
mod programs;
mod serving;
mod settings;
mod snapshot;
mod state;
mod streams;
mod work;

use std::fmt;
use std::sync::Arc;

pub use behaviour::{Behaviour, Invocation, Kind, Outcome, Program};
pub use build::BuildScript;
pub use fault::{Failure, Fault, Method};
pub use settings::SimulatedSettings;
pub use snapshot::Snapshot;

use state::Shared;

/// The engine in memory. Clones are handles of the same engine.
#[derive(Clone)]
pub struct SimulatedEngine {
    shared: Arc<Shared>,
}

impl SimulatedEngine {
    /// An engine without images, which nothing has been asked of.
    pub fn new(settings: SimulatedSettings) -> Self {
        Self {
            shared: Arc::new(Shared::new(settings)),
        }
    }
}

impl fmt::Debug for SimulatedEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimulatedEngine")
            .field("settings", &self.shared.settings)
            .finish_non_exhaustive()
    }
}
