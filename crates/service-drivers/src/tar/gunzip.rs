//! A stream as it is, or unpacked if it is gzipped.

use std::io::{self, Write};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use flate2::write::MultiGzDecoder;
use tokio::io::{AsyncRead, ReadBuf};

const MAGIC: [u8; 2] = [0x1f, 0x8b];
/// What is unpacked at once: a thousand times as much at most.
const CHUNK: usize = 2 * 1024;

/// The plain bytes of a stream.
pub(crate) struct Plain<R> {
    input: R,
    unpacking: Option<MultiGzDecoder<Vec<u8>>>,
    ready: Vec<u8>,
    given: usize,
    is_over: bool,
}

impl<R: AsyncRead + Unpin> Plain<R> {
    /// By the beginning of the stream, which is still to be read from it.
    pub(crate) fn of(head: &[u8], input: R) -> Self {
        let unpacking = head
            .starts_with(&MAGIC)
            .then(|| MultiGzDecoder::new(Vec::new()));
        Self {
            input,
            unpacking,
            ready: Vec::new(),
            given: 0,
            is_over: false,
        }
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for Plain<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let Some(decoder) = &mut this.unpacking else {
            return Pin::new(&mut this.input).poll_read(context, buffer);
        };
        loop {
            if this.given < this.ready.len() {
                let end = this.ready.len().min(this.given + buffer.remaining());
                buffer.put_slice(&this.ready[this.given..end]);
                this.given = end;
                return Poll::Ready(Ok(()));
            }
            if this.is_over {
                return Poll::Ready(Ok(()));
            }
            let mut chunk = [0; CHUNK];
            let mut packed = ReadBuf::new(&mut chunk);
            ready!(Pin::new(&mut this.input).poll_read(context, &mut packed))?;
            let packed = packed.filled();
            let bad = |error: io::Error| {
                io::Error::new(
                    io::ErrorKind::InvalidData,
                    format!("it cannot be unpacked: {error}"),
                )
            };
            if packed.is_empty() {
                this.is_over = true;
                decoder.try_finish().map_err(bad)?;
            } else {
                decoder.write_all(packed).map_err(bad)?;
            }
            this.given = 0;
            this.ready = std::mem::take(decoder.get_mut());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use tokio::io::AsyncReadExt;

    use super::Plain;

    async fn read(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
        let mut plain = Vec::new();
        Plain::of(bytes, bytes).read_to_end(&mut plain).await?;
        Ok(plain)
    }

    #[tokio::test]
    async fn gzipped_streams_are_unpacked_and_others_left() {
        let text = b"some text ".repeat(100_000);
        assert_eq!(read(&text).await.expect("plain"), text);
        let mut packer = GzEncoder::new(Vec::new(), Compression::default());
        packer.write_all(&text).expect("packing");
        let packed = packer.finish().expect("packed");
        assert_eq!(read(&packed).await.expect("unpacked"), text);
        for length in [3, packed.len() / 2, packed.len() - 1] {
            assert!(read(&packed[..length]).await.is_err(), "cut at {length}");
        }
    }
}
