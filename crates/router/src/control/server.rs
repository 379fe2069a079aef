//! The router's end of the control socket.

use std::convert::Infallible;
use std::error::Error as StdError;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde::Serialize;
use tokio::net::UnixListener;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;
use windlass_delivery::routing::{Drained, MAX_TABLE_BYTES, RouteTable};

use super::protocol::{Accepted, DRAIN, DrainOrder, MAX_DRAIN, Refusal, STATUS, TABLE};
use crate::fleet::{Fleet, Offer};
use crate::table_file;

/// How often a drain looks. A deployment waits at most this much longer than it must, and the
/// request path need not signal.
const DRAIN_LOOK: Duration = Duration::from_millis(5);

/// The client is on this machine and sends its head at once.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

/// A pause after a failed accept: the usual cause is no free file descriptor, which ends by itself.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What the handlers work on.
#[derive(Debug)]
pub(crate) struct Control {
    pub(crate) fleet: Arc<Fleet>,
    pub(crate) table: PathBuf,
    /// One publication at a time, from judging to its end.
    pub(crate) publishing: tokio::sync::Mutex<()>,
}

/// Serves the control socket until it is dropped.
pub(crate) async fn serve(control: Arc<Control>, listener: &UnixListener, tasks: &TaskTracker) {
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "accepting a connection on the control socket failed");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let control = Arc::clone(&control);
        tasks.spawn(async move {
            let service = service_fn(|request| {
                let control = Arc::clone(&control);
                async move { Ok::<_, Infallible>(answer(control, request).await) }
            });
            let served = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEADER_TIMEOUT)
                .serve_connection(TokioIo::new(stream), service)
                .await;
            if let Err(error) = served {
                tracing::debug!(%error, "a control connection ended early");
            }
        });
    }
}

async fn answer(control: Arc<Control>, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    let result = match (&head.method, head.uri.path()) {
        (&Method::PUT, TABLE) => match read(body).await {
            // On a task of its own: a client that leaves must not stop a publication half way.
            Ok(bytes) => match tokio::spawn(async move { control.publish(&bytes).await }).await {
                Ok(published) => published.map(|accepted| json(StatusCode::OK, &accepted)),
                Err(_) => Err(refusal(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "publishing failed",
                )),
            },
            Err(refused) => Err(refused),
        },
        (&Method::POST, DRAIN) => match read(body).await {
            Ok(bytes) => control
                .drain(&bytes)
                .await
                .map(|drained| json(StatusCode::OK, &drained)),
            Err(refused) => Err(refused),
        },
        (&Method::GET, STATUS) => Ok(json(StatusCode::OK, &control.fleet.status())),
        _ => Err(refusal(
            StatusCode::NOT_FOUND,
            "the control socket knows PUT /table, POST /drain and GET /status",
        )),
    };
    result.unwrap_or_else(|(status, refusal)| json(status, &refusal))
}

type Refused = (StatusCode, Refusal);

impl Control {
    async fn publish(&self, bytes: &[u8]) -> Result<Accepted, Refused> {
        let table = RouteTable::from_json(bytes).map_err(|error| {
            let cause = error.source().map(|cause| format!(": {cause}"));
            let message = format!("{error}{}", cause.unwrap_or_default());
            refusal(StatusCode::BAD_REQUEST, &message)
        })?;
        let _one_at_a_time = self.publishing.lock().await;
        if let Offer::Stale { in_force } = self.fleet.judge(&table) {
            // A publisher that saw no newer file has just written this one; the file must not fall
            // behind what is in force.
            self.persist(self.fleet.table()).await?;
            return Err(stale(&table, in_force));
        }
        // On disk first: a table in force must survive a restart.
        self.persist(table.clone()).await?;
        let generation = table.generation;
        match self.fleet.publish(table.clone()) {
            Offer::InForce => Ok(Accepted { generation }),
            Offer::Stale { in_force } => Err(stale(&table, in_force)),
        }
    }

    /// Writes the table unless the file has it already, which is the usual case: the server writes it
    /// before it calls.
    async fn persist(&self, table: RouteTable) -> Result<(), Refused> {
        let path = self.table.clone();
        let written = tokio::task::spawn_blocking(move || {
            if matches!(table_file::read(&path), Ok(Some(found)) if found == table) {
                return Ok(());
            }
            table_file::write(&path, &table)
        })
        .await;
        match written {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(refusal(
                StatusCode::INTERNAL_SERVER_ERROR,
                &format!(
                    "the route table could not be written to {}: {}",
                    self.table.display(),
                    error.source
                ),
            )),
            Err(_) => Err(refusal(
                StatusCode::INTERNAL_SERVER_ERROR,
                "writing the route table was cut off",
            )),
        }
    }

    async fn drain(&self, bytes: &[u8]) -> Result<Drained, Refused> {
        let order: DrainOrder = serde_json::from_slice(bytes)
            .map_err(|error| refusal(StatusCode::BAD_REQUEST, &format!("not a drain: {error}")))?;
        let deadline = Instant::now() + Duration::from_millis(order.deadline_ms).min(MAX_DRAIN);
        Ok(self.wait_until_idle(&order.upstreams, deadline).await)
    }

    async fn wait_until_idle(&self, upstreams: &[SocketAddr], deadline: Instant) -> Drained {
        loop {
            let in_flight = self.fleet.in_flight(upstreams);
            if in_flight == 0 || Instant::now() >= deadline {
                return Drained { in_flight };
            }
            tokio::time::sleep_until(deadline.min(Instant::now() + DRAIN_LOOK)).await;
        }
    }
}

async fn read(body: Incoming) -> Result<Bytes, Refused> {
    let limit = usize::try_from(MAX_TABLE_BYTES).unwrap_or(usize::MAX);
    Limited::new(body, limit)
        .collect()
        .await
        .map(http_body_util::Collected::to_bytes)
        .map_err(|error| {
            refusal(
                StatusCode::BAD_REQUEST,
                &format!("unreadable body: {error}"),
            )
        })
}

fn stale(table: &RouteTable, in_force: u64) -> Refused {
    let message = format!(
        "generation {} is not newer than generation {in_force}, which is in force",
        table.generation
    );
    (
        StatusCode::CONFLICT,
        Refusal {
            message,
            in_force: Some(in_force),
        },
    )
}

fn refusal(status: StatusCode, message: &str) -> Refused {
    (
        status,
        Refusal {
            message: message.to_owned(),
            in_force: None,
        },
    )
}

fn json(status: StatusCode, body: &impl Serialize) -> Response<Full<Bytes>> {
    let bytes = serde_json::to_vec(body).expect("the protocol has only numbers and texts");
    let mut response = Response::new(Full::from(bytes));
    *response.status_mut() = status;
    response.headers_mut().insert(
        http::header::CONTENT_TYPE,
        http::HeaderValue::from_static("application/json"),
    );
    response
}
