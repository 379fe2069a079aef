//! Names: what is taken, what is refused, and that nothing in between exists.

use proptest::prelude::*;
use windlass_model::names::{
    ApplicationSlug, BranchName, EnvironmentSlug, Prefix, ProcessName, VariableName,
};

/// Whether each text is taken by this type.
fn check<T: std::str::FromStr>(good: &[&str], bad: &[&str]) {
    for text in good {
        assert!(text.parse::<T>().is_ok(), "'{text}' should be allowed");
    }
    for text in bad {
        assert!(text.parse::<T>().is_err(), "'{text}' should be refused");
    }
}

#[test]
fn applications() {
    check::<ApplicationSlug>(
        &["ab", "shop", "shop-2", "a1", &"a".repeat(40)],
        &[
            "",
            "a",
            "2shop",
            "-shop",
            "shop-",
            "sh--op",
            "Shop",
            "sh_op",
            "sh.op",
            "läden",
            "shop ",
            "control",
            "my-control-room",
            "shop\n",
            &"a".repeat(41),
        ],
    );
}

#[test]
fn environments() {
    check::<EnvironmentSlug>(
        &["test", "live", "local2", &"a".repeat(20)],
        &[
            "local",
            "control",
            "t",
            "Test",
            "test_1",
            "eu-live",
            &"a".repeat(21),
        ],
    );
}

#[test]
fn processes_and_prefixes() {
    check::<ProcessName>(
        &["w", "web", "worker-2"],
        &["", "Web", "worker_2", "-w", &"a".repeat(21)],
    );
    check::<Prefix>(
        &["A", "a", "DEFAULT", "MY_DB2", &"A".repeat(32)],
        &["", "2A", "_A", "A-B", "Ä", "ß", "A B", &"A".repeat(33)],
    );
    let prefix: Prefix = "search".parse().unwrap();
    assert_eq!(prefix.as_str(), "SEARCH");
    assert!("default".parse::<Prefix>().unwrap().is_default());
}

#[test]
fn variables_and_branches() {
    check::<VariableName>(
        &["A", "a", "_A", "http_proxy", "A1", &"A".repeat(128)],
        &["", "1A", "A-B", "A=B", "A B", "Ä", "A\0", &"A".repeat(129)],
    );
    check::<BranchName>(
        &["main", "feature/x", "v1.2", "a_b-c"],
        &[
            "", "-x", "/x", "x/", "x//y", "x..y", ".x", "x/.y", "x.", "x.lock", "x.lock/y", "x y",
            "x~1", "x^", "x:y", "@{", "x\n",
        ],
    );
}

#[test]
fn a_refusal_says_what_is_allowed_and_is_short() {
    let error = "x".repeat(5000).parse::<ApplicationSlug>().unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("application name") && text.contains("2 to 40"),
        "{text}"
    );
    assert!(text.len() < 400, "{text}");
}

proptest! {
    /// What is taken is safe wherever names go: host names, paths, container names, variables.
    #[test]
    fn what_is_taken_is_safe(text in "\\PC{0,50}") {
        if let Ok(slug) = text.parse::<ApplicationSlug>() {
            prop_assert_eq!(slug.as_str(), &text);
            prop_assert!(text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'));
        }
        if let Ok(prefix) = text.parse::<Prefix>() {
            prop_assert_eq!(prefix.as_str().parse::<Prefix>(), Ok(prefix.clone()));
            let variable = format!("{prefix}_DATABASE_URL");
            prop_assert!(variable.parse::<VariableName>().is_ok(), "{}", variable);
        }
        if let Ok(branch) = text.parse::<BranchName>() {
            prop_assert!(!branch.as_str().starts_with('-') && !branch.as_str().contains(".."));
        }
    }

    /// Names survive JSON, and JSON does not get past the rules.
    #[test]
    fn json_keeps_names(text in "[a-z][a-z0-9-]{1,38}[a-z0-9]", other in "\\PC{0,20}") {
        if let Ok(slug) = text.parse::<ApplicationSlug>() {
            let json = serde_json::to_string(&slug).unwrap();
            prop_assert_eq!(serde_json::from_str::<ApplicationSlug>(&json).unwrap(), slug);
        }
        let json = serde_json::to_string(&other).unwrap();
        prop_assert_eq!(
            serde_json::from_str::<ApplicationSlug>(&json).is_ok(),
            other.parse::<ApplicationSlug>().is_ok()
        );
    }
}
