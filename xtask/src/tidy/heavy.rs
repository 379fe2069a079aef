//! Heavy and opinionated crates stay in the one place that was made for them.

use super::finding::Finding;
use super::workspace::Package;

/// The only crates that may use one, tests apart.
const HOMES: &[(&str, &[&str])] = &[
    ("axum", &["windlass-api", "windlass-panel", "windlass"]),
    ("sqlx", &["windlass-store", "windlass-service-drivers"]),
    ("bollard", &["windlass-engine-docker"]),
    ("kube", &["windlass-engine-kubernetes"]),
];

/// What must not know how requests arrive, where rows lie and what runs containers, tests included.
const PURE: &[&str] = &[
    "windlass-model",
    "windlass-operations",
    "windlass-engine",
    "windlass-services",
    "windlass-records",
    "windlass-delivery",
    "windlass-platform",
];
const BANNED_IN_PURE: &[&str] = &["axum", "sqlx", "bollard", "kube", "hyper", "hyper-util"];

pub(crate) fn check(package: &Package) -> Vec<Finding> {
    let name = package.name.as_str();
    let mut findings = Vec::new();
    for dependency in &package.dependencies {
        let used = dependency.name.as_str();
        if PURE.contains(&name) && BANNED_IN_PURE.contains(&used) {
            findings.push(Finding::error(
                name,
                format!("must not use {used}: it knows contracts, never a driver"),
            ));
        } else if let Some((_, homes)) = HOMES.iter().find(|(heavy, _)| *heavy == used)
            && !homes.contains(&name)
            && !dependency.is_dev()
        {
            findings.push(Finding::error(
                name,
                format!("must not use {used}: only {} may", homes.join(", ")),
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(name: &str, dependency: &str) -> bool {
        check(&Package::example(name, &[dependency])).is_empty()
    }

    #[test]
    fn at_home_they_are_accepted() {
        assert!(accepted("windlass-store", "sqlx"));
        assert!(accepted("windlass-engine-docker", "bollard"));
        assert!(accepted("windlass-api", "axum"));
        assert!(accepted("windlass-router", "hyper"));
        assert!(accepted("windlass-platform", "tokio"));
    }

    #[test]
    fn elsewhere_they_are_refused() {
        assert!(!accepted("windlass-api", "sqlx"));
        assert!(!accepted("windlass", "bollard"));
        assert!(!accepted("windlass-router", "axum"));
        assert!(!accepted("windlass-cli", "build:axum"));
    }

    #[test]
    fn tests_may_use_them_but_not_where_they_are_banned() {
        assert!(accepted("windlass", "dev:bollard"));
        for banned in BANNED_IN_PURE {
            assert!(
                !accepted("windlass-platform", &format!("dev:{banned}")),
                "{banned}"
            );
            assert!(!accepted("windlass-engine", banned), "{banned}");
        }
    }
}
