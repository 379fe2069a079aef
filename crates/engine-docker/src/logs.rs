//! Logs: frames of Docker become lines.

use bollard::container::LogOutput;
use bollard::query_parameters::LogsOptionsBuilder;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use windlass_engine::lines::{LINE_LIMIT, cut};
use windlass_engine::{Error, LogLine, LogOptions, LogStream};

use crate::DockerEngine;
use crate::failure::Failure;
use crate::observing::id_of;

/// A line of one stream that has not ended yet: Docker keeps lines in pieces of 16 KiB.
#[derive(Default)]
struct Unfinished {
    at_millis: Option<i64>,
    bytes: Vec<u8>,
}

/// Puts lines together from frames that begin with a time.
#[derive(Default)]
pub(crate) struct Assembler {
    stdout: Unfinished,
    stderr: Unfinished,
}

impl Assembler {
    /// The line that the frame ends, if it does.
    pub(crate) fn push(&mut self, frame: LogOutput) -> Option<LogLine> {
        let stderr = matches!(frame, LogOutput::StdErr { .. });
        let unfinished = if stderr {
            &mut self.stderr
        } else {
            &mut self.stdout
        };
        let message = frame.into_bytes();
        let space = message
            .iter()
            .position(|byte| *byte == b' ')
            .unwrap_or(message.len());
        let time = std::str::from_utf8(&message[..space])
            .ok()
            .and_then(|time| time.parse::<jiff::Timestamp>().ok());
        let text = if time.is_some() {
            message.get(space + 1..).unwrap_or_default()
        } else {
            &message[..]
        };
        if unfinished.at_millis.is_none() {
            unfinished.at_millis = time.map(jiff::Timestamp::as_millisecond);
        }
        let (text, ended) = text
            .strip_suffix(b"\n")
            .map_or((text, false), |text| (text, true));
        // One character more than the limit may need, so that the cut is at its boundary.
        let room = (LINE_LIMIT + 4).saturating_sub(unfinished.bytes.len());
        unfinished
            .bytes
            .extend_from_slice(&text[..text.len().min(room)]);
        ended.then(|| std::mem::take(unfinished).into_line(stderr))
    }

    /// Lines without an end, at the end.
    pub(crate) fn finish(self) -> impl Iterator<Item = LogLine> {
        [(self.stdout, false), (self.stderr, true)]
            .into_iter()
            .filter(|(unfinished, _)| !unfinished.bytes.is_empty())
            .map(|(unfinished, stderr)| unfinished.into_line(stderr))
    }
}

impl Unfinished {
    fn into_line(self, stderr: bool) -> LogLine {
        let text = String::from_utf8_lossy(&self.bytes);
        let text = text.strip_suffix('\r').unwrap_or(&text);
        LogLine {
            at_millis: self.at_millis,
            stderr,
            text: cut(text).to_owned(),
        }
    }
}

/// What is left of a log while it is read.
struct Reading {
    frames: BoxStream<'static, Result<LogOutput, bollard::errors::Error>>,
    assembler: Option<Assembler>,
    rest: Vec<LogLine>,
    since_millis: Option<i64>,
    doing: String,
    silence: Option<std::time::Duration>,
}

impl Reading {
    async fn next(&mut self) -> Option<Result<LogLine, Error>> {
        loop {
            let Some(assembler) = &mut self.assembler else {
                return self.rest.pop().map(Ok);
            };
            let next = match self.silence {
                None => self.frames.next().await,
                Some(silence) => {
                    let Ok(next) = tokio::time::timeout(silence, self.frames.next()).await else {
                        self.assembler = None;
                        return Some(Err(Error::NoAnswer {
                            doing: self.doing.clone(),
                            after: silence,
                        }));
                    };
                    next
                }
            };
            let line = match next {
                Some(Ok(frame)) => assembler.push(frame),
                Some(Err(error)) => {
                    self.assembler = None;
                    return Some(Err(Failure::new(
                        &self.doing,
                        std::time::Duration::ZERO,
                        error,
                    )
                    .into()));
                }
                None => {
                    let since = self.since_millis;
                    self.rest = self.assembler.take().map(|assembler| {
                        assembler
                            .finish()
                            .filter(|line| is_after(line, since))
                            .collect()
                    })?;
                    self.rest.reverse();
                    None
                }
            };
            if let Some(line) = line.filter(|line| is_after(line, self.since_millis)) {
                return Some(Ok(line));
            }
        }
    }
}

/// Docker compares in seconds.
fn is_after(line: &LogLine, since: Option<i64>) -> bool {
    since.is_none_or(|since| line.at_millis.is_none_or(|at| at > since))
}

impl DockerEngine {
    pub(crate) async fn do_logs(
        &self,
        name: &str,
        options: &LogOptions,
    ) -> Result<LogStream, Error> {
        let container = self.own(name).await?;
        self.log_of(id_of(&container), name, options).await
    }

    pub(crate) async fn log_of(
        &self,
        id: &str,
        name: &str,
        options: &LogOptions,
    ) -> Result<LogStream, Error> {
        let client = self.client().await?;
        let since = options.since_millis.map_or(0, |since| {
            since.div_euclid(1000).clamp(0, i64::from(i32::MAX))
        });
        let wanted = LogsOptionsBuilder::default()
            .stdout(true)
            .stderr(true)
            .timestamps(true)
            .follow(options.follow)
            .since(i32::try_from(since).unwrap_or(i32::MAX))
            .tail(
                &options
                    .tail
                    .map_or_else(|| "all".to_owned(), |tail| tail.to_string()),
            )
            .build();
        let reading = Reading {
            frames: client.docker.logs(id, Some(wanted)).boxed(),
            assembler: Some(Assembler::default()),
            rest: Vec::new(),
            since_millis: options.since_millis,
            doing: format!("reading the log of container '{name}'"),
            // A followed log is silent as long as its container is.
            silence: (!options.follow).then_some(self.settings.timeouts.log_silence),
        };
        Ok(stream::unfold(reading, |mut reading| async move {
            Some((reading.next().await?, reading))
        })
        .boxed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(text: &str) -> LogOutput {
        LogOutput::StdOut {
            message: text.to_owned().into(),
        }
    }

    #[test]
    fn pieces_become_one_line_with_the_first_ones_time() {
        let mut assembler = Assembler::default();
        assert_eq!(
            assembler.push(frame("2026-11-21T07:00:00.123456789Z one ")),
            None
        );
        let error = assembler.push(LogOutput::StdErr {
            message: "2026-11-21T07:00:00Z between\n".into(),
        });
        assert!(error.is_some_and(|line| line.stderr && line.text == "between"));
        let line = assembler.push(frame("2026-11-21T07:00:01Z two\n")).unwrap();
        assert_eq!((line.text.as_str(), line.stderr), ("one two", false));
        assert_eq!(line.at_millis.unwrap() % 1000, 123);
    }

    #[test]
    fn text_without_time_or_end_is_kept() {
        let mut assembler = Assembler::default();
        assert_eq!(
            assembler.push(frame("no time here\n")).unwrap().text,
            "no time here"
        );
        assert_eq!(
            assembler
                .push(frame("2026-11-21T07:00:00Z \n"))
                .unwrap()
                .text,
            ""
        );
        assert_eq!(assembler.push(frame("2026-11-21T07:00:00Z rest")), None);
        assert_eq!(
            assembler.finish().map(|line| line.text).collect::<Vec<_>>(),
            ["rest"]
        );
    }
}
