//! The real binary on the real Docker Engine: what users rely on, end to end.

mod failing;
mod isolation;
mod killing;
mod load;
mod main_job;
mod refused;
mod rollback;
mod support;
