//! Runs whose standard input and output are streams.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::workload::ExitStatus;

/// What is carried at once, in either direction.
pub const CHUNK: usize = 64 * 1024;
/// What is kept of standard error: its end, where programs say why they failed.
const TAIL: usize = 8 * 1024;

/// The standard streams of a [`pipe`](crate::Engine::pipe).
pub struct Pipes<'i, 'o> {
    /// What the program reads; without, it finds the end at once.
    pub stdin: Option<&'i mut (dyn AsyncRead + Send + Unpin)>,
    /// Where its output goes; without, it is thrown away.
    pub stdout: Option<&'o mut (dyn AsyncWrite + Send + Unpin)>,
}

/// How a piped run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piped {
    /// How the program ended.
    pub status: ExitStatus,
    /// The last 8 KiB that it wrote to standard error; bytes that are no UTF-8 are replaced.
    pub stderr: String,
}

/// Which of the caller's own streams failed, and how.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    /// The input could not be read further.
    #[error("its input could not be read to the end: {0}")]
    Input(io::Error),
    /// The output could not be written further.
    #[error("its output could not be written: {0}")]
    Output(io::Error),
}

/// Writes the whole input to a program, and then its end. A program that takes no more is no failure: how it ends
/// says what that means.
pub async fn feed(
    input: &mut (dyn AsyncRead + Send + Unpin),
    program: &mut (dyn AsyncWrite + Send + Unpin),
) -> Result<(), Broken> {
    let mut chunk = vec![0; CHUNK];
    loop {
        let read = input.read(&mut chunk).await.map_err(Broken::Input)?;
        if read == 0 {
            drop(program.shutdown().await);
            return Ok(());
        }
        if program.write_all(&chunk[..read]).await.is_err() {
            return Ok(());
        }
    }
}

/// The end of a stream of bytes.
#[derive(Debug, Default)]
pub struct Tail(Vec<u8>);

impl Tail {
    /// Takes what came next.
    pub fn push(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
        if self.0.len() > 2 * TAIL {
            self.0.drain(..self.0.len() - TAIL);
        }
    }

    /// What is left of it, from the beginning of a line where there is one.
    pub fn text(&self) -> String {
        let kept = &self.0[self.0.len().saturating_sub(TAIL)..];
        let is_cut = kept.len() < self.0.len();
        let start = if is_cut {
            kept.iter().position(|byte| *byte == b'\n').map(|at| at + 1)
        } else {
            None
        };
        String::from_utf8_lossy(&kept[start.unwrap_or(0)..]).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::{TAIL, Tail};

    #[test]
    fn the_end_of_a_long_stream_is_kept_in_whole_lines() {
        let mut tail = Tail::default();
        for number in 0..10_000 {
            tail.push(format!("line {number}\n").as_bytes());
        }
        let text = tail.text();
        assert!(text.len() <= TAIL && text.len() > TAIL / 2);
        assert!(text.starts_with("line "), "{}", &text[..20]);
        assert!(text.ends_with("line 9999\n"));
    }

    #[test]
    fn a_short_stream_is_kept_whole() {
        let mut tail = Tail::default();
        assert_eq!(tail.text(), "");
        tail.push(b"one\ntw\xffo");
        assert_eq!(tail.text(), "one\ntw\u{fffd}o");
    }
}
