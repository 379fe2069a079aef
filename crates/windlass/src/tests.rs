//! The arguments fit together, and their help is the committed one.

use std::fmt::Write;
use std::path::Path;

use clap::Command;

/// The help is folded for a terminal as wide as this, whatever the tests run in.
const WIDTH: usize = 100;

#[test]
fn the_arguments_of_every_verb_fit_together() {
    super::command().debug_assert();
}

#[test]
fn the_committed_help_is_that_of_every_verb() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/snapshots/help.txt");
    let mut generated = String::new();
    add(
        &mut generated,
        &super::command(),
        &mut vec!["windlass".to_owned()],
    );
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &generated).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == generated,
        "{} is not what the code says; look at the difference after 'UPDATE_GOLDEN=1 cargo test -p windlass'",
        path.display()
    );
}

/// The help of a command, hidden or not, and of everything below it: as the one reads it who asks for it.
fn add(text: &mut String, command: &Command, path: &mut Vec<String>) {
    path.push("--help".to_owned());
    let asked = super::command()
        .term_width(WIDTH)
        .try_get_matches_from(&*path);
    let help = asked.expect_err("help is no command").to_string();
    let _ = writeln!(text, "$ {}\n{help}", path.join(" "));
    path.pop();
    for next in command.get_subcommands() {
        path.push(next.get_name().to_owned());
        add(text, next, path);
        path.pop();
    }
}
