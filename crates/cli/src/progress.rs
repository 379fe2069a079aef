//! How an operation goes, for the one who waits: at a terminal a line that is written again with the step,
//! its number and its time; elsewhere a line for each step.

use std::io::{self, Write};
use std::time::Instant;

use crate::error::Error;
use crate::events::Event;
use crate::output;
use crate::steps::{self, Names};
use crate::terminal::{self, Stream, paint};

const FRAMES: [char; 10] = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

/// What is shown of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    /// Nothing: programs read the end.
    Nothing,
    /// Its steps.
    Steps,
    /// Its log, which names the steps itself.
    Log,
}

/// The display of one operation.
pub(crate) struct Progress {
    shown: Shown,
    live: bool,
    names: Names,
    /// How many steps it has.
    steps: usize,
    /// How many of them are done.
    done: usize,
    /// What is under way, in words, and since when.
    now: Option<(String, Instant)>,
    frame: usize,
    /// Whether the line that is written again is on the screen.
    drawn: bool,
}

impl Progress {
    pub(crate) fn new(shown: Shown, names: Names, steps: usize) -> Self {
        Self {
            shown,
            live: shown != Shown::Nothing && terminal::is_live(),
            names,
            steps,
            done: 0,
            now: None,
            frame: 0,
            drawn: false,
        }
    }

    /// Some of the log.
    pub(crate) fn log(&mut self, text: &str) -> Result<(), Error> {
        self.clear();
        output::raw(text)
    }

    /// Something happened.
    pub(crate) fn event(&mut self, event: &Event) {
        let step = event.data["step"].as_str().unwrap_or_default();
        let words = output::one_line(&steps::words(step, &self.names));
        let reason = event.data["error"]["message"].as_str().unwrap_or("failed");
        let reason = output::harmless(reason);
        match event.kind.as_str() {
            "step_started" => {
                if !self.live {
                    self.step(&format!("{} {words}", arrow("---->", "36")));
                }
                self.now = Some((words, Instant::now()));
            }
            "step_done" | "step_skipped" => {
                self.done += 1;
                let begun = self.now.take();
                if self.live {
                    let took = begun.map_or_else(String::new, |(_, since)| took(since));
                    self.step(&format!("{} {words}{took}", arrow("---->", "36")));
                }
            }
            // The log has it.
            "step_failed" if self.shown == Shown::Log => {}
            "step_failed" => self.say(&format!(" !    {words}: {reason}{}", again(event))),
            "undo_started" => {
                let words = format!("Taking back: {words}");
                self.say(&format!("{} {words}", arrow("<----", "33")));
                self.now = Some((words, Instant::now()));
            }
            "undo_failed" => self.say(&format!(
                " !    Taking back: {words}: {reason}{}",
                again(event)
            )),
            _ => {}
        }
        self.draw();
    }

    /// The server is away.
    pub(crate) fn away(&mut self, why: &str) {
        self.say(&format!(" !    {why}"));
        self.say("      The work goes on as soon as the server runs. Trying to reach it ...");
    }

    /// Time has passed.
    pub(crate) fn tick(&mut self) {
        self.frame += 1;
        self.draw();
    }

    /// Takes the line that is written again off the screen.
    pub(crate) fn clear(&mut self) {
        if self.drawn {
            self.drawn = false;
            let _ = write!(io::stderr().lock(), "\r\x1b[K");
        }
    }

    /// A line about a step, which a log has already.
    fn step(&mut self, text: &str) {
        if self.shown == Shown::Steps {
            self.say(text);
        }
    }

    fn say(&mut self, text: &str) {
        if self.shown != Shown::Nothing {
            self.clear();
            output::say(text);
        }
    }

    fn draw(&mut self) {
        let Some((words, since)) = self.now.as_ref().filter(|_| self.live) else {
            return;
        };
        let line = format!(
            "{} {words} [{}/{}]{}",
            FRAMES[self.frame % FRAMES.len()],
            (self.done + 1).min(self.steps),
            self.steps,
            took(*since)
        );
        // One column less: some terminals wrap when the last one is written.
        let line: String = line.chars().take(terminal::width() - 1).collect();
        let mut talk = io::stderr().lock();
        let _ = write!(talk, "\r\x1b[K{line}").and_then(|()| talk.flush());
        self.drawn = true;
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}

fn arrow(text: &str, style: &str) -> String {
    paint(Stream::Err, text, style)
}

/// How long it has taken, if that is worth a word.
fn took(since: Instant) -> String {
    match since.elapsed().as_secs() {
        0 => String::new(),
        seconds @ 1..60 => format!(", {seconds} s"),
        seconds => format!(", {} min {} s", seconds / 60, seconds % 60),
    }
}

/// Whether it is tried again.
fn again(event: &Event) -> &'static str {
    if event.data["retry_at"].is_null() {
        ""
    } else {
        "; it is tried again"
    }
}
