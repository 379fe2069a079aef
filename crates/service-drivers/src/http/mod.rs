//! Requests to servers that are administered over HTTP: plain or by TLS, each with its time-out and a bounded answer.

pub(crate) mod answer;
mod exchange;
pub(crate) mod failure;
pub(crate) mod trust;
pub(crate) mod xml;

pub(crate) use answer::Answer;
pub(crate) use exchange::{Call, Exchange};
