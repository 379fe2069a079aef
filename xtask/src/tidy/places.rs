//! Nothing tracked names a directory of one machine, or the host of a package registry.
//!
//! Both hold only where they were written: a registry is reached through its client, whose own settings say
//! where it is.

use super::finding::Finding;
use super::workspace::File;

/// Cut in two, so that this file does not find itself.
const MACHINE_PATHS: &[&str] = &[
    concat!("/wor", "k/main"),
    concat!("/wor", "k/steering"),
    concat!("/wor", "k/shared"),
    concat!("/wor", "k/.library"),
    concat!("/wor", "k/.mirror"),
    concat!("/far", "m/"),
];
const REGISTRY_HOSTS: &[&str] = &[
    concat!("index.", "crates.io"),
    concat!("static.", "crates.io"),
    concat!("registry.", "npmjs"),
    concat!("files.", "pythonhosted"),
    concat!("pypi", ".org"),
    concat!("deb.", "debian.org"),
    concat!("proxy.", "golang.org"),
    concat!("repo", ".maven"),
    concat!("repo1", ".maven"),
];

const LOCK_FILES: &[&str] = &["Cargo.lock", "package-lock.json", "uv.lock", "poetry.lock"];

pub(crate) fn check(file: &File) -> Vec<Finding> {
    // A lock file is written by its tool, and says where things come from.
    let name = file.path.rsplit('/').next().unwrap_or_default();
    if LOCK_FILES.contains(&name) {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (number, line) in file.text.lines().enumerate() {
        let place = || format!("{}:{}", file.path, number + 1);
        for found in MACHINE_PATHS.iter().filter(|path| line.contains(**path)) {
            findings.push(Finding::error(
                place(),
                format!("names a directory of one machine: {found}"),
            ));
        }
        for found in REGISTRY_HOSTS.iter().filter(|host| line.contains(**host)) {
            findings.push(Finding::error(
                place(),
                format!("names the host of a package registry: {found}"),
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(path: &str, text: &str) -> usize {
        check(&File {
            path: path.to_owned(),
            text: text.to_owned(),
        })
        .len()
    }

    #[test]
    fn every_path_and_host_is_found() {
        for place in MACHINE_PATHS.iter().chain(REGISTRY_HOSTS) {
            assert_eq!(
                findings("README.md", &format!("ok\nsee {place}/x\n")),
                1,
                "{place}"
            );
        }
    }

    #[test]
    fn lock_files_and_ordinary_text_are_accepted() {
        assert_eq!(findings("Cargo.lock", MACHINE_PATHS[0]), 0);
        assert_eq!(
            findings(
                "README.md",
                "cargo install from crates.io, pip install from PyPI; /work of ours\n"
            ),
            0
        );
    }
}
