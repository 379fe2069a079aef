//! The pure core: what comes next, what an event changes, and what a failure leads to.
//!
//! Nothing in here reads a clock, a random number or a store; all of it is passed in. Resuming after a
//! crash is [`decide`] on what the store holds: there is no other recovery path.

mod apply;
mod command;
mod decide;
mod direction;
mod plan;
mod step;

pub use apply::{Refused, allowed_from_outside, apply};
pub use decide::{Idle, Next, decide};
pub use direction::{Direction, current_step, direction, past_pivot};
pub use plan::{RetryPolicy, plan_failure};
