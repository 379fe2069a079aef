//! What a source file looks like: not too long, with a word about its purpose, naming what it uses.

use super::finding::Finding;
use super::workspace::File;

const LOOK_AGAIN: usize = 600;
const TOO_LONG: usize = 1000;

/// Written by hand, one line after the other; data, lock files and documents may be as long as they are.
const SOURCES: &[&str] = &["rs", "sh", "sql", "py", "js", "ts", "css", "html"];

pub(crate) fn check(file: &File) -> Vec<Finding> {
    let extension = file
        .path
        .rsplit_once('.')
        .map_or("", |(_, extension)| extension);
    if is_test(&file.path) || !SOURCES.contains(&extension) {
        return Vec::new();
    }
    let mut findings: Vec<Finding> = length(file).into_iter().collect();
    if extension == "rs" {
        findings.extend(module_doc(file));
        findings.extend(super_imports(file));
    }
    findings
}

/// `tests/...`, `src/x/tests.rs`, `src/x/tests/y.rs`.
fn is_test(path: &str) -> bool {
    path.split('/')
        .any(|part| part == "tests" || part == "tests.rs")
}

fn length(file: &File) -> Option<Finding> {
    let lines = file.text.lines().count();
    if lines > TOO_LONG {
        Some(Finding::error(
            &file.path,
            format!("has {lines} lines, more than {TOO_LONG}: split it by concept"),
        ))
    } else if lines > LOOK_AGAIN {
        Some(Finding::warning(
            &file.path,
            format!("has {lines} lines: is it still one concept?"),
        ))
    } else {
        None
    }
}

fn module_doc(file: &File) -> Option<Finding> {
    let first = file.text.lines().map(str::trim).find(|line| {
        let before = line.is_empty()
            || line.starts_with("#![")
            || (line.starts_with("//") && !line.starts_with("//!"));
        !before
    });
    let documented = first.is_some_and(|line| line.starts_with("//!"));
    (!documented).then(|| {
        Finding::error(
            &file.path,
            "has no `//!` at its top: say in a sentence what the module is for",
        )
    })
}

/// Inside a module of tests everything of the tested one is wanted; elsewhere it hides where names come from.
fn super_imports(file: &File) -> Vec<Finding> {
    let lines: Vec<&str> = file.text.lines().collect();
    lines
        .iter()
        .enumerate()
        .filter(|(_, line)| {
            line.trim_start()
                .trim_start_matches("pub ")
                .starts_with("use super::*")
        })
        .filter(|(number, line)| {
            !enclosing_module(&lines[..*number], indent(line)).contains("test")
        })
        .map(|(number, _)| {
            Finding::error(
                format!("{}:{}", file.path, number + 1),
                "`use super::*` outside a module of tests: name what is used",
            )
        })
        .collect()
}

/// The name of the nearest `mod x {` above with less indentation; rustfmt makes this exact.
fn enclosing_module<'a>(above: &[&'a str], inner: usize) -> &'a str {
    above
        .iter()
        .rev()
        .filter(|line| !line.trim().is_empty() && indent(line) < inner)
        .find_map(|line| line.split_once("mod ").map(|(_, name)| name))
        .unwrap_or_default()
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(path: &str, text: &str) -> Vec<Finding> {
        check(&File {
            path: path.to_owned(),
            text: text.to_owned(),
        })
    }

    #[test]
    fn a_small_documented_module_is_accepted() {
        let text = "//! Doc.\n\nuse std::fmt;\n\n#[cfg(test)]\nmod tests {\n    use super::*;\n\n    mod deeper_tests {\n        use super::*;\n    }\n}\n";
        assert_eq!(findings("crates/a/src/lib.rs", text), []);
    }

    #[test]
    fn a_licence_and_attributes_may_stand_before_the_doc() {
        assert_eq!(
            findings("a.rs", "// Licence.\n#![no_std]\n\n//! Doc.\n"),
            []
        );
    }

    #[test]
    fn a_missing_doc_is_refused() {
        assert_eq!(findings("a.rs", "use std::fmt;\n//! Late.\n").len(), 1);
        assert_eq!(findings("a.rs", "// Not a doc.\n").len(), 1);
        assert_eq!(findings("a.rs", "").len(), 1);
    }

    #[test]
    fn long_files_warn_and_then_fail() {
        let of = |lines: usize| findings("a.rs", &format!("//! Doc.\n{}", "\n".repeat(lines - 1)));
        assert_eq!(of(600).len(), 0);
        assert!(!of(601)[0].is_error());
        assert!(!of(1000)[0].is_error());
        assert!(of(1001)[0].is_error());
    }

    #[test]
    fn super_imports_outside_tests_are_refused() {
        assert_eq!(findings("a.rs", "//! Doc.\nuse super::*;\n").len(), 1);
        assert_eq!(
            findings("a.rs", "//! Doc.\nmod inner {\n    pub use super::*;\n}\n").len(),
            1
        );
        let after_tests =
            "//! Doc.\nmod tests {\n    use super::*;\n}\nmod inner {\n    use super::*;\n}\n";
        assert_eq!(
            findings("a.rs", after_tests),
            [Finding::error(
                "a.rs:6",
                "`use super::*` outside a module of tests: name what is used"
            )]
        );
    }

    #[test]
    fn tests_and_documents_are_left_alone() {
        let long = "use super::*;\n".repeat(1200);
        for path in [
            "crates/a/tests/b.rs",
            "crates/a/src/tests.rs",
            "crates/a/src/tests/c.rs",
            "docs/long.md",
        ] {
            assert_eq!(findings(path, &long), [], "{path}");
        }
    }
}
