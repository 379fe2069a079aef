//! Accepting connections, and sharing them out among the workers.
//!
//! The kernel spreads connections over the listeners by a hash, which may give one worker twice as many as
//! another. Connections that stay open would then wait for a busy core beside an idle one.

use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{Ordering, fence};
use std::task::Poll;
use std::time::Duration;

use hyper::server::conn::http1;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::either::Either;

use crate::connection::{self, Client};
use crate::fleet::Fleet;
use crate::socket::Socket;
use crate::tls::{self, Certificates};
use crate::worker::Worker;

/// A pause after a failed accept: the usual cause is no free file descriptor, which ends by itself.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What accepts the connections of one listener of one worker.
pub(crate) struct Acceptor {
    pub(crate) worker: Arc<Worker>,
    pub(crate) fleet: Arc<Fleet>,
    pub(crate) permits: Arc<Semaphore>,
    pub(crate) http: http1::Builder,
    /// Of a listener for TLS.
    pub(crate) certificates: Option<Arc<Certificates>>,
}

impl Acceptor {
    /// Accepts until the worker stops.
    pub(crate) async fn run(self, listener: TcpListener) {
        let stop = &self.worker.stop;
        loop {
            let permit = tokio::select! {
                () = stop.cancelled() => break,
                permit = Arc::clone(&self.permits).acquire_owned() => permit,
            };
            let Ok(permit) = permit else { break };
            let accepted = tokio::select! {
                biased;
                accepted = listener.accept() => accepted,
                () = stop.cancelled() => break,
            };
            match accepted {
                Ok((stream, address)) => self.share_out(stream, address, permit),
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) => {
                    tracing::warn!(%error, "accepting a connection failed");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
        // The kernel would reset the connections that wait in the queue of a closed listener.
        while let Some(Ok((stream, address))) = now_or_never(listener.accept()).await {
            self.keep(stream, address, None);
        }
    }

    /// Gives a connection to the worker with the fewest, if that is another one by more than one.
    fn share_out(&self, stream: TcpStream, address: SocketAddr, permit: OwnedSemaphorePermit) {
        let least_busy = self
            .fleet
            .workers()
            .iter()
            .min_by_key(|worker| worker.connections());
        let Some(other) =
            least_busy.filter(|other| other.connections() + 1 < self.worker.connections())
        else {
            return self.keep(stream, address, Some(permit));
        };
        // Taken before the look at its stop, so that it either is seen to stop or waits for this task.
        let token = other.tasks.token();
        fence(Ordering::SeqCst);
        let Some(runtime) = other.runtime.get().filter(|_| !other.is_stopping()) else {
            return self.keep(stream, address, Some(permit));
        };
        let stream = match stream.into_std() {
            Ok(stream) => stream,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be taken to another worker");
                return;
            }
        };
        let certificates = self.certificates.clone();
        let client = Client::new(other, address, certificates.is_some(), Some(permit));
        let http = self.http.clone();
        runtime.spawn(async move {
            match TcpStream::from_std(stream) {
                Ok(stream) => serve(client, stream, http, certificates).await,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be taken from another worker");
                }
            }
            drop(token);
        });
    }

    fn keep(&self, stream: TcpStream, address: SocketAddr, permit: Option<OwnedSemaphorePermit>) {
        let certificates = self.certificates.clone();
        let client = Client::new(&self.worker, address, certificates.is_some(), permit);
        let http = self.http.clone();
        self.worker
            .tasks
            .spawn(serve(client, stream, http, certificates));
    }
}

/// Serves a connection as its listener says. What TLS needs is apart, so that a plain connection is no larger and
/// no slower for it.
fn serve(
    client: Arc<Client>,
    stream: TcpStream,
    http: http1::Builder,
    certificates: Option<Arc<Certificates>>,
) -> impl Future<Output = ()> + Send {
    match certificates {
        None => {
            let socket = Socket::of_client(stream, Arc::clone(&client.patience));
            Either::Left(connection::serve(client, socket, http))
        }
        Some(certificates) => {
            Either::Right(Box::pin(tls::serve(client, stream, http, certificates)))
        }
    }
}

async fn now_or_never<F: Future>(future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::router::Router;
    use crate::settings::Settings;

    #[tokio::test]
    async fn every_worker_has_its_share_of_the_connections() {
        let directory = tempfile::tempdir().unwrap();
        let mut settings = Settings::new(
            vec!["127.0.0.1:0".parse().unwrap()],
            directory.path().join("table.json"),
            directory.path().join("control.sock"),
        );
        settings.workers = NonZeroUsize::new(4);
        let router = Router::bind(settings).unwrap();
        let (address, fleet) = (router.addresses()[0], router.fleet());
        let stop = CancellationToken::new();
        let serving = tokio::spawn(router.serve(stop.clone()));
        let mut clients = Vec::new();
        for _ in 0..40 {
            let mut client = TcpStream::connect(address).await.unwrap();
            client
                .write_all(b"GET / HTTP/1.1\r\nHost: nobody\r\n\r\n")
                .await
                .unwrap();
            let mut answer = [0; 12];
            client.read_exact(&mut answer).await.unwrap();
            assert_eq!(&answer, b"HTTP/1.1 404");
            clients.push(client);
        }
        let shares: Vec<u64> = fleet
            .workers()
            .iter()
            .map(|worker| worker.connections())
            .collect();
        assert_eq!(shares.iter().sum::<u64>(), 40);
        assert!(
            shares.iter().all(|share| (8..=12).contains(share)),
            "{shares:?}"
        );
        drop(clients);
        stop.cancel();
        serving.await.unwrap().unwrap();
    }
}
