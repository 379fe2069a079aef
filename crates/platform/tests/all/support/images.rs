//! The images on the simulated engine.

use windlass_engine::simulated::{Behaviour, Kind, Outcome, Program, SimulatedEngine};

/// A port that nothing else on a developer's machine listens on.
pub(crate) const PORT: u16 = 7461;

/// Two good images.
pub(crate) const ONE: &str = "site:1";
/// The second.
pub(crate) const TWO: &str = "site:2";
/// Answers 500.
pub(crate) const ERROR: &str = "site:answers-500";
/// Each time another image: see [`next`].
pub(crate) const MOVING: &str = "site:moving";
/// Opens no port.
pub(crate) const SILENT: &str = "site:silent";
/// Ends at once.
pub(crate) const CRASHING: &str = "site:crashing";
/// Its release commands fail when they are named `fail`, and never end when they are named `hang`.
pub(crate) const COMMANDS: &str = "site:commands";

/// Adds them all.
pub(crate) fn add(engine: &SimulatedEngine) {
    engine.add_image("postgres:15", &[5432], Behaviour::not_listening());
    for good in [ONE, TWO] {
        engine.add_image(good, &[PORT], Behaviour::serving(200));
    }
    engine.add_image(ERROR, &[PORT], Behaviour::serving(500));
    engine.add_image(SILENT, &[PORT], Behaviour::not_listening());
    engine.add_image(
        CRASHING,
        &[PORT],
        Behaviour::crashing(3).on_run(Outcome::code(0)),
    );
    engine.add_image(
        COMMANDS,
        &[PORT],
        Behaviour::scripted(|invocation| {
            if invocation.kind != Kind::Run {
                return Program::Serving { status: 200 };
            }
            match invocation.command.last().map(String::as_str) {
                Some("fail") => Program::Ending(Outcome::code(4).error_line("no such table")),
                Some("hang") => Program::Ending(Outcome::hanging()),
                _ => Program::Ending(Outcome::code(0).line("migrated")),
            }
        }),
    );
}

/// Gives the name `MOVING` to an image that nobody has seen yet, as a build does: those that had it before are
/// there only as long as a tag of ours names them.
pub(crate) fn next(engine: &SimulatedEngine) {
    engine.add_image(MOVING, &[PORT], Behaviour::serving(200));
}
