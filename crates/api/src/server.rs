//! Serving the API on a listener: bounds against slow and many clients, and an orderly stop.

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use windlass_platform::Platform;

use crate::request::Peer;
use crate::settings::ApiSettings;
use crate::state::AppState;

/// After a failed accept (no file descriptors are left): long enough not to spin, short enough not to be felt.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until it is cancelled. Then it takes no more connections, lets answers end within the drain
/// deadline, and waits for use cases that are writing.
pub async fn serve(
    listener: TcpListener,
    platform: Platform,
    settings: ApiSettings,
    cancel: CancellationToken,
) {
    let state = AppState::new(platform, settings);
    let router = crate::finished(&state);
    let room = Arc::new(Semaphore::new(state.settings.max_connections));
    let connections = TaskTracker::new();
    let abort = CancellationToken::new();
    while let Some((stream, permit)) = accepted(&listener, &room, &cancel).await {
        let connection = Connection {
            state: state.clone(),
            router: router.clone(),
            cancel: cancel.clone(),
            abort: abort.clone(),
        };
        connections.spawn(async move {
            connection.run(stream).await;
            drop(permit);
        });
    }
    drop(listener);
    state.stop.cancel();
    connections.close();
    if tokio::time::timeout(state.settings.drain_deadline, connections.wait())
        .await
        .is_err()
    {
        tracing::warn!(
            connections = connections.len(),
            "answers did not end in time; their connections are cut"
        );
        abort.cancel();
        connections.wait().await;
    }
    state.work.close();
    state.work.wait().await;
}

/// The next connection when there is room for one; `None` when it is cancelled.
async fn accepted(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
    cancel: &CancellationToken,
) -> Option<(TcpStream, OwnedSemaphorePermit)> {
    let next = async {
        let permit = room
            .clone()
            .acquire_owned()
            .await
            .expect("the semaphore is never closed");
        loop {
            match listener.accept().await {
                Ok((stream, _)) => return (stream, permit),
                Err(error) => {
                    tracing::warn!(%error, "a connection was not accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    };
    tokio::select! {
        () = cancel.cancelled() => None,
        next = next => Some(next),
    }
}

struct Connection {
    state: AppState,
    router: axum::Router,
    cancel: CancellationToken,
    abort: CancellationToken,
}

impl Connection {
    async fn run(self, stream: TcpStream) {
        // Answers are small; waiting to fill packets only makes them late.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection was gone before it was served");
            return;
        }
        let Ok(peer) = stream.peer_addr() else {
            return;
        };
        let router = self.router.layer(Extension(Peer(peer.ip())));
        let served = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.state.settings.head_timeout)
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
        let mut served = std::pin::pin!(served);
        let mut stopping = false;
        loop {
            tokio::select! {
                ended = served.as_mut() => {
                    if let Err(error) = ended {
                        tracing::debug!(%error, "a connection ended early");
                    }
                    return;
                }
                () = self.cancel.cancelled(), if !stopping => {
                    stopping = true;
                    served.as_mut().graceful_shutdown();
                }
                () = self.abort.cancelled() => return,
            }
        }
    }
}
