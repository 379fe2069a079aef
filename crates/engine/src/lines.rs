//! Handing lines to someone who may be slow or gone, without holding up the work that gives them.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::sync::mpsc;

use crate::contract::LogLine;

/// Lines that wait for a slow receiver. More are left out, and said to be: a build must not fill the
/// server's memory because a client's terminal hangs.
const WAITING_LINES: usize = 10_000;
/// How long a receiver that takes nothing is waited for once the work is done. Long enough for a busy
/// machine, short enough that a stuck client does not hold the operation.
const RECEIVER_PATIENCE: Duration = Duration::from_secs(5);
/// The length at which the contract cuts lines.
pub const LINE_LIMIT: usize = 16 * 1024;

/// Passes lines on in their order.
#[derive(Debug)]
pub struct Forwarder {
    output: mpsc::Sender<LogLine>,
    waiting: VecDeque<LogLine>,
    left_out: u64,
}

impl Forwarder {
    /// Passes lines on to `output`.
    pub fn new(output: mpsc::Sender<LogLine>) -> Self {
        Self {
            output,
            waiting: VecDeque::new(),
            left_out: 0,
        }
    }

    /// Takes a line; never waits.
    pub fn push(&mut self, line: LogLine) {
        if self.output.is_closed() {
            self.waiting.clear();
        } else if self.waiting.len() < WAITING_LINES {
            self.waiting.push_back(line);
            while let Some(line) = self.waiting.pop_front() {
                if let Err(mpsc::error::TrySendError::Full(line)) = self.output.try_send(line) {
                    self.waiting.push_front(line);
                    return;
                }
            }
        } else {
            self.left_out += 1;
        }
    }

    /// Passes one waiting line on as soon as there is room; never ends when none waits. Loses nothing when
    /// it is dropped, so it can be raced against the source of the lines.
    pub async fn pump(&mut self) {
        if self.waiting.is_empty() {
            std::future::pending::<()>().await;
        }
        match self.output.reserve().await {
            Ok(permit) => {
                if let Some(line) = self.waiting.pop_front() {
                    permit.send(line);
                }
            }
            Err(_) => self.waiting.clear(),
        }
    }

    /// Passes the rest on, as far as the receiver takes it in time.
    pub async fn finish(mut self) {
        if self.left_out > 0 {
            let text = format!(
                "({} lines left out: they came faster than they were read)",
                self.left_out
            );
            self.waiting.push_back(LogLine {
                at_millis: None,
                stderr: true,
                text,
            });
        }
        while !self.waiting.is_empty() {
            if tokio::time::timeout(RECEIVER_PATIENCE, self.pump())
                .await
                .is_err()
            {
                return;
            }
        }
    }
}

/// The text, cut at [`LINE_LIMIT`] and at a character's boundary.
pub fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(LINE_LIMIT)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(number: usize) -> LogLine {
        LogLine {
            at_millis: None,
            stderr: false,
            text: number.to_string(),
        }
    }

    #[tokio::test]
    async fn a_slow_receiver_gets_all_in_order() {
        let (sender, mut receiver) = mpsc::channel(1);
        let mut forwarder = Forwarder::new(sender);
        (0..50).for_each(|number| forwarder.push(line(number)));
        let reader = tokio::spawn(async move {
            let mut texts = Vec::new();
            while let Some(line) = receiver.recv().await {
                texts.push(line.text);
            }
            texts
        });
        forwarder.finish().await;
        assert_eq!(
            reader.await.unwrap(),
            (0..50).map(|number| number.to_string()).collect::<Vec<_>>()
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_stuck_receiver_holds_nothing_up() {
        let (sender, _receiver) = mpsc::channel(1);
        let mut forwarder = Forwarder::new(sender);
        (0..WAITING_LINES + 10).for_each(|number| forwarder.push(line(number)));
        assert!(forwarder.left_out > 0);
        forwarder.finish().await;
    }

    #[tokio::test]
    async fn a_closed_receiver_holds_nothing_up() {
        let (sender, receiver) = mpsc::channel(1);
        drop(receiver);
        let mut forwarder = Forwarder::new(sender);
        (0..5).for_each(|number| forwarder.push(line(number)));
        forwarder.finish().await;
    }

    #[test]
    fn lines_are_cut_between_characters() {
        let text = "ü".repeat(LINE_LIMIT);
        assert_eq!(cut(&text).len(), LINE_LIMIT);
        assert_eq!(cut(&format!("x{text}")).len(), LINE_LIMIT - 1);
    }
}
