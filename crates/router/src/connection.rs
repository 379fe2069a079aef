//! One connection of a client: its requests one after the other, until it ends or the router stops.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{HttpService, service_fn};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::OwnedSemaphorePermit;

use crate::body::{LastOfTurn, Turn};
use crate::headers::Peer;
use crate::patience::Patience;
use crate::proxy;
use crate::worker::Worker;

/// A connected client. Counted, and in the limit of connections, as long as this exists: a tunnel
/// keeps it beyond the HTTP part of its connection.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) worker: Arc<Worker>,
    pub(crate) peer: Peer,
    pub(crate) patience: Arc<Patience>,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Client {
    pub(crate) fn new(
        worker: &Arc<Worker>,
        address: SocketAddr,
        is_encrypted: bool,
        permit: Option<OwnedSemaphorePermit>,
    ) -> Arc<Self> {
        worker.connection_opened();
        Arc::new(Self {
            worker: Arc::clone(worker),
            peer: Peer::new(address, is_encrypted, &worker.trusted_proxies),
            patience: Patience::new(&worker.clock),
            _permit: permit,
        })
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.worker.connection_closed();
    }
}

/// Serves until the client leaves. When the router stops, every answer says `Connection: close`, and
/// after the last call an idle connection is closed: a request that was on its way is still answered.
pub(crate) async fn serve<S>(client: Arc<Client>, stream: S, http: http1::Builder)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let worker = Arc::clone(&client.worker);
    let patience = Arc::clone(&client.patience);
    let mut connection = pin!(
        http.serve_connection(TokioIo::new(stream), service(client))
            .with_upgrades()
    );
    let mut last_call = pin!(async {
        worker.stop.cancelled().await;
        tokio::time::sleep(worker.timeouts.last_call).await;
    });
    let (mut is_registered, mut is_told) = (false, false);
    // A select over the token would take its lock at every wake-up of the connection. Registering once
    // is enough: the waker of a task does not change.
    let ended = poll_fn(|context| {
        if !is_told && (!is_registered || worker.is_stopping()) {
            is_registered = true;
            patience.wake_task_of(context);
            if last_call.as_mut().poll(context).is_ready() {
                is_told = true;
                connection.as_mut().graceful_shutdown();
            }
        }
        match connection.as_mut().poll(context) {
            // An overdue upstream was given up in this poll, so it is the client.
            Poll::Pending if patience.is_overdue() => Poll::Ready(None),
            polled => polled.map(Some),
        }
    })
    .await;
    patience.forget_task();
    match ended {
        Some(Ok(())) => {}
        Some(Err(error)) => tracing::debug!(%error, "a client connection ended early"),
        None => tracing::debug!("a client did not send the head of a request in time"),
    }
}

fn service(
    client: Arc<Client>,
) -> impl HttpService<Incoming, ResBody = LastOfTurn, Error = Infallible, Future: Send> {
    service_fn(move |request| proxy::handle(Turn::begin(Arc::clone(&client)), request))
}
