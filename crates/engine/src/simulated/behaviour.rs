//! What the programs in simulated images do.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

/// Why a program was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// By `ensure`, or by the engine's own restart.
    Ensure,
    /// By `run`.
    Run,
    /// By `exec`.
    Exec,
    /// By `pipe`.
    Pipe,
}

/// One start of a program.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// Why.
    pub kind: Kind,
    /// The container's name.
    pub container: String,
    /// The entry point and command of the workload, or the command of `exec`; empty for the image's own.
    pub command: Vec<String>,
    /// The environment variables. In clear, since tests assert on them.
    pub environment: BTreeMap<String, String>,
    /// The files of the workload by their paths, each with its permissions. In clear, since tests assert on
    /// them.
    pub files: BTreeMap<String, (String, u32)>,
    /// What `exec` gives on standard input.
    pub stdin: Bytes,
    /// Which start of this container it is, from 1.
    pub start: u64,
}

/// What a started program does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Program {
    /// Answers HTTP with this status on every exposed port and on the port in `PORT`. In `run` and
    /// `exec` it succeeds at once instead: a release command of a good image.
    Serving {
        /// The status of every answer.
        status: u16,
    },
    /// Runs and listens nowhere. In `run` and `exec` it succeeds at once.
    NotListening,
    /// Ends at once.
    Crashing {
        /// The exit code.
        code: i64,
    },
    /// Prints and ends.
    Ending(Outcome),
    /// Copies its input to its output and succeeds, in `pipe`; elsewhere it succeeds at once.
    Copying,
}

/// How a program ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The exit code.
    pub code: i64,
    /// The lines that it prints at its start, and whether each goes to standard error.
    pub lines: Vec<(bool, String)>,
    /// Whether the kernel kills it for memory; the code is 137 then.
    pub out_of_memory: bool,
    /// How long it takes (tokio's time, so virtual under a paused clock); `None` is for ever.
    pub after: Option<Duration>,
}

impl Outcome {
    /// Ends at once with this code.
    pub fn code(code: i64) -> Self {
        Self {
            code,
            lines: Vec::new(),
            out_of_memory: false,
            after: Some(Duration::ZERO),
        }
    }

    /// Never ends by itself.
    pub fn hanging() -> Self {
        Self {
            after: None,
            ..Self::code(0)
        }
    }

    /// Is killed for memory.
    pub fn out_of_memory() -> Self {
        Self {
            out_of_memory: true,
            ..Self::code(137)
        }
    }

    /// The same with one more line on standard output.
    pub fn line(mut self, text: impl Into<String>) -> Self {
        self.lines.push((false, text.into()));
        self
    }

    /// The same with one more line on standard error.
    pub fn error_line(mut self, text: impl Into<String>) -> Self {
        self.lines.push((true, text.into()));
        self
    }

    /// The same, but it takes so long.
    pub fn after(mut self, duration: Duration) -> Self {
        self.after = Some(duration);
        self
    }
}

type Script = Arc<dyn Fn(&Invocation) -> Program + Send + Sync>;

/// What an image's programs do: asked at every start.
#[derive(Clone)]
pub struct Behaviour {
    script: Script,
}

impl fmt::Debug for Behaviour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Behaviour")
    }
}

impl Behaviour {
    /// Decides at every start.
    pub fn scripted(script: impl Fn(&Invocation) -> Program + Send + Sync + 'static) -> Self {
        Self {
            script: Arc::new(script),
        }
    }

    /// A web server; its release commands and `exec` succeed.
    pub fn serving(status: u16) -> Self {
        Self::scripted(move |_| Program::Serving { status })
    }

    /// Runs and never opens a port; its release commands and `exec` succeed.
    pub fn not_listening() -> Self {
        Self::scripted(|_| Program::NotListening)
    }

    /// Ends at once, whatever it was started for.
    pub fn crashing(code: i64) -> Self {
        Self::scripted(move |_| Program::Crashing { code })
    }

    /// The same, but `run` ends so.
    pub fn on_run(self, outcome: Outcome) -> Self {
        self.on(Kind::Run, outcome)
    }

    /// The same, but `exec` ends so.
    pub fn on_exec(self, outcome: Outcome) -> Self {
        self.on(Kind::Exec, outcome)
    }

    /// An image whose commands are small programs: `sleep`, `serve`, `exit CODE`, `print LINE...`,
    /// `print-error LINE...`, `print-and-sleep LINE...`, `print-large`, `exhaust-memory`, `variable NAME`, and `cat`.
    pub fn programs() -> Self {
        Self::scripted(super::programs::interpret)
    }

    pub(super) fn ask(&self, invocation: &Invocation) -> Program {
        (self.script)(invocation)
    }

    fn on(self, kind: Kind, outcome: Outcome) -> Self {
        Self::scripted(move |invocation| {
            if invocation.kind == kind {
                Program::Ending(outcome.clone())
            } else {
                self.ask(invocation)
            }
        })
    }
}

impl Program {
    /// How it ends when something waits for its end.
    pub(super) fn into_outcome(self) -> Outcome {
        match self {
            Self::Serving { .. } | Self::NotListening | Self::Copying => Outcome::code(0),
            Self::Crashing { code } => Outcome::code(code),
            Self::Ending(outcome) => outcome,
        }
    }
}
