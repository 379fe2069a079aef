//! One connection of a client: its requests one after the other, until it ends or the router stops.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{HttpService, service_fn};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;

use crate::body::ResponseBody;
use crate::headers::Peer;
use crate::proxy;
use crate::worker::Worker;

/// How long a connection that waited in the queue at the stop has for its request head. The client
/// believes to be connected, so the head is there already or a round trip away.
const LAST_CALL: Duration = Duration::from_secs(1);

/// A connected client. Counted, and in the limit of connections, as long as this exists: a tunnel
/// keeps it beyond the HTTP part of its connection.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) worker: Arc<Worker>,
    pub(crate) peer: Peer,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Client {
    pub(crate) fn new(
        worker: &Arc<Worker>,
        address: SocketAddr,
        permit: Option<OwnedSemaphorePermit>,
    ) -> Arc<Self> {
        worker.connection_opened();
        Arc::new(Self {
            worker: Arc::clone(worker),
            peer: Peer::new(address, &worker.trusted_proxies),
            _permit: permit,
        })
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.worker.connection_closed();
    }
}

/// Serves until the client leaves; when the router stops, until the request in flight is answered.
pub(crate) async fn serve(client: Arc<Client>, stream: TcpStream, http: http1::Builder) {
    let worker = Arc::clone(&client.worker);
    let mut connection = pin!(
        http.serve_connection(TokioIo::new(stream), service(client))
            .with_upgrades()
    );
    let mut stopped = pin!(worker.stop.cancelled());
    let (mut is_registered, mut is_told) = (false, false);
    // A select over the token would take its lock at every wake-up of the connection. Registering once
    // is enough: the waker of a task does not change.
    let ended = poll_fn(|context| {
        if !is_told && (!is_registered || worker.is_stopping()) {
            is_registered = true;
            if stopped.as_mut().poll(context).is_ready() {
                is_told = true;
                connection.as_mut().graceful_shutdown();
            }
        }
        connection.as_mut().poll(context)
    })
    .await;
    log_end(ended);
}

/// Answers one request of a client that came before the stop and was accepted after it.
pub(crate) async fn serve_once(client: Arc<Client>, stream: TcpStream, mut http: http1::Builder) {
    let time_out = LAST_CALL.min(client.worker.timeouts.request_header);
    http.keep_alive(false).header_read_timeout(time_out);
    let connection = http
        .serve_connection(TokioIo::new(stream), service(client))
        .with_upgrades();
    log_end(connection.await);
}

fn service(
    client: Arc<Client>,
) -> impl HttpService<Incoming, ResBody = ResponseBody, Error = Infallible, Future: Send> {
    service_fn(move |request| {
        let answer = proxy::handle(Arc::clone(&client), request);
        async { Ok::<_, Infallible>(answer.await) }
    })
}

fn log_end(ended: hyper::Result<()>) {
    if let Err(error) = ended {
        tracing::debug!(%error, "a client connection ended early");
    }
}
