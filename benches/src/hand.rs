//! What a person would do instead, with Docker's and PostgreSQL's own programs.

use std::ffi::OsStr;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

/// Runs a program to its end, and gives what it printed.
pub(crate) fn run(command: &mut Command) -> Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("running {program}"))?;
    if !output.status.success() {
        // Not the arguments: passwords are among them.
        bail!(
            "{program} failed ({}): {}",
            output.status,
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    Ok(String::from_utf8(output.stdout)
        .with_context(|| format!("{program} printed no text"))?
        .trim()
        .to_owned())
}

/// Runs `docker`.
pub(crate) fn docker<I: AsRef<OsStr>>(arguments: impl IntoIterator<Item = I>) -> Result<String> {
    run(Command::new("docker").args(arguments))
}

/// The containers of an installation with a role, newest first.
pub(crate) fn containers(
    installation: &str,
    role: &str,
    more: Option<&str>,
) -> Result<Vec<String>> {
    let mut arguments = vec![
        "ps".to_owned(),
        "--quiet".to_owned(),
        "--no-trunc".to_owned(),
    ];
    let labels = [
        format!("windlass.installation={installation}"),
        format!("windlass.role={role}"),
    ];
    for label in labels.into_iter().chain(more.map(str::to_owned)) {
        arguments.extend(["--filter".to_owned(), format!("label={label}")]);
    }
    Ok(docker(arguments)?.lines().map(str::to_owned).collect())
}

/// The variables that a container was made with, as NAME=value.
pub(crate) fn variables(container: &str) -> Result<Vec<String>> {
    let list = docker([
        "inspect",
        "--format",
        "{{range .Config.Env}}{{println .}}{{end}}",
        container,
    ])?;
    Ok(list
        .lines()
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect())
}

/// The name of a container's first network and the address there.
pub(crate) fn network_and_address(container: &str) -> Result<(String, String)> {
    let format = "{{range $name, $network := .NetworkSettings.Networks}}{{println $name $network.IPAddress}}{{end}}";
    let list = docker(["inspect", "--format", format, container])?;
    let first = list.lines().next().unwrap_or_default();
    let (name, address) = first
        .split_once(' ')
        .with_context(|| format!("container {container} has no network"))?;
    Ok((name.to_owned(), address.to_owned()))
}

/// A container by hand, which goes with its value.
#[derive(Debug)]
pub(crate) struct Container(String);

impl Container {
    /// `docker run --detach` with these arguments.
    pub(crate) fn run(label: &str, arguments: &[String]) -> Result<Self> {
        let fixed = ["run", "--detach", "--label"].map(str::to_owned);
        let all = fixed
            .into_iter()
            .chain([format!("windlass-bench={label}")])
            .chain(arguments.iter().cloned());
        docker(all).map(Self)
    }

    /// The same, with a file of another container put into it before it starts.
    pub(crate) fn run_with_file(
        label: &str,
        arguments: &[String],
        from: &str,
        path: &str,
    ) -> Result<Self> {
        let fixed = ["create", "--label"].map(str::to_owned);
        let all = fixed
            .into_iter()
            .chain([format!("windlass-bench={label}")])
            .chain(arguments.iter().cloned());
        let container = docker(all).map(Self)?;
        let copy = std::env::temp_dir().join(format!("windlass-bench-{}", std::process::id()));
        let copied = docker([
            OsStr::new("cp"),
            format!("{from}:{path}").as_ref(),
            copy.as_os_str(),
        ])
        .and_then(|_| {
            docker([
                OsStr::new("cp"),
                copy.as_os_str(),
                format!("{}:{path}", container.0).as_ref(),
            ])
        });
        // It holds no secret, and a temporary directory is cleaned in any case.
        let _ = std::fs::remove_file(&copy);
        copied?;
        docker(["start", &container.0])?;
        Ok(container)
    }

    pub(crate) fn network_and_address(&self) -> Result<(String, String)> {
        network_and_address(&self.0)
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        // What stays is found by its label at the end of the run.
        let _ = docker(["rm", "--force", "--volumes", &self.0]);
    }
}
