//! Requests and answers whose bodies are streams.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::answer::Answer;
use super::exchange::{Call, connector};
use super::failure::{Failure, causes};

/// A server that takes or gives nothing for so long has gone: disks have been seen to pause for half a minute.
const SILENCE: Duration = Duration::from_mins(2);
/// Chunks on their way to the server.
const UNDER_WAY: usize = 4;
/// An answer that is no stream: a page of names at most.
const ANSWER_BYTES: usize = 16 * 1024 * 1024;

/// What gives a body, chunk by chunk.
pub(crate) trait Chunks: Send {
    /// Why it cannot.
    type Error: Send;

    /// What comes next; an empty chunk at the end.
    fn next(&mut self) -> impl Future<Output = Result<Bytes, Self::Error>> + Send;
}

/// The way to a server, for streams.
#[derive(Clone)]
pub(crate) struct Streams(Pool<HttpConnector, Outgoing>);

/// What goes to the server.
pub(crate) struct Outgoing {
    chunks: Option<mpsc::Receiver<Bytes>>,
    left: u64,
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let Some(chunks) = &mut self.chunks else {
            return Poll::Ready(None);
        };
        chunks.poll_recv(context).map(|chunk| match chunk {
            Some(chunk) => {
                let length = u64::try_from(chunk.len()).unwrap_or(u64::MAX);
                self.left = self.left.saturating_sub(length);
                Some(Ok(Frame::data(chunk)))
            }
            // Who gives the chunks has failed: the server must not take this for the end.
            None => Some(Err(io::Error::other("the stream broke off"))),
        })
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

/// An answer that is read as it comes.
pub(crate) struct Download {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    body: Incoming,
}

impl Streams {
    pub(crate) fn new() -> Self {
        Self(Pool::builder(TokioExecutor::new()).build(connector()))
    }

    /// A request without a body.
    pub(crate) async fn get(&self, call: Call) -> Result<Download, Failure> {
        let body = Outgoing {
            chunks: None,
            left: 0,
        };
        self.send(call, HeaderMap::new(), body).await
    }

    /// A request with further headers and a body of exactly so many bytes. The first of the results is that of what
    /// gives the body.
    pub(crate) async fn put<C: Chunks>(
        &self,
        mut call: Call,
        further: HeaderMap,
        size: u64,
        chunks: &mut C,
    ) -> Result<Result<Answer, Failure>, C::Error> {
        let (sender, receiver) = mpsc::channel(UNDER_WAY);
        let body = Outgoing {
            chunks: Some(receiver),
            left: size,
        };
        call.headers.push((CONTENT_LENGTH.as_str(), size.into()));
        let asking = async {
            let answer = self.send(call, further, body).await?;
            answer.whole().await
        };
        let giving = async {
            loop {
                let chunk = chunks.next().await?;
                // One that takes no more has answered already.
                if chunk.is_empty()
                    || !matches!(timeout(SILENCE, sender.send(chunk)).await, Ok(Ok(())))
                {
                    break;
                }
            }
            drop(sender);
            Ok(())
        };
        let (given, answer) = tokio::join!(giving, asking);
        given.map(|()| answer)
    }

    async fn send(
        &self,
        call: Call,
        further: HeaderMap,
        body: Outgoing,
    ) -> Result<Download, Failure> {
        let is_large = body.left > 0;
        let mut request = Request::builder()
            .method(call.method)
            .uri(call.url)
            .body(body)
            .map_err(|error| Failure::NotSent(error.to_string()))?;
        for (name, value) in call.headers {
            request.headers_mut().insert(name, value);
        }
        request.headers_mut().extend(further);
        let asking = self.0.request(request);
        // What has a body of its own is watched where that is given.
        let answer = if is_large {
            asking.await
        } else {
            timeout(SILENCE, asking)
                .await
                .map_err(|_| Failure::Elapsed)?
        };
        let answer = answer.map_err(|error| {
            if error.is_connect() {
                Failure::NotSent(causes(&error))
            } else {
                Failure::Broken(causes(&error))
            }
        })?;
        let (head, body) = answer.into_parts();
        Ok(Download {
            status: head.status,
            headers: head.headers,
            body,
        })
    }
}

impl Download {
    /// What comes next; nothing at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        loop {
            let frame = timeout(SILENCE, self.body.frame()).await;
            match frame.map_err(|_| Failure::Elapsed)? {
                None => return Ok(None),
                Some(Err(error)) => return Err(Failure::Broken(causes(&error))),
                Some(Ok(frame)) => {
                    if let Ok(bytes) = frame.into_data() {
                        return Ok(Some(bytes));
                    }
                }
            }
        }
    }

    /// All of it, of an answer that is short.
    pub(crate) async fn whole(self) -> Result<Answer, Failure> {
        let body = Limited::new(self.body, ANSWER_BYTES).collect();
        let body = timeout(SILENCE, body).await.map_err(|_| Failure::Elapsed)?;
        let body = body.map_err(|error| Failure::Broken(causes(error.as_ref())))?;
        Ok(Answer {
            status: self.status,
            headers: self.headers,
            body: body.to_bytes(),
        })
    }
}
