//! The bodies that pass through, with what ends when they end.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::runtime::Handle;

use crate::connection::Client;
use crate::patience::Patience;
use crate::upstream::{InFlight, Sender};

/// The body of a request to an upstream.
#[derive(Debug, Default)]
pub(crate) enum RequestBody {
    /// Nothing to send, so the request can be repeated.
    #[default]
    Empty,
    /// What the client sends, as it comes. While it moves, its connection is not overdue.
    Stream(Incoming, Arc<Patience>),
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        match &mut *self {
            Self::Empty => Poll::Ready(None),
            Self::Stream(incoming, patience) => {
                let polled = Pin::new(incoming).poll_frame(context);
                if polled.is_ready() {
                    patience.moved();
                }
                polled
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Stream(incoming, _) => incoming.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty => SizeHint::with_exact(0),
            Self::Stream(incoming, _) => incoming.size_hint(),
        }
    }
}

/// The body of a response to a client.
#[derive(Debug)]
pub(crate) enum ResponseBody {
    /// From this router.
    Own(Option<Bytes>),
    /// From an upstream, as it comes; in flight until it is dropped.
    Stream(Passing),
}

/// One turn of a client connection: from the head of a request to the end of its answer.
#[derive(Debug)]
pub(crate) struct Turn(Arc<Client>);

impl Turn {
    pub(crate) fn begin(client: Arc<Client>) -> Self {
        client.patience.rest();
        Self(client)
    }

    pub(crate) fn client(&self) -> &Arc<Client> {
        &self.0
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.patience.wait_for_client();
    }
}

/// The body of a response, with the turn that ends when it ends.
#[derive(Debug)]
pub(crate) struct LastOfTurn {
    body: ResponseBody,
    _turn: Turn,
}

impl LastOfTurn {
    pub(crate) fn new(body: ResponseBody, turn: Turn) -> Self {
        Self { body, _turn: turn }
    }
}

impl Body for LastOfTurn {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The body of an upstream's answer on its way, with the connection that it comes by.
#[derive(Debug)]
pub(crate) struct Passing {
    incoming: Incoming,
    /// Until it is free again.
    sender: Option<Sender>,
    in_flight: InFlight,
}

impl Passing {
    pub(crate) fn new(incoming: Incoming, sender: Sender, in_flight: InFlight) -> Self {
        Self {
            incoming,
            sender: Some(sender),
            in_flight,
        }
    }

    /// Keeps the connection for the next request when this answer has been read. Usually it is free by
    /// then, and nobody has to wait for it: a task for each request would be dear.
    fn keep_connection(&mut self) {
        let Some(mut sender) = self.sender.take() else {
            return;
        };
        let upstream = self.in_flight.upstream();
        if sender.is_ready() {
            upstream.check_in(sender);
        } else if let Ok(runtime) = Handle::try_current() {
            let upstream = Arc::clone(upstream);
            // hyper closes the connection when the body is not read to its end.
            runtime.spawn(async move {
                if sender.ready().await.is_ok() {
                    upstream.check_in(sender);
                }
            });
        }
    }
}

impl Drop for Passing {
    fn drop(&mut self) {
        self.keep_connection();
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        match &mut *self {
            Self::Own(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Stream(passing) => {
                let polled = Pin::new(&mut passing.incoming).poll_frame(context);
                if matches!(polled, Poll::Ready(None)) {
                    passing.keep_connection();
                }
                polled
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Own(bytes) => bytes.is_none(),
            Self::Stream(passing) => passing.incoming.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Own(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
            Self::Stream(passing) => passing.incoming.size_hint(),
        }
    }
}
