//! A harness that breaks any definition at every point, and looks what is left.
//!
//! A [`Scenario`] builds a fresh world, says which operation runs in it, and knows what complete success
//! and a clean slate look like. The [`Harness`] then plays the operation again and again: every step
//! twice, failures before and after the effect, lost answers, a crash, an orderly stop, a cancel and a store
//! that is away at every hook, undos that fail, and any two of these together. After each play it
//! checks that the operation came to its proper end, that the world is as that end promises, that a stale owner
//! is refused, and that the events alone give the operation again.

mod clock;
mod definition;
mod explore;
mod fault;
mod harness;
mod injector;
mod scenario;
mod store;
mod verdict;

pub use clock::TokioClock;
pub use definition::FaultyDefinition;
pub use fault::{Action, Fault, Hook, Mark};
pub use harness::{Harness, Play};
pub use injector::Injector;
pub use scenario::{Scenario, Stage};
pub use store::HookedStore;
pub use verdict::{Report, Violation};
