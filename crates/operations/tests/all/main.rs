//! The tests of the operation engine, as one program: the pure core, the runner, the fault harness.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail their test")]

mod calls;
mod cancel;
mod core_table;
mod core_walk;
mod creation;
mod harness;
mod lease;
mod operator;
mod plan;
mod progress;
mod scripted;
mod stop;
mod toy;
