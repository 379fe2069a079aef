//! The variables of a binding, from credentials that are free in form.
//!
//! Every value becomes `<PREFIX>_<TYPE>_<KEY>`, and the URL among them also the variable that our own services of
//! that type have, so that an application need not know who provides its database. What the service is follows
//! from the offering's tags, else from the URL's scheme; without either it is `<PREFIX>_<KEY>`.
//!
//! A broker's words are not trusted to be harmless: names are made of what a variable's name may have, there are
//! not more than an environment has room for, and values are secrets unless they cannot be.

mod bounds;
mod key;
mod kind;
mod rendered;
#[cfg(test)]
mod tests;

use windlass_model::names::Prefix;
use windlass_services::Variable;

use crate::spec::Opaque;

pub use kind::Kind;
pub use rendered::{Rendered, Skipped, render};

/// The variables of those credentials. [`render`] says besides what was left out.
pub fn variables(prefix: &Prefix, tags: &[String], credentials: &Opaque) -> Vec<Variable> {
    render(prefix, tags, credentials).variables
}
