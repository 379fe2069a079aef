//! The key of the store's secrets is changed by one command, and what was kept under the old one is read as before.

use std::fs;

use crate::support::cli::Ran;
use crate::support::machine::{Machine, stop, text};

const VALUE: &str = "correct horse battery staple";

fn rotate(machine: &Machine) -> Ran {
    machine.windlass(&["key", "rotate", "--state-dir", text(&machine.state())])
}

#[test]
fn secrets_are_read_as_before_after_the_key_was_changed() {
    let machine = Machine::new();
    rotate(&machine).refused(1, &["there is no store in"]);

    let first = machine.start();
    machine.take().good();
    machine.windlass(&["app", "create", "shop"]).good();
    let assigned = format!("API_KEY={VALUE}");
    let set = ["env-vars", "set", "--app", "shop", "--secret", &assigned];
    machine.windlass(&set).good();
    let get = ["env-vars", "get", "--app", "shop", "API_KEY"];
    let before = machine.windlass(&get).good();
    rotate(&machine).refused(1, &["another server", "stop that one first"]);
    stop(first);

    let key = machine.state().join("secret.key");
    let old = fs::read_to_string(&key).expect("the key file");
    let rotated = rotate(&machine);
    assert!(rotated.err.contains("new key"), "{}", rotated.err);
    let said = format!("{}{}", rotated.out, rotated.err);
    let id = rotated.good();
    let new = fs::read_to_string(&key).expect("the key file");
    assert_ne!(new, old);
    assert!(id.trim().len() == 16 && !said.contains(new.trim()) && !said.contains(old.trim()));

    let second = machine.start();
    assert_eq!(machine.windlass(&get).good(), before);
    let screen = stop(second);
    assert!(!screen.contains(VALUE) && !screen.contains(new.trim()));
}
