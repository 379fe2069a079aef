//! The whole platform on simulated back ends, with the real store, builder and logs.

mod brokers;
mod catalogue;
mod failing;
mod harness;
mod life_cycle;
mod media;
mod other_rules;
mod profiles;
mod reconciling;
mod regions;
mod retention;
mod rollback;
mod rotation;
mod support;
mod variables;
mod walk;
