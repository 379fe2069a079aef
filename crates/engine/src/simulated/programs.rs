//! The little language of [`Behaviour::programs`](super::Behaviour::programs).

use super::behaviour::{Invocation, Kind, Outcome, Program};

/// Longer than a line may be: the contract cuts at 16 KiB.
const LARGE_LINE: usize = 20 * 1024;

pub(super) fn interpret(invocation: &Invocation) -> Program {
    let mut words = invocation.command.iter().map(String::as_str);
    let program = words.next().unwrap_or("sleep");
    let printed = |outcome: Outcome| words.clone().fold(outcome, Outcome::line);
    match program {
        "sleep" => Program::NotListening,
        "serve" => Program::Serving { status: 200 },
        "exit" => Program::Crashing {
            code: words.next().and_then(|code| code.parse().ok()).unwrap_or(0),
        },
        "print" => Program::Ending(printed(Outcome::code(0))),
        "print-error" => Program::Ending(words.fold(Outcome::code(0), Outcome::error_line)),
        "print-and-sleep" => Program::Ending(printed(Outcome::hanging())),
        "print-large" => Program::Ending(Outcome::code(0).line("x".repeat(LARGE_LINE)).line("end")),
        "exhaust-memory" => Program::Ending(Outcome::out_of_memory()),
        "variable" => {
            let value = words
                .next()
                .and_then(|name| invocation.environment.get(name));
            Program::Ending(Outcome::code(0).line(value.cloned().unwrap_or_default()))
        }
        "show-file" => match words.next().and_then(|path| invocation.files.get(path)) {
            Some((content, mode)) => {
                let shown = content.lines().fold(Outcome::code(0), Outcome::line);
                Program::Ending(shown.line(format!("{mode:o} 0:0")))
            }
            None => Program::Ending(Outcome::code(1)),
        },
        "cat" if invocation.kind == Kind::Pipe => Program::Copying,
        "cat" => {
            let text = String::from_utf8_lossy(&invocation.stdin).into_owned();
            Program::Ending(text.lines().fold(Outcome::code(0), Outcome::line))
        }
        unknown => Program::Ending(Outcome::code(127).error_line(format!("{unknown}: not found"))),
    }
}
