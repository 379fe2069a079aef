//! Dependencies between our crates point downwards only, and only along the edges named here.

use super::finding::Finding;
use super::workspace::Package;

/// From the bottom to the top; the order is what "downwards" means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Layer {
    Model,
    Contract,
    Driver,
    Platform,
    Edge,
    Binary,
}

use Layer::{Binary, Contract, Driver, Edge, Model, Platform};

/// Every crate of the workspace stands here, or tidy fails: a new crate is a decision about its layer.
const LAYERS: &[(&str, Layer)] = &[
    ("windlass-model", Model),
    ("windlass-catalogue", Model),
    ("windlass-operations", Contract),
    ("windlass-engine", Contract),
    ("windlass-services", Contract),
    ("windlass-records", Contract),
    ("windlass-delivery", Contract),
    ("windlass-store", Driver),
    ("windlass-engine-docker", Driver),
    ("windlass-service-drivers", Driver),
    ("windlass-service-broker", Driver),
    ("windlass-backups", Driver),
    ("windlass-builder", Driver),
    ("windlass-router", Driver),
    ("windlass-platform", Platform),
    ("windlass-api", Edge),
    ("windlass-panel", Edge),
    ("windlass-cli", Edge),
    ("windlass", Binary),
];

/// Contracts that are made of another contract's words.
const BETWEEN_CONTRACTS: &[(&str, &str)] = &[
    ("windlass-records", "windlass-operations"),
    ("windlass-services", "windlass-engine"),
    ("windlass-delivery", "windlass-engine"),
];

/// Crates that stand outside: nothing of ours below them, nothing of ours above them.
const TOOLS: &[&str] = &["xtask", "windlass-bench"];

pub(crate) fn check(package: &Package, all: &[Package]) -> Vec<Finding> {
    let is_tool = TOOLS.contains(&package.name.as_str());
    let layer = layer_of(&package.name);
    if layer.is_none() && !is_tool {
        let message = "is in no layer: add it to LAYERS in xtask/src/tidy/layers.rs";
        return vec![Finding::error(&package.name, message)];
    }
    package
        .dependencies
        .iter()
        .filter(|dependency| all.iter().any(|other| other.name == dependency.name))
        .filter_map(|dependency| {
            let allowed = match (layer, layer_of(&dependency.name)) {
                (Some(from), Some(to)) if dependency.is_dev() => to <= from,
                (Some(from), Some(to)) => allows((&package.name, from), (&dependency.name, to)),
                _ => false,
            };
            let kind = dependency.kind.as_deref().unwrap_or("normal");
            let message = format!(
                "has a {kind} dependency on {}, which its layer does not allow (see xtask/src/tidy/layers.rs)",
                dependency.name
            );
            (!allowed).then(|| Finding::error(&package.name, message))
        })
        .collect()
}

fn layer_of(name: &str) -> Option<Layer> {
    LAYERS
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, layer)| *layer)
}

/// Normal and build dependencies. Tests may use more, see `check`: whatever is not above them, so that a
/// driver's tests can run it on another real driver.
fn allows((from, from_layer): (&str, Layer), (to, to_layer): (&str, Layer)) -> bool {
    match (from_layer, to_layer) {
        // The command line talks to the API over HTTP, like every other client.
        (Edge, _) if from == "windlass-cli" => to_layer == Model,
        (Contract, Contract) => BETWEEN_CONTRACTS.contains(&(from, to)),
        (Contract, Model)
        | (Driver | Platform, Model | Contract)
        | (Edge, Model | Contract | Platform) => true,
        (Binary, _) => to_layer != Binary,
        (Model | Contract | Driver | Platform | Edge, _) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a crate may have a dependency, in the notation of `Package::example`.
    fn accepted(from: &str, dependency: &str) -> bool {
        let package = Package::example(from, &[dependency]);
        let all: Vec<Package> = LAYERS
            .iter()
            .map(|(name, _)| *name)
            .chain(TOOLS.iter().copied())
            .map(|name| Package::example(name, &[]))
            .collect();
        check(&package, &all).is_empty()
    }

    #[test]
    fn downwards_is_accepted() {
        for (from, to) in [
            ("windlass-engine", "windlass-model"),
            ("windlass-records", "windlass-operations"),
            ("windlass-services", "windlass-engine"),
            ("windlass-delivery", "windlass-engine"),
            ("windlass-store", "windlass-records"),
            ("windlass-platform", "windlass-delivery"),
            ("windlass-api", "windlass-platform"),
            ("windlass-cli", "windlass-model"),
            ("windlass", "windlass-store"),
            ("windlass", "windlass-cli"),
        ] {
            assert!(accepted(from, to), "{from} -> {to}");
        }
    }

    #[test]
    fn upwards_and_sideways_are_refused() {
        for (from, to) in [
            ("windlass-model", "windlass-engine"),
            ("windlass-operations", "windlass-records"),
            ("windlass-engine", "windlass-services"),
            ("windlass-engine", "windlass-engine-docker"),
            ("windlass-service-drivers", "windlass-engine-docker"),
            ("windlass-builder", "windlass-store"),
            ("windlass-router", "windlass-platform"),
            ("windlass-platform", "windlass-store"),
            ("windlass-platform", "windlass-api"),
            ("windlass-api", "windlass-store"),
            ("windlass-api", "windlass-cli"),
            ("windlass-cli", "windlass-platform"),
            ("windlass-cli", "windlass-engine"),
            ("xtask", "windlass-model"),
            ("windlass", "xtask"),
        ] {
            assert!(!accepted(from, to), "{from} -> {to}");
            assert!(
                !accepted(from, &format!("build:{to}")),
                "{from} -> build:{to}"
            );
        }
    }

    #[test]
    fn tests_may_use_what_is_not_above() {
        assert!(accepted(
            "windlass-service-drivers",
            "dev:windlass-engine-docker"
        ));
        assert!(accepted("windlass-platform", "dev:windlass-store"));
        assert!(!accepted("windlass-engine", "dev:windlass-engine-docker"));
        assert!(!accepted("windlass-store", "dev:windlass-platform"));
    }

    #[test]
    fn an_unknown_crate_needs_a_layer() {
        let package = Package::example("windlass-surprise", &[]);
        assert_eq!(check(&package, &[]).len(), 1);
    }

    #[test]
    fn other_peoples_crates_are_no_concern_of_this_rule() {
        assert!(accepted("windlass-model", "serde"));
    }
}
