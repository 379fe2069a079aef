//! Content and archives to test with.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};
use windlass_backups::archive::{Effort, Error, Key, Label, Measured, Opener, Sealer, Written};

pub(crate) fn label() -> Label {
    Label {
        backup: "0190a0a0-0000-7000-8000-000000000001".to_owned(),
        driver: "postgres".to_owned(),
        format: "custom".to_owned(),
        version: "15".to_owned(),
    }
}

/// Bytes that do not compress, the same each time.
pub(crate) fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

pub(crate) async fn seal(content: &[u8], key: &Key, effort: Effort) -> (Vec<u8>, Written) {
    let mut sealer = Sealer::new(content, key, &label(), effort).unwrap();
    assert_eq!(sealer.written(), None);
    let mut stored = Vec::new();
    sealer.read_to_end(&mut stored).await.unwrap();
    let written = sealer.written().expect("it is whole");
    (stored, written)
}

/// What could be read, and how it ended.
pub(crate) async fn open(stored: &[u8], key: &Key) -> (Vec<u8>, Result<Measured, Error>) {
    let mut content = Vec::new();
    let mut opener = match Opener::new(stored, key).await {
        Ok((found, opener)) => {
            assert_eq!(found, label());
            opener
        }
        Err(error) => return (content, Err(error)),
    };
    match opener.read_to_end(&mut content).await {
        Ok(_) => (content, Ok(opener.read().expect("it is whole"))),
        Err(error) => {
            assert_eq!(opener.read(), None);
            let again = opener.read_u8().await;
            assert!(again.is_err(), "an error is no end the second time either");
            let error = error.into_inner().expect("a cause").downcast::<Error>();
            (content, Err(*error.expect("the archive's error")))
        }
    }
}

/// Gives bytes in pieces of those sizes, over and over, and is not ready between them.
pub(crate) struct Pieces<'a> {
    rest: &'a [u8],
    sizes: Vec<usize>,
    turn: usize,
    is_ready: bool,
}

impl<'a> Pieces<'a> {
    pub(crate) fn new(bytes: &'a [u8], sizes: Vec<usize>) -> Self {
        Self {
            rest: bytes,
            sizes,
            turn: 0,
            is_ready: false,
        }
    }
}

impl AsyncRead for Pieces<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.is_ready = !self.is_ready;
        if self.is_ready {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let size = self.sizes[self.turn % self.sizes.len()];
        self.turn += 1;
        let size = size.min(self.rest.len()).min(buffer.remaining());
        let (piece, rest) = self.rest.split_at(size);
        buffer.put_slice(piece);
        self.rest = rest;
        Poll::Ready(Ok(()))
    }
}

/// Content that breaks off with an error.
pub(crate) struct Broken<'a>(pub(crate) &'a [u8]);

impl AsyncRead for Broken<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.0.is_empty() {
            return Poll::Ready(Err(io::Error::other("the dump broke off")));
        }
        let size = self.0.len().min(buffer.remaining());
        let (piece, rest) = self.0.split_at(size);
        buffer.put_slice(piece);
        self.0 = rest;
        Poll::Ready(Ok(()))
    }
}
