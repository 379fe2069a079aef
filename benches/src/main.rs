//! The figures of Windlass, measured beside what they are compared with, in one run. `./benches/run` starts
//! it and cleans up after it.

mod api;
mod daemon;
mod figures;
mod hand;
mod http;
mod installation;
mod load;
mod operation;
mod plan;
mod report;
mod samples;
mod until;

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Parser;

use figures::{Name, Stage};
use plan::Plan;
use report::Report;

/// Measures Windlass; started by ./benches/run.
#[derive(Debug, Parser)]
struct Arguments {
    /// Few and short rounds, to see that the benchmarks work.
    #[arg(long)]
    quick: bool,
    /// Print the results as JSON.
    #[arg(long)]
    json: bool,
    /// Only these figures.
    #[arg(long, value_enum)]
    only: Vec<Name>,
    /// The binary that is measured.
    #[arg(long)]
    windlass: PathBuf,
    /// Where psql and `pg_isready` are.
    #[arg(long)]
    postgres_programs: PathBuf,
    /// What everything that this run makes is named and labelled after.
    #[arg(long)]
    name: String,
    /// An empty directory for state and logs; process ids go into its `run`.
    #[arg(long)]
    work: PathBuf,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let plan = if arguments.quick {
        Plan::quick()
    } else {
        Plan::full()
    };
    let mut stage = Stage::new(
        plan,
        arguments.name,
        arguments.work,
        arguments.windlass,
        arguments.postgres_programs,
    );
    let mut report = Report::new(arguments.quick)?;
    let measured = measure_all(&arguments.only, &mut stage, &mut report);
    // After a failure too: what was measured before it took minutes.
    let text = if arguments.json {
        report.to_json()?
    } else {
        report.to_text()
    };
    std::io::stdout().write_all(text.as_bytes())?;
    measured
}

fn measure_all(only: &[Name], stage: &mut Stage, report: &mut Report) -> Result<()> {
    for name in Name::in_order() {
        if only.is_empty() || only.contains(&name) {
            say(&format!("    measuring: {name}"));
            let figure = figures::measure(name, stage)
                .with_context(|| format!("measuring the figure '{name}'"))
                .inspect_err(|_| stage.show_logs())?;
            report.add(figure);
        }
    }
    Ok(())
}

/// A line for the one who waits.
pub(crate) fn say(line: &str) {
    // Nobody reading is no reason to stop measuring.
    let _ = writeln!(std::io::stderr(), "{line}");
}
