//! The figures, one file each, and what they have in common.

mod continuity;
mod deployment;
mod idle;
mod private;
mod router;
mod shared;
mod types;

use std::fmt;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context as _, Result};
use clap::ValueEnum;

use crate::installation::Installation;
use crate::plan::Plan;
use crate::report::Figure;
use crate::samples::Samples;

/// The application that is deployed; `./benches/run` makes it.
const IMAGE: &str = "windlass-bench/app:1";

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Name {
    /// Memory and processor time of a server and a router with nothing to do.
    Idle,
    /// An instance on the shared cluster.
    Shared,
    /// An instance with a server of its own.
    Private,
    /// An instance of every other type, shared and private.
    Types,
    /// A deployment until it serves.
    Deployment,
    /// Requests during deployments.
    Continuity,
    /// The router beside other proxies.
    Router,
}

impl Name {
    /// Idleness first, before there is more than it is about; the most load last.
    pub(crate) fn in_order() -> [Self; 7] {
        [
            Self::Idle,
            Self::Shared,
            Self::Private,
            Self::Deployment,
            Self::Continuity,
            Self::Router,
            // Last, for it leaves servers of every type behind.
            Self::Types,
        ]
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.to_possible_value();
        f.write_str(value.as_ref().map_or("", |value| value.get_name()))
    }
}

/// What the figures are measured on.
#[derive(Debug)]
pub(crate) struct Stage {
    plan: Plan,
    name: String,
    work: PathBuf,
    windlass: PathBuf,
    postgres_programs: PathBuf,
    installation: Option<Installation>,
}

impl Stage {
    pub(crate) fn new(
        plan: Plan,
        name: String,
        work: PathBuf,
        windlass: PathBuf,
        postgres_programs: PathBuf,
    ) -> Self {
        Self {
            plan,
            name,
            work,
            windlass,
            postgres_programs,
            installation: None,
        }
    }

    /// The installation; started when it is first needed.
    fn installation(&mut self) -> Result<&Installation> {
        if self.installation.is_none() {
            self.installation = Some(Installation::start(&self.windlass, &self.work)?);
        }
        self.installation
            .as_ref()
            .context("the installation was not started")
    }

    /// What server and router wrote last.
    pub(crate) fn show_logs(&self) {
        if let Some(installation) = &self.installation {
            installation.server.show_log();
            installation.router.show_log();
        }
    }
}

/// Measures a figure.
pub(crate) fn measure(name: Name, stage: &mut Stage) -> Result<Figure> {
    match name {
        Name::Idle => idle::measure(stage),
        Name::Shared => shared::measure(stage),
        Name::Private => private::measure(stage),
        Name::Deployment => deployment::measure(stage),
        Name::Continuity => continuity::measure(stage),
        Name::Router => router::measure(stage),
        Name::Types => types::measure(stage),
    }
}

/// Milliseconds since a moment.
fn since(moment: Instant) -> f64 {
    moment.elapsed().as_secs_f64() * 1000.0
}

fn samples(values: Vec<f64>) -> Result<Samples> {
    Samples::new(values).context("nothing was measured")
}
