//! Reads an archive: from a stream of what is stored to the content.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};
use zstd::stream::raw::{DParameter, Decoder, InBuffer, Operation, OutBuffer};

use super::chunk::{Chunks, STORED, TAG};
use super::error::Error;
use super::header::{self, LENGTH};
use super::key::Key;
use super::label::Label;
use super::measure::{Measure, Measured};
use super::seal::Bytes;

/// What is unpacked at once.
const OUTPUT: usize = 128 * 1024;
/// The longest way back in the content, as a power of two: eight MiB, more than is written, and a bound of memory.
const WINDOW: u32 = 23;

/// The content of an archive: needs a few hundred KiB and the compression's window, however long it is. Hands out
/// nothing that was not written by who had the key, and ends only where the archive ends.
pub struct Opener<R> {
    stored: R,
    chunks: Chunks,
    /// Of the stored bytes, one more than a chunk: with it the chunk is known not to be the last.
    read: Vec<u8>,
    /// Of a chunk that was opened.
    compressed: Bytes,
    compression: Decoder<'static>,
    /// Whether the compression says that the content is whole.
    is_whole: bool,
    was_last: bool,
    /// Whether the compression may have more to give without more input.
    is_full: bool,
    content: Bytes,
    measured: Measure,
    has_failed: bool,
}

impl<R: AsyncRead + Unpin> Opener<R> {
    /// Reads header and label.
    pub async fn new(mut stored: R, key: &Key) -> Result<(Label, Self), Error> {
        let mut start = [0; LENGTH];
        if let Err(error) = stored.read_exact(&mut start).await {
            return Err(match error.kind() {
                io::ErrorKind::UnexpectedEof => Error::Truncated,
                _ => Error::Read(error),
            });
        }
        let payload = header::read(&start, key)?;
        let mut compression = Decoder::new().map_err(|error| Error::Content(error.to_string()))?;
        compression
            .set_parameter(DParameter::WindowLogMax(WINDOW))
            .map_err(|error| Error::Content(error.to_string()))?;
        let mut opener = Self {
            stored,
            chunks: Chunks::new(&payload),
            read: Vec::with_capacity(STORED + 1),
            compressed: Bytes::default(),
            compression,
            is_whole: false,
            was_last: false,
            is_full: false,
            content: Bytes::default(),
            measured: Measure::default(),
            has_failed: false,
        };
        std::future::poll_fn(|context| opener.next_chunk(context)).await?;
        let (label, length) = Label::read(opener.compressed.rest())?;
        opener.compressed.next(length);
        Ok((label, opener))
    }

    /// What was handed out; none before the end.
    pub fn read(&self) -> Option<Measured> {
        let is_end = self.is_whole && self.was_last && self.content.is_empty() && !self.has_failed;
        is_end.then(|| self.measured.so_far())
    }

    /// Reads all to the end and keeps nothing: whether the archive is whole.
    pub async fn check(mut self) -> Result<Measured, Error> {
        let mut room = vec![0; OUTPUT];
        loop {
            let read = self.read_content(&mut room).await?;
            if read == 0 {
                return Ok(self.measured.so_far());
            }
        }
    }

    async fn read_content(&mut self, room: &mut [u8]) -> Result<usize, Error> {
        std::future::poll_fn(|context| {
            if let Err(error) = ready!(self.fill(context)) {
                return Poll::Ready(Err(error));
            }
            let bytes = self.content.next(room.len());
            self.measured.add(bytes);
            room[..bytes.len()].copy_from_slice(bytes);
            Poll::Ready(Ok(bytes.len()))
        })
        .await
    }

    /// Until there is content, or the end.
    fn fill(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        while self.content.is_empty() {
            if self.is_full || !self.compressed.is_empty() {
                self.unpack()?;
            } else if !self.was_last {
                ready!(self.next_chunk(context))?;
            } else if self.is_whole {
                return Poll::Ready(Ok(()));
            } else {
                return Poll::Ready(Err(Error::Content("it ends before its end".to_owned())));
            }
        }
        Poll::Ready(Ok(()))
    }

    fn unpack(&mut self) -> Result<(), Error> {
        if self.is_whole {
            return Err(Error::Content("something stands behind its end".to_owned()));
        }
        let mut room = self.content.room(OUTPUT);
        let mut input = InBuffer::around(self.compressed.rest());
        let mut output = OutBuffer::around(&mut room);
        let left = self
            .compression
            .run(&mut input, &mut output)
            .map_err(|error| Error::Content(error.to_string()))?;
        self.is_full = output.pos() == output.capacity() && left != 0;
        let taken = input.pos;
        self.compressed.next(taken);
        self.content = Bytes::of(room);
        self.is_whole = left == 0;
        Ok(())
    }

    /// Reads and opens a chunk.
    fn next_chunk(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let has_more = ready!(self.read_chunk(context))?;
        let at = self.chunks.place();
        let next = has_more.then(|| self.read.split_off(STORED));
        if self.read.len() < TAG {
            return Poll::Ready(Err(Error::Truncated));
        }
        let mut chunk = std::mem::replace(&mut self.read, self.compressed.take());
        self.read.clear();
        self.read
            .extend_from_slice(next.as_deref().unwrap_or_default());
        if !self.chunks.open(&mut chunk, !has_more) {
            let error = if has_more {
                Error::Damaged { at }
            } else {
                Error::Truncated
            };
            return Poll::Ready(Err(error));
        }
        self.was_last = !has_more;
        self.compressed = Bytes::of(chunk);
        Poll::Ready(Ok(()))
    }

    /// Reads until there is one byte more than a chunk, or no more; whether there is more.
    fn read_chunk(&mut self, context: &mut Context<'_>) -> Poll<Result<bool, Error>> {
        loop {
            let before = self.read.len();
            if before > STORED {
                return Poll::Ready(Ok(true));
            }
            self.read.resize(STORED + 1, 0);
            let mut room = ReadBuf::new(&mut self.read[before..]);
            let read = Pin::new(&mut self.stored).poll_read(context, &mut room);
            let filled = room.filled().len();
            self.read.truncate(before + filled);
            ready!(read).map_err(Error::Read)?;
            if filled == 0 {
                return Poll::Ready(Ok(false));
            }
        }
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for Opener<R> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.has_failed {
            return Poll::Ready(Err(io::Error::other(
                "the archive could not be read on before",
            )));
        }
        if let Err(error) = ready!(this.fill(context)) {
            this.has_failed = true;
            return Poll::Ready(Err(error.into_stream()));
        }
        let bytes = this.content.next(buffer.remaining());
        this.measured.add(bytes);
        buffer.put_slice(bytes);
        Poll::Ready(Ok(()))
    }
}
