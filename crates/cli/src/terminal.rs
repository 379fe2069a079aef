//! What a terminal can do: colours, a line that is written again, typing that is not shown.

use std::io::{self, BufRead, IsTerminal, Write};

use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcgetwinsize, tcsetattr};

use crate::error::Error;

/// Narrower ones are taken for this wide: a line that wraps cannot be written again.
const NARROWEST: usize = 20;
/// For terminals that do not say.
const USUAL: usize = 80;

/// Where something is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stream {
    /// Data.
    Out,
    /// Talk.
    Err,
}

impl Stream {
    fn is_terminal(self) -> bool {
        match self {
            Self::Out => io::stdout().is_terminal(),
            Self::Err => io::stderr().is_terminal(),
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "conventions of the environment, not settings of ours"
)]
fn convention(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn is_dumb() -> bool {
    convention("TERM").is_some_and(|kind| kind == "dumb")
}

/// Text in a style (the numbers of SGR), where a person reads it and has not asked for none (no-color.org).
pub(crate) fn paint(stream: Stream, text: &str, style: &str) -> String {
    let unwanted = convention("NO_COLOR").is_some_and(|value| !value.is_empty());
    if stream.is_terminal() && !unwanted && !is_dumb() {
        format!("\x1b[{style}m{text}\x1b[0m")
    } else {
        text.to_owned()
    }
}

/// Whether a line of talk can be written again.
pub(crate) fn is_live() -> bool {
    Stream::Err.is_terminal() && !is_dumb()
}

/// The columns of the terminal that talk goes to.
pub(crate) fn width() -> usize {
    let columns = tcgetwinsize(io::stderr()).map_or(0, |size| usize::from(size.ws_col));
    match columns {
        0 => USUAL,
        narrow => narrow.max(NARROWEST),
    }
}

/// A line from standard input that is not shown while it is typed; from a pipe as it is.
pub(crate) fn read_hidden(question: &str) -> Result<String, Error> {
    let input = io::stdin();
    let mut line = String::new();
    if !input.is_terminal() {
        input.lock().read_line(&mut line)?;
        return Ok(line.trim().to_owned());
    }
    let shown = tcgetattr(&input).map_err(io::Error::from)?;
    let mut hidden = shown.clone();
    hidden.local_modes.remove(LocalModes::ECHO);
    // Before the question: an answer may come at once.
    tcsetattr(&input, OptionalActions::Flush, &hidden).map_err(io::Error::from)?;
    let mut talk = io::stderr().lock();
    let asked = write!(talk, "{question}").and_then(|()| talk.flush());
    let read = asked.and_then(|()| input.lock().read_line(&mut line));
    // As it was, before anything else can end the command.
    let restored = tcsetattr(&input, OptionalActions::Now, &shown);
    // The end of the line was not shown either.
    writeln!(talk)?;
    read?;
    restored.map_err(io::Error::from)?;
    Ok(line.trim().to_owned())
}
