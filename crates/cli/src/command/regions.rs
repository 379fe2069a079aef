//! `regions`.

use clap::Args;

/// `regions`
#[derive(Debug, Args)]
#[non_exhaustive]
pub struct Regions {}
