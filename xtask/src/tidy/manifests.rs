//! Each crate takes its lints and the versions of its dependencies from the workspace.

use toml::{Table, Value};

use super::finding::Finding;
use super::workspace::Package;

const SECTIONS: &[&str] = &["dependencies", "dev-dependencies", "build-dependencies"];

pub(crate) fn check(package: &Package) -> Vec<Finding> {
    let manifest: Table = match package.manifest.parse() {
        Ok(manifest) => manifest,
        Err(error) => {
            return vec![Finding::error(
                &package.name,
                format!("Cargo.toml cannot be read: {error}"),
            )];
        }
    };
    let mut findings = Vec::new();
    if !manifest.get("lints").is_some_and(from_workspace) {
        findings.push(Finding::error(
            &package.name,
            "Cargo.toml lacks `[lints] workspace = true`",
        ));
    }
    let targets = manifest.get("target").and_then(Value::as_table);
    let tables = targets
        .into_iter()
        .flat_map(Table::values)
        .filter_map(Value::as_table);
    for table in tables.chain([&manifest]) {
        for section in SECTIONS {
            let dependencies = table.get(*section).and_then(Value::as_table);
            for (name, value) in dependencies.into_iter().flatten() {
                // A crate's tests switch its own features on by depending on itself.
                let itself =
                    *name == package.name && value.get("path").and_then(Value::as_str) == Some(".");
                if !from_workspace(value) && !itself {
                    let message = format!(
                        "{name} in [{section}] must be `{{ workspace = true }}`: versions stand in the root Cargo.toml, with the reason"
                    );
                    findings.push(Finding::error(&package.name, message));
                }
            }
        }
    }
    findings
}

fn from_workspace(value: &Value) -> bool {
    value.get("workspace").and_then(Value::as_bool) == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(manifest: &str) -> usize {
        let mut package = Package::example("example", &[]);
        manifest.clone_into(&mut package.manifest);
        check(&package).len()
    }

    #[test]
    fn both_forms_are_accepted() {
        let manifest = "[lints]\nworkspace = true\n[dependencies]\na = { workspace = true, features = [\"b\"] }\nc.workspace = true\n";
        assert_eq!(findings(manifest), 0);
    }

    #[test]
    fn lints_of_ones_own_are_refused() {
        assert_eq!(findings(""), 1);
        assert_eq!(findings("[lints.clippy]\npedantic = \"allow\"\n"), 1);
    }

    #[test]
    fn versions_of_ones_own_are_refused_in_every_section() {
        let manifest = "[lints]\nworkspace = true\n[dependencies]\na = \"1\"\n[dev-dependencies]\nb = { path = \"../b\" }\n\
            [build-dependencies]\nc = { version = \"1\" }\n[target.'cfg(unix)'.dependencies]\nd = \"1\"\n";
        assert_eq!(findings(manifest), 4);
    }

    #[test]
    fn a_dependency_on_itself_is_accepted() {
        let manifest = "[lints]\nworkspace = true\n[dev-dependencies]\nexample = { path = \".\", features = [\"sim\"] }\n";
        assert_eq!(findings(manifest), 0);
        assert_eq!(findings(&manifest.replace("example =", "other =")), 1);
    }

    #[test]
    fn a_broken_manifest_is_a_finding() {
        assert_eq!(findings("[lints"), 1);
    }
}
