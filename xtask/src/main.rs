//! `cargo xtask tidy`: the rules of this tree that neither the compiler nor clippy knows.

mod tidy;

use std::process::ExitCode;

use anyhow::{Result, bail};

const USAGE: &str = "usage: cargo xtask tidy";

fn main() -> Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["tidy"] => tidy::run(),
        [] => bail!("{USAGE}"),
        _ => bail!("unknown: {}\n{USAGE}", arguments.join(" ")),
    }
}
