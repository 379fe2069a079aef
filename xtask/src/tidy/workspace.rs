//! What the rules look at: the crates as Cargo sees them, and the files as git sees them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

/// Everything that is checked, read once.
pub(crate) struct Workspace {
    pub(crate) crates: Vec<Package>,
    pub(crate) files: Vec<File>,
}

/// A crate of the workspace.
#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) manifest_path: PathBuf,
    pub(crate) dependencies: Vec<Dependency>,
    /// The text of its Cargo.toml.
    #[serde(skip)]
    pub(crate) manifest: String,
}

/// A direct dependency.
#[derive(Debug, Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// `None` for a normal one, else `dev` or `build`.
    pub(crate) kind: Option<String>,
}

impl Dependency {
    pub(crate) fn is_dev(&self) -> bool {
        self.kind.as_deref() == Some("dev")
    }
}

/// A text file that is tracked, or would be with the next `git add`.
pub(crate) struct File {
    /// Relative to the root, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_root: PathBuf,
}

impl Workspace {
    pub(crate) fn load() -> Result<Self> {
        let output = output_of(
            "cargo",
            &["metadata", "--no-deps", "--format-version=1"],
            Path::new("."),
        )?;
        let metadata: Metadata =
            serde_json::from_slice(&output).context("cannot read the output of cargo metadata")?;
        let mut crates = metadata.packages;
        for package in &mut crates {
            package.manifest = fs::read_to_string(&package.manifest_path)
                .with_context(|| format!("cannot read {}", package.manifest_path.display()))?;
        }
        Ok(Self {
            crates,
            files: files(&metadata.workspace_root)?,
        })
    }
}

fn files(root: &Path) -> Result<Vec<File>> {
    let list = output_of(
        "git",
        &[
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ],
        root,
    )?;
    let mut files = Vec::new();
    for path in list
        .split(|byte| *byte == 0)
        .filter(|path| !path.is_empty())
    {
        let path = String::from_utf8(path.to_vec()).context("a file's name is not UTF-8")?;
        let full = root.join(&path);
        // Deleted but not yet staged, or a symbolic link: nothing to read here.
        if !full
            .symlink_metadata()
            .is_ok_and(|metadata| metadata.is_file())
        {
            continue;
        }
        let bytes = fs::read(&full).with_context(|| format!("cannot read {path}"))?;
        // A picture or an archive has no lines.
        if let Ok(text) = String::from_utf8(bytes) {
            files.push(File { path, text });
        }
    }
    Ok(files)
}

fn output_of(program: &str, arguments: &[&str], directory: &Path) -> Result<Vec<u8>> {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(directory)
        .output()
        .with_context(|| format!("cannot run {program}"))?;
    if !output.status.success() {
        bail!(
            "{program} {} failed: {}",
            arguments.join(" "),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(output.stdout)
}

#[cfg(test)]
impl Package {
    /// A made-up crate; each dependency is a name, `dev:name` or `build:name`.
    pub(crate) fn example(name: &str, dependencies: &[&str]) -> Self {
        Self {
            name: name.to_owned(),
            manifest_path: PathBuf::new(),
            dependencies: dependencies
                .iter()
                .map(|text| match text.split_once(':') {
                    Some((kind, name)) => Dependency {
                        name: name.to_owned(),
                        kind: Some(kind.to_owned()),
                    },
                    None => Dependency {
                        name: (*text).to_owned(),
                        kind: None,
                    },
                })
                .collect(),
            manifest: String::new(),
        }
    }
}
