//! Writes an archive: from a stream of content to a stream of what is to be stored.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};
use zstd::stream::raw::{CParameter, Encoder, InBuffer, Operation, OutBuffer};

use super::chunk::{CONTENT, Chunks, STORED};
use super::header;
use super::key::Key;
use super::label::Label;
use super::measure::{Measure, Measured};

/// What is read of the content at once.
const INPUT: usize = 128 * 1024;
/// What the compression gives at once.
const OUTPUT: usize = 128 * 1024;

/// How much work the compression is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// Text, or what has not been compressed: zstd's usual level.
    Usual,
    /// It is compressed already: it passes at the speed of the disk, and what can be saved is.
    Least,
}

impl Effort {
    fn level(self) -> i32 {
        match self {
            Self::Usual => 3,
            Self::Least => -5,
        }
    }
}

/// What an archive is, once it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The content.
    pub content: Measured,
    /// What is stored.
    pub stored: Measured,
}

/// An archive that is read out while it is made: needs a few hundred KiB, however long the content is.
///
/// An error of the content is an error of this stream, which then has no end: nothing that was stored of it can be
/// opened as a whole archive.
pub struct Sealer<R> {
    content: R,
    chunks: Chunks,
    compression: Encoder<'static>,
    stage: Stage,
    input: Box<[u8]>,
    /// The part of `input` that is not compressed yet.
    unread: std::ops::Range<usize>,
    /// What came out of the compression, as far as it is in no chunk yet.
    compressed: Bytes,
    /// The chunk that is being filled.
    chunk: Vec<u8>,
    /// What can be handed out.
    sealed: Bytes,
    measured_content: Measure,
    measured_stored: Measure,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// There may be more content.
    Reading,
    /// The compression gives the rest.
    Ending,
    /// All is in chunks but the last.
    Compressed,
    Ended,
    Failed,
}

impl<R: AsyncRead + Unpin> Sealer<R> {
    /// An archive of that content.
    pub fn new(content: R, key: &Key, label: &Label, effort: Effort) -> io::Result<Self> {
        let (start, payload) = header::write(key)?;
        let mut compression = Encoder::new(effort.level())?;
        compression.set_parameter(CParameter::ChecksumFlag(true))?;
        Ok(Self {
            content,
            chunks: Chunks::new(&payload),
            compression,
            stage: Stage::Reading,
            input: vec![0; INPUT].into(),
            unread: 0..0,
            compressed: Bytes::of(label.write().map_err(super::Error::into_stream)?),
            chunk: Vec::with_capacity(STORED),
            sealed: Bytes::of(start),
            measured_content: Measure::default(),
            measured_stored: Measure::default(),
        })
    }

    /// What was written; none before the end was handed out.
    pub fn written(&self) -> Option<Written> {
        let is_whole = self.stage == Stage::Ended && self.sealed.is_empty();
        is_whole.then(|| Written {
            content: self.measured_content.so_far(),
            stored: self.measured_stored.so_far(),
        })
    }

    fn seal(&mut self, is_last: bool) {
        let mut chunk = std::mem::replace(&mut self.chunk, self.sealed.take());
        self.chunk.clear();
        self.chunks.seal(&mut chunk, is_last);
        self.sealed = Bytes::of(chunk);
    }

    /// One step: reads, compresses or seals something.
    fn advance(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.compressed.is_empty() {
            if self.chunk.len() == CONTENT {
                self.seal(false);
            } else {
                let room = CONTENT - self.chunk.len();
                self.chunk.extend_from_slice(self.compressed.next(room));
            }
            return Poll::Ready(Ok(()));
        }
        match self.stage {
            Stage::Reading if self.unread.is_empty() => {
                let mut input = ReadBuf::new(&mut self.input);
                ready!(Pin::new(&mut self.content).poll_read(context, &mut input))?;
                let read = input.filled().len();
                self.measured_content.add(input.filled());
                self.unread = 0..read;
                if read == 0 {
                    self.stage = Stage::Ending;
                }
            }
            Stage::Reading => {
                let mut room = self.compressed.room(OUTPUT);
                let mut input = InBuffer::around(&self.input[self.unread.clone()]);
                let mut output = OutBuffer::around(&mut room);
                self.compression.run(&mut input, &mut output)?;
                self.unread.start += input.pos;
                self.compressed = Bytes::of(room);
            }
            Stage::Ending => {
                let mut room = self.compressed.room(OUTPUT);
                let left = self
                    .compression
                    .finish(&mut OutBuffer::around(&mut room), true)?;
                self.compressed = Bytes::of(room);
                if left == 0 {
                    self.stage = Stage::Compressed;
                }
            }
            Stage::Compressed => {
                self.seal(true);
                self.stage = Stage::Ended;
            }
            Stage::Ended | Stage::Failed => {}
        }
        Poll::Ready(Ok(()))
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for Sealer<R> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            if !this.sealed.is_empty() {
                let bytes = this.sealed.next(buffer.remaining());
                this.measured_stored.add(bytes);
                buffer.put_slice(bytes);
                return Poll::Ready(Ok(()));
            }
            match this.stage {
                Stage::Ended => return Poll::Ready(Ok(())),
                // Never an end in the place of an error that was told once.
                Stage::Failed => {
                    return Poll::Ready(Err(io::Error::other("the archive broke off before")));
                }
                Stage::Reading | Stage::Ending | Stage::Compressed => {}
            }
            if let Err(error) = ready!(this.advance(context)) {
                this.stage = Stage::Failed;
                this.compressed = Bytes::default();
                return Poll::Ready(Err(error));
            }
        }
    }
}

/// Bytes that are taken from the front; the buffer is used again.
#[derive(Default)]
pub(super) struct Bytes {
    bytes: Vec<u8>,
    taken: usize,
}

impl Bytes {
    pub(super) fn of(bytes: Vec<u8>) -> Self {
        Self { bytes, taken: 0 }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.taken == self.bytes.len()
    }

    pub(super) fn rest(&self) -> &[u8] {
        &self.bytes[self.taken..]
    }

    /// At most so many.
    pub(super) fn next(&mut self, most: usize) -> &[u8] {
        let from = self.taken;
        self.taken += most.min(self.bytes.len() - from);
        &self.bytes[from..self.taken]
    }

    /// The buffer.
    pub(super) fn take(&mut self) -> Vec<u8> {
        self.taken = 0;
        std::mem::take(&mut self.bytes)
    }

    /// The buffer, empty and with that capacity.
    pub(super) fn room(&mut self, capacity: usize) -> Vec<u8> {
        let mut bytes = self.take();
        bytes.clear();
        bytes.reserve(capacity);
        bytes
    }
}
