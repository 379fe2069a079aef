//! Services that run elsewhere, by URLs that users give. Nothing is made there and nothing is destroyed; that it
//! can be reached is all that is looked at.

mod driver;
mod given;
mod reach;
mod variables;

pub use driver::ExternalDriver;
