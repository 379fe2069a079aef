//! `windlass images`: the images of services, pulled where a registry answers, else built from Debian's
//! packages.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use clap::Subcommand;
use rust_embed::Embed;

/// The recipes, as they are in the source tree.
#[derive(Embed)]
#[folder = "../../images"]
struct Recipes;

/// What to do with images.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Make sure that the images of services are there: pulled, or built where no registry answers.
    Prepare {
        /// Only these: recipes such as postgres/15, or tags such as postgres:17. If left out, every recipe of a
        /// service.
        #[arg(value_name = "IMAGE")]
        images: Vec<String>,
        /// Build without asking a registry first.
        #[arg(long)]
        no_pull: bool,
    },
}

/// The directory of the image that the others are made from, which has no version.
const BASE: &str = "base";
/// What the image's recipe is called in its directory.
const RECIPE: &str = "/Dockerfile";
/// How the recipe of an image begins that is made for every server.
const FROM: &str = "FROM debian:bookworm-slim";

/// The images that a server needs: the base and every recipe of a service from the packages of the same Debian, which
/// stand in directories of `name/version`. The recipes hold more, for tests and for those who ask by name: servers that
/// no Debian package has, and versions of a newer Debian, whose base would have to be made too.
fn served() -> Vec<String> {
    let services: BTreeSet<String> = Recipes::iter()
        .filter_map(|file| {
            let directory = file.strip_suffix(RECIPE)?;
            let is_service = directory.contains('/');
            let is_made = Recipes::get(&format!("{directory}/source")).is_some();
            let recipe = Recipes::get(&file)?;
            let is_ours = recipe
                .data
                .split(|byte| *byte == b'\n')
                .any(|line| line == FROM.as_bytes());
            (is_service && !is_made && is_ours).then(|| directory.to_owned())
        })
        .collect();
    std::iter::once(BASE.to_owned()).chain(services).collect()
}

pub(crate) fn run(verb: Verb) -> anyhow::Result<()> {
    let Verb::Prepare { images, no_pull } = verb;
    let directory = Directory::make()?;
    for name in Recipes::iter() {
        let recipe = Recipes::get(&name).with_context(|| format!("the recipe file {name}"))?;
        write(&directory.0.join(name.as_ref()), &recipe.data)?;
    }
    let images = if images.is_empty() { served() } else { images };
    let mut command = Command::new(directory.0.join("prepare.sh"));
    command.args(&images);
    if no_pull {
        command.env("WINDLASS_PULL", "never");
    }
    let status = command.status().context("running the recipes")?;
    if !status.success() {
        bail!("the images were not all prepared; the lines above say why");
    }
    Ok(())
}

/// Files keep no mode in the binary: what begins like a script is one.
fn write(path: &Path, data: &[u8]) -> anyhow::Result<()> {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    std::fs::write(path, data).with_context(|| format!("writing {}", path.display()))?;
    if data.starts_with(b"#!") {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}

/// A directory that goes when it is dropped.
struct Directory(PathBuf);

impl Directory {
    fn make() -> anyhow::Result<Self> {
        let path = std::env::temp_dir().join(format!("windlass-images-{}", std::process::id()));
        std::fs::create_dir(&path).with_context(|| format!("making {}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // What is left in the temporary directory is the machine's to clean up.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::served;

    #[test]
    fn the_base_comes_first_and_what_one_asks_for_by_name_is_not_served() {
        let served = served();
        assert_eq!(served[0], "base");
        let services = [
            "mariadb/10.11",
            "memcached/1.6",
            "postgres/15",
            "rabbitmq/3.10-management",
            "redis/7",
        ];
        // Neither what is made from source, nor newer versions, nor the tests' own.
        assert_eq!(served[1..], services);
    }
}
