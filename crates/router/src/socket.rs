//! A TCP connection that writes what is small with one plain call.

use std::cell::RefCell;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::patience::Patience;

/// Up to here copying several pieces into one costs less than the kernel's work on a list of them.
const SMALL: usize = 4096;

thread_local! {
    /// Where small pieces become one; it need not be zeroed for each write.
    static WHOLE: RefCell<Vec<u8>> = RefCell::new(Vec::with_capacity(SMALL));
}

/// A connection of either side.
#[derive(Debug)]
pub(crate) struct Socket {
    stream: TcpStream,
    /// Of a client connection: whoever still reads an answer is not late with the next request.
    patience: Option<Arc<Patience>>,
}

impl Socket {
    pub(crate) fn of_client(stream: TcpStream, patience: Arc<Patience>) -> Self {
        Self {
            stream,
            patience: Some(patience),
        }
    }

    pub(crate) fn of_upstream(stream: TcpStream) -> Self {
        Self {
            stream,
            patience: None,
        }
    }

    /// The first byte that the other side sends, left where it is; none when it sends nothing and leaves.
    pub(crate) async fn peek(&self) -> io::Result<Option<u8>> {
        let mut first = [0];
        let count = self.stream.peek(&mut first).await?;
        Ok((count > 0).then_some(first[0]))
    }

    /// Notes what was written.
    #[inline]
    fn note(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let (Some(patience), Poll::Ready(Ok(_))) = (&self.patience, &written) {
            patience.moved();
        }
        written
    }
}

impl AsyncRead for Socket {
    #[inline]
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Socket {
    #[inline]
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.note(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let stream = Pin::new(&mut self.stream);
        if let [only] = pieces {
            let written = stream.poll_write(context, only);
            return self.note(written);
        }
        let length: usize = pieces.iter().map(|piece| piece.len()).sum();
        if length > SMALL {
            let written = stream.poll_write_vectored(context, pieces);
            return self.note(written);
        }
        let written = WHOLE.with_borrow_mut(|whole| {
            whole.clear();
            for piece in pieces {
                whole.extend_from_slice(piece);
            }
            stream.poll_write(context, whole)
        });
        self.note(written)
    }

    #[inline]
    fn is_write_vectored(&self) -> bool {
        true
    }

    #[inline]
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
