//! Runs every rule over the workspace and says what it found.

mod finding;
mod heavy;
mod layers;
mod manifests;
mod places;
mod sources;
mod workspace;

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Result;

use finding::Finding;
use workspace::Workspace;

/// Checks the workspace that the current directory is in. Warnings do not fail.
pub(crate) fn run() -> Result<ExitCode> {
    let workspace = Workspace::load()?;
    let findings = check(&workspace);

    let mut errors = 0;
    let mut out = std::io::stderr().lock();
    for finding in &findings {
        writeln!(out, "{finding}")?;
        errors += usize::from(finding.is_error());
    }
    writeln!(
        out,
        "tidy: {} crates and {} files looked at, {errors} errors, {} warnings",
        workspace.crates.len(),
        workspace.files.len(),
        findings.len() - errors,
    )?;
    Ok(if errors == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn check(workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in &workspace.crates {
        findings.extend(layers::check(package, &workspace.crates));
        findings.extend(heavy::check(package));
        findings.extend(manifests::check(package));
    }
    for file in &workspace.files {
        findings.extend(sources::check(file));
        findings.extend(places::check(file));
    }
    findings
}
