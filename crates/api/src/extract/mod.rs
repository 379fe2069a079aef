//! Reading requests: ids of paths, queries, bodies and callers, each with errors of the contract.

mod body;
mod caller;
mod ident;
mod lenient;
mod params;

pub(crate) use body::{Command, Nothing};
pub(crate) use caller::Caller;
pub(crate) use ident::Id;
pub(crate) use lenient::boolean;
pub(crate) use params::Params;
