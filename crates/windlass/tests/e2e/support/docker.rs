//! Docker, by its own command line: what is really there.

use std::process::Command;

/// What the tests' applications are built from.
pub(crate) const PYTHON: &str = "windlass-test/python:1";
pub(crate) const POSTGRES: &str = "postgres:15";

/// Runs `docker` and gives its output, with whether it succeeded.
pub(crate) fn attempt(arguments: &[&str]) -> Result<String, String> {
    let output = Command::new("docker")
        .args(arguments)
        .output()
        .expect("docker is installed; run ./test");
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
    }
}

/// Runs `docker`, which must succeed.
pub(crate) fn run(arguments: &[&str]) -> String {
    attempt(arguments).unwrap_or_else(|error| panic!("docker {}: {error}", arguments.join(" ")))
}

/// The images must be there: nothing is skipped.
pub(crate) fn require_images() {
    for image in [PYTHON, POSTGRES] {
        if let Err(error) = attempt(&["image", "inspect", "--format", "ok", image]) {
            panic!("the image {image} is missing ({error}): run ./test, or images/prepare.sh");
        }
    }
}

/// The lines that a list gives for a label; `kind` is `container`, `network`, `volume` or `image`.
pub(crate) fn list(kind: &str, installation: &str, format: &str) -> Vec<String> {
    let filter = format!("label=windlass.installation={installation}");
    let mut arguments = vec![kind, "ls", "--filter", &filter, "--format", format];
    if kind == "container" {
        arguments.push("-a");
    }
    run(&arguments).lines().map(str::to_owned).collect()
}

/// Removes everything of one installation, and of no other.
pub(crate) fn clean(installation: &str) {
    for (kind, format, extra) in [
        ("container", "{{.ID}}", vec!["--force", "--volumes"]),
        ("network", "{{.ID}}", vec![]),
        ("volume", "{{.Name}}", vec![]),
        ("image", "{{.Repository}}:{{.Tag}}", vec!["--force"]),
    ] {
        let mut found = list(kind, installation, format);
        found.retain(|name| !name.contains("<none>"));
        if found.is_empty() {
            continue;
        }
        let mut arguments = vec![kind, "rm"];
        arguments.extend(extra);
        arguments.extend(found.iter().map(String::as_str));
        if let Err(error) = attempt(&arguments) {
            eprintln!("cleaning up: {error}");
        }
    }
}

/// The containers of an installation with a role, by name.
pub(crate) fn containers(installation: &str, role: &str) -> Vec<String> {
    list(
        "container",
        installation,
        "{{.Names}}\t{{.Label \"windlass.role\"}}",
    )
    .into_iter()
    .filter_map(|line| {
        let (name, held) = line.split_once('\t')?;
        (held == role).then(|| name.to_owned())
    })
    .collect()
}

/// The variables of a container, as it was started with.
pub(crate) fn environment(container: &str) -> Vec<(String, String)> {
    let text = run(&["inspect", "--format", "{{json .Config.Env}}", container]);
    let pairs: Vec<String> = serde_json::from_str(&text).expect("docker gives JSON");
    pairs
        .iter()
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// What a container is, for the message of a test; it may be gone already.
pub(crate) fn describe(container: &str) -> String {
    let format = "{{.Name}} of {{.Image}}, {{.State.Status}} since {{.Created}}: {{.Path}} {{.Args}} {{json .Config.Labels}}";
    attempt(&[
        "inspect",
        "--type",
        "container",
        "--format",
        format,
        container,
    ])
    .unwrap_or_else(|error| format!("{container}: {error}"))
}

/// The image that a container was made from, as its maker named it.
pub(crate) fn image(container: &str) -> String {
    run(&["inspect", "--format", "{{.Config.Image}}", container])
}

/// The first address of a container.
pub(crate) fn address(container: &str) -> String {
    let all = run(&[
        "inspect",
        "--format",
        "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}",
        container,
    ]);
    all.split_whitespace()
        .next()
        .unwrap_or_else(|| panic!("{container} has no address"))
        .to_owned()
}
