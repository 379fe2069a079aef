//! Reading requests: ids of paths, queries, bodies and callers, each with errors of the contract.

mod body;
mod caller;
mod ident;
mod lenient;
mod params;
mod stranger;

pub(crate) use body::{Command, Nothing};
pub(crate) use caller::Caller;
pub(crate) use ident::{Id, Ids};
pub(crate) use lenient::boolean;
pub(crate) use params::Params;
pub(crate) use stranger::Stranger;
