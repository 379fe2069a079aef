//! The server's end: the table's file and the control socket.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use tokio::net::UnixStream;
use windlass_delivery::routing::{
    Drained, Error, InvalidTable, Published, RouteTable, RouterControl, RouterState,
};

use super::protocol::{Accepted, DRAIN, DrainOrder, MAX_DRAIN, Refusal, STATUS, TABLE};
use crate::table_file::{self, ReadError};

/// The router answers in milliseconds; a table of 10,000 routes in less than a second, slow disk
/// included.
const CALL_TIMEOUT: Duration = Duration::from_secs(15);

/// Answers are short; a stranger on the socket cannot fill the memory.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

const PUBLISH: &str = "publish the route table";
const DRAINING: &str = "drain upstreams";
const ASK: &str = "ask for the router's status";

/// Controls the router of this machine through its table file and its control socket.
#[derive(Debug)]
pub struct SocketControl {
    table: PathBuf,
    socket: PathBuf,
    /// One publication at a time, so that judging, writing and telling belong together.
    publishing: tokio::sync::Mutex<()>,
}

impl SocketControl {
    /// Uses the same table file and control socket as the router's settings.
    pub fn new(table: PathBuf, socket: PathBuf) -> Self {
        Self {
            table,
            socket,
            publishing: tokio::sync::Mutex::default(),
        }
    }

    /// Puts the table on disk unless it is there, and refuses to put an older one over a newer one.
    async fn write_table(&self, table: RouteTable) -> Result<(), Error> {
        let path = self.table.clone();
        let written = tokio::task::spawn_blocking(move || {
            let current = match current(&path) {
                Ok(current) => current,
                Err(source) => return Err(write_error(path, false, source)),
            };
            if table == current && path.exists() {
                return Ok(());
            }
            if table != current && !table.supersedes(&current) {
                return Err(Error::Stale {
                    offered: table.generation,
                    in_force: current.generation,
                });
            }
            table_file::write(&path, &table)
                .map_err(|error| write_error(path, error.replaced, error.source))
        });
        match written.await {
            Ok(result) => result,
            Err(error) => Err(write_error(
                self.table.clone(),
                true,
                io::Error::other(error),
            )),
        }
    }

    /// One call; none when no router is running.
    async fn call(
        &self,
        action: &'static str,
        request: Request<Full<Bytes>>,
        time_out: Duration,
    ) -> Result<Option<(StatusCode, Bytes)>, Error> {
        let attempt = async {
            let stream = match UnixStream::connect(&self.socket).await {
                Ok(stream) => stream,
                // No file, or the file of a router that was killed.
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused
                    ) =>
                {
                    return Ok(None);
                }
                Err(error) => return Err(error.into()),
            };
            let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
            let exchange = async {
                let response = sender.send_request(request).await?;
                let status = response.status();
                let body = Limited::new(response.into_body(), MAX_ANSWER_BYTES)
                    .collect()
                    .await?;
                Ok(Some((status, body.to_bytes())))
            };
            // Polled here, not spawned: when the call ends, so does its connection.
            let mut connection = std::pin::pin!(connection);
            let mut exchange = std::pin::pin!(exchange);
            tokio::select! {
                answer = &mut exchange => return answer,
                _ = &mut connection => {}
            }
            // The connection ended first; what it brought, or its error, is with the exchange.
            exchange.await
        };
        match tokio::time::timeout(time_out, attempt).await {
            Ok(answer) => answer.map_err(|source: Box<dyn std::error::Error + Send + Sync>| {
                Error::Unreachable {
                    action,
                    socket: self.socket.clone(),
                    source,
                }
            }),
            Err(_) => Err(Error::TimedOut {
                action,
                socket: self.socket.clone(),
                after: time_out,
            }),
        }
    }
}

#[async_trait]
impl RouterControl for SocketControl {
    async fn publish(&self, table: &RouteTable) -> Result<Published, Error> {
        table.validate()?;
        let bytes = Bytes::from(table.to_json());
        if bytes.len() as u64 > windlass_delivery::routing::MAX_TABLE_BYTES {
            return Err(InvalidTable::TooLarge.into());
        }
        let _one_at_a_time = self.publishing.lock().await;
        // A router binds its socket before it reads the file: one that starts in between is reached
        // by the call, or reads what is written here.
        self.write_table(table.clone()).await?;
        let request = request(Method::PUT, TABLE, bytes);
        let Some((status, body)) = self.call(PUBLISH, request, CALL_TIMEOUT).await? else {
            return Ok(Published::RouterAbsent);
        };
        if status == StatusCode::CONFLICT
            && let Ok(Refusal {
                in_force: Some(in_force),
                ..
            }) = serde_json::from_slice(&body)
        {
            return Err(Error::Stale {
                offered: table.generation,
                in_force,
            });
        }
        let accepted: Accepted = parse(PUBLISH, status, &body)?;
        tracing::debug!(
            table.generation = accepted.generation,
            "route table published"
        );
        Ok(Published::InForce)
    }

    async fn table(&self) -> Result<RouteTable, Error> {
        let path = self.table.clone();
        let read = tokio::task::spawn_blocking(move || current(&path)).await;
        let read = read.unwrap_or_else(|error| Err(io::Error::other(error)));
        read.map_err(|source| Error::Read {
            path: self.table.clone(),
            source,
        })
    }

    async fn drain(&self, upstreams: &[SocketAddr], deadline: Duration) -> Result<Drained, Error> {
        let deadline = deadline.min(MAX_DRAIN);
        let order = DrainOrder {
            upstreams: upstreams.to_vec(),
            deadline_ms: u64::try_from(deadline.as_millis()).unwrap_or(u64::MAX),
        };
        let bytes = serde_json::to_vec(&order).expect("an order has only numbers and texts");
        let request = request(Method::POST, DRAIN, bytes.into());
        match self
            .call(DRAINING, request, deadline + CALL_TIMEOUT)
            .await?
        {
            Some((status, body)) => parse(DRAINING, status, &body),
            None => Ok(Drained { in_flight: 0 }),
        }
    }

    async fn status(&self) -> Result<RouterState, Error> {
        let request = request(Method::GET, STATUS, Bytes::new());
        match self.call(ASK, request, CALL_TIMEOUT).await? {
            Some((status, body)) => parse(ASK, status, &body).map(RouterState::Running),
            None => Ok(RouterState::Absent),
        }
    }
}

/// The table on disk; an empty one for none and for a damaged one, which the next publication replaces.
fn current(path: &Path) -> io::Result<RouteTable> {
    match table_file::read(path) {
        Ok(current) => Ok(current.unwrap_or_default()),
        Err(error @ ReadError::Invalid { .. }) => {
            tracing::warn!(%error, "the damaged route table will be replaced");
            Ok(RouteTable::default())
        }
        Err(ReadError::Io { source, .. }) => Err(source),
    }
}

fn request(method: Method, path: &'static str, body: Bytes) -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::new(body));
    *request.method_mut() = method;
    *request.uri_mut() = http::Uri::from_static(path);
    request.headers_mut().insert(
        http::header::HOST,
        http::HeaderValue::from_static("localhost"),
    );
    request
}

fn parse<T: DeserializeOwned>(
    action: &'static str,
    status: StatusCode,
    body: &[u8],
) -> Result<T, Error> {
    let refused = |message| Error::Refused {
        action,
        status: status.as_u16(),
        message,
    };
    if status != StatusCode::OK {
        return Err(refused(
            serde_json::from_slice::<Refusal>(body)
                .map_or_else(|_| "without a reason".to_owned(), |refusal| refusal.message),
        ));
    }
    serde_json::from_slice(body)
        .map_err(|error| refused(format!("with something that is not understood: {error}")))
}

fn write_error(path: PathBuf, replaced: bool, source: io::Error) -> Error {
    Error::Write {
        path,
        replaced,
        source,
    }
}
