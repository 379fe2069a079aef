//! The service drivers: each knows one type of backing service and nothing of the others.

pub mod postgres;
