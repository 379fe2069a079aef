//! What the drivers of object storage that speaks S3 have in common.

mod names;
mod profiles;
mod variables;

pub(crate) use names::in_xml;
pub(crate) use profiles::PROFILES;
pub(crate) use variables::{Given, Style};
