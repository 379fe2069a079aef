//! What data passes through on its way out and in.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use windlass_services::data::{Input, Output};

/// What is kept of a stream's end.
const TAIL: usize = 1024;

/// Counts what is written.
pub(crate) struct Counting<'a> {
    output: Output<'a>,
    pub(crate) bytes: u64,
}

impl<'a> Counting<'a> {
    pub(crate) fn of(output: Output<'a>) -> Self {
        Self { output, bytes: 0 }
    }
}

impl AsyncWrite for Counting<'_> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut *self.output).poll_write(context, bytes))?;
        self.bytes += u64::try_from(written).unwrap_or_default();
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.output).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.output).poll_shutdown(context)
    }
}

/// A stream whose beginning was looked at and whose end is remembered.
pub(crate) struct Watched<'a> {
    head: Vec<u8>,
    given: usize,
    input: Input<'a>,
    tail: Vec<u8>,
    /// Why it could not be read to its end, which is not the data's fault.
    pub(crate) broken: Option<String>,
    is_over: bool,
}

impl<'a> Watched<'a> {
    /// Reads so many bytes ahead, or all if there are fewer.
    pub(crate) async fn of(input: Input<'a>, ahead: u64) -> Self {
        let mut head = Vec::new();
        let read = (&mut *input).take(ahead).read_to_end(&mut head).await;
        Self {
            head,
            given: 0,
            input,
            tail: Vec::new(),
            broken: read.err().map(|error| error.to_string()),
            is_over: false,
        }
    }

    /// What was read ahead.
    pub(crate) fn head(&self) -> &[u8] {
        &self.head
    }

    /// Its last bytes, once all of it was read.
    pub(crate) fn tail(&self) -> Option<&[u8]> {
        self.is_over.then_some(self.tail.as_slice())
    }

    fn note(&mut self, bytes: &[u8]) {
        let kept = &bytes[bytes.len().saturating_sub(TAIL)..];
        self.tail.extend_from_slice(kept);
        let more = self.tail.len().saturating_sub(TAIL);
        self.tail.drain(..more);
    }
}

impl AsyncRead for Watched<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(reason) = &self.broken {
            return Poll::Ready(Err(io::Error::other(reason.clone())));
        }
        let before = buffer.filled().len();
        if self.given < self.head.len() {
            let end = self.head.len().min(self.given + buffer.remaining());
            buffer.put_slice(&self.head[self.given..end]);
            self.given = end;
        } else if let Err(error) = ready!(Pin::new(&mut *self.input).poll_read(context, buffer)) {
            self.broken = Some(error.to_string());
            return Poll::Ready(Err(error));
        }
        let new = buffer.filled()[before..].to_vec();
        if new.is_empty() && buffer.remaining() > 0 {
            self.is_over = true;
        }
        self.note(&new);
        Poll::Ready(Ok(()))
    }
}

/// Keeps the end of what is written.
#[derive(Default)]
pub(crate) struct Last(Vec<u8>);

impl Last {
    pub(crate) fn contains(&self, text: &str) -> bool {
        String::from_utf8_lossy(&self.0).contains(text)
    }
}

impl AsyncWrite for Last {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.0.extend_from_slice(bytes);
        let more = self.0.len().saturating_sub(TAIL);
        self.0.drain(..more);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
