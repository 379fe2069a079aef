//! What is different where a person sits.

use std::process::Command;

use crate::support::cli::WINDLASS;
use crate::support::terminal::{COLUMNS, Terminal};
use crate::support::transcript::Transcript;
use crate::support::world::{IMAGE, World};

/// The beginning of a colour.
const COLOUR: &str = "\x1b[3";
/// A line is written again.
const AGAIN: &str = "\r\x1b[K";

fn windlass(world: &World, arguments: &[&str], environment: &[(&str, &str)]) -> Terminal {
    let mut command = Command::new(WINDLASS);
    world.user.prepare(&mut command, &world.user.home);
    command.env("TERM", "xterm").args(arguments);
    command.envs(environment.iter().copied());
    Terminal::start(&mut command, None)
}

#[test]
fn a_token_is_not_shown_while_it_is_typed() {
    let world = World::new();
    let mut terminal = windlass(&world, &["login", &world.url], &[]);
    terminal.wait_for(&format!("Token for {}: ", world.url));
    terminal.type_line(&world.token);
    let (status, screen) = terminal.end();
    assert!(status.success(), "{screen}");
    assert!(screen.contains("Logged in to"), "{screen}");
    assert!(!screen.contains(&world.token), "{screen}");
}

#[test]
fn destruction_asks_for_the_name() {
    let world = World::new();
    Transcript::logged_in(&world).run(&["app", "create", "shop"]);
    let question = "Type its name, shop, to go on: ";

    let mut terminal = windlass(&world, &["app", "remove", "shop"], &[]);
    terminal.wait_for(question);
    terminal.type_line("ship");
    let (status, screen) = terminal.end();
    assert_eq!(status.code(), Some(1), "{screen}");
    assert!(screen.contains("nothing was done"), "{screen}");
    assert!(screen.contains(COLOUR), "errors are coloured: {screen:?}");

    let mut terminal = windlass(&world, &["app", "remove", "shop"], &[]);
    terminal.wait_for(question);
    terminal.type_line("shop");
    let (status, screen) = terminal.end();
    assert!(status.success(), "{screen}");
    assert!(screen.contains("'shop' has been removed"), "{screen}");
}

#[test]
fn what_runs_is_shown_as_it_goes() {
    let world = World::new();
    Transcript::logged_in(&world).run(&["app", "create", "shop"]);
    let deploy = ["deploy", "-a", "shop", "--image", IMAGE];
    let (status, screen) = windlass(&world, &deploy, &[]).end();
    assert!(status.success(), "{screen}");
    assert!(screen.contains("^C stops following it"), "{screen}");
    assert!(
        screen.contains("----> The deployment succeeded"),
        "{screen}"
    );
    let shown: Vec<&str> = screen.split(AGAIN).skip(1).collect();
    let steps = shown.iter().filter(|line| line.contains("/12]")).count();
    assert!(steps >= 12, "every step is shown: {screen:?}");
    for line in shown {
        let line = line.lines().next().unwrap_or_default();
        if line.contains("/12]") {
            let width = line.chars().count();
            assert!(width < usize::from(COLUMNS), "it wraps: {line}");
        }
    }
    // What was written again is gone at the end.
    let last = screen.rsplit(AGAIN).next().unwrap_or_default();
    assert!(!last.contains("/12]"), "{screen:?}");
    let last = last.lines().last().unwrap_or_default();
    assert!(last.starts_with("shop/test runs release 1: "), "{screen:?}");

    let (_, screen) = windlass(&world, &deploy, &[("TERM", "dumb")]).end();
    assert!(!screen.contains('\x1b'), "{screen:?}");
    let missing = ["app", "show", "nothing"];
    let (_, screen) = windlass(&world, &missing, &[("NO_COLOR", "1")]).end();
    assert!(
        screen.contains("error:") && !screen.contains('\x1b'),
        "{screen:?}"
    );
}
