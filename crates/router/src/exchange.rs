//! One request to an upstream: from the choice of the upstream to the head of its answer, with the
//! retries that are safe.

use std::future::{Future, poll_fn};
use std::mem;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use http::header::HOST;
use http::{Request, Response};
use hyper::body::Incoming;
use windlass_model::id::EnvironmentId;

use crate::body::RequestBody;
use crate::patience::Patience;
use crate::snapshot::Choice;
use crate::upstream::{InFlight, Sender};
use crate::worker::Worker;

/// A kept connection may be closed, a switch may happen in between, and a second upstream may be down
/// too; after that the fault is not a passing one.
const MAX_ATTEMPTS: u32 = 4;

/// A request that must not be sent twice takes only connections used this recently. Shorter than the
/// shortest keep-alive of the usual application servers (gunicorn: 2 s), so that the upstream is not
/// about to close it.
const FRESH: Duration = Duration::from_secs(1);

/// The head of an upstream's answer, with what must outlive it.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) response: Response<Incoming>,
    pub(crate) sender: Sender,
    pub(crate) in_flight: InFlight,
    /// None behind the server's own hosts.
    pub(crate) environment: Option<EnvironmentId>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("no route has this host")]
    UnknownHost,
    #[error("nothing is deployed")]
    NotDeployed,
    #[error("the router has no route table")]
    NoTable,
    #[error("could not connect to {upstream}")]
    Connect {
        upstream: SocketAddr,
        /// None behind the server's own hosts.
        environment: Option<EnvironmentId>,
        #[source]
        source: std::io::Error,
    },
    #[error("{upstream} ended the connection or broke the protocol before it answered")]
    Broken {
        upstream: SocketAddr,
        #[source]
        source: hyper::Error,
    },
    #[error("{upstream} did not begin to answer in time")]
    TimedOut { upstream: SocketAddr },
    #[error("{upstream} switched protocols although the request did not ask for it")]
    UnwantedUpgrade { upstream: SocketAddr },
}

/// Sends a request to an upstream of the host.
///
/// A request goes out again only when none of it was written, or when it is idempotent, has no body,
/// and went out on a kept connection that the upstream closed meanwhile (RFC 9112, 9.3.1).
///
/// The request is left in its place, as far as it can be sent again: moved from future to future, it would
/// be copied each time.
pub(crate) async fn exchange(
    worker: &Worker,
    host: &str,
    request: &mut Request<RequestBody>,
    patience: &Patience,
) -> Result<Answer, Failure> {
    let is_repeatable =
        request.method().is_idempotent() && matches!(request.body(), RequestBody::Empty);
    if !is_repeatable {
        // One turn of the runtime, so that a connection that the upstream closed is known as closed.
        tokio::task::yield_now().await;
    }
    let mut failure: Option<Failure> = None;
    for attempt in 0..MAX_ATTEMPTS {
        let avoid = match &failure {
            Some(Failure::Connect { upstream, .. }) => Some(*upstream),
            _ => None,
        };
        let (environment, in_flight, upstream_host) = match worker.choose(host, avoid) {
            Choice::Upstream(environment, in_flight, host) => (environment, in_flight, host),
            Choice::NotDeployed => return Err(failure.unwrap_or(Failure::NotDeployed)),
            Choice::UnknownHost => return Err(failure.unwrap_or(Failure::UnknownHost)),
            Choice::NoTable => return Err(Failure::NoTable),
        };
        if let Some(host) = upstream_host {
            request.headers_mut().insert(HOST, host);
        }
        let upstream = in_flight.upstream();
        if avoid == Some(upstream.address) {
            break;
        }
        let max_age = if is_repeatable {
            worker.timeouts.pool_idle
        } else {
            FRESH.min(worker.timeouts.pool_idle)
        };
        let kept = (attempt == 0)
            .then(|| upstream.check_out(max_age))
            .flatten();
        let is_copied = kept.is_some() && is_repeatable;
        let mut sender = match kept {
            Some(sender) => sender,
            // Boxed, for it is rare and large.
            None => match Box::pin(upstream.connect(worker.timeouts.connect)).await {
                Ok(sender) => sender,
                Err(source) => {
                    upstream.suspend();
                    failure = Some(Failure::Connect {
                        upstream: upstream.address,
                        environment,
                        source,
                    });
                    continue;
                }
            },
        };
        // The copy stays here: hyper uses the allocations of what it gets for the answer's head, and those
        // of a copy have no room to spare.
        let copy = if is_copied {
            copy_of(request)
        } else {
            Request::default()
        };
        let sent = mem::replace(request, copy);
        let answer = in_time(pin!(sender.try_send_request(sent)), patience).await;
        match answer {
            Some(Ok(response)) => {
                return Ok(Answer {
                    response,
                    sender,
                    in_flight,
                    environment,
                });
            }
            Some(Err(mut error)) => {
                let unsent = error.take_message();
                let broken = Failure::Broken {
                    upstream: upstream.address,
                    source: error.into_error(),
                };
                match unsent {
                    Some(unsent) => *request = unsent,
                    None if is_copied => {}
                    None => return Err(broken),
                }
                failure = Some(broken);
            }
            None => {
                return Err(Failure::TimedOut {
                    upstream: upstream.address,
                });
            }
        }
    }
    Err(failure.unwrap_or(Failure::NotDeployed))
}

fn copy_of(request: &Request<RequestBody>) -> Request<RequestBody> {
    let mut copy = Request::new(RequestBody::Empty);
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.version_mut() = request.version();
    *copy.headers_mut() = request.headers().clone();
    copy
}

/// Waits for the answer; none when neither it began nor the request's body moved for the time-out.
async fn in_time<F: Future>(mut answer: Pin<&mut F>, patience: &Patience) -> Option<F::Output> {
    patience.wait_for_upstream();
    let output = poll_fn(|context| match answer.as_mut().poll(context) {
        Poll::Pending if patience.is_overdue() => Poll::Ready(None),
        polled => polled.map(Some),
    })
    .await;
    patience.rest();
    output
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::sync::mpsc;

    use http::Method;
    use windlass_delivery::routing::{Route, RouteTable};

    use super::*;
    use crate::settings::Settings;

    fn post() -> Request<RequestBody> {
        let mut request = Request::new(RequestBody::Empty);
        *request.method_mut() = Method::POST;
        request
            .headers_mut()
            .insert("host", http::HeaderValue::from_static("a"));
        request
    }

    /// The close and the next request come to the runtime at the same moment.
    #[tokio::test]
    async fn a_connection_closed_just_now_is_not_used_for_what_may_not_be_repeated() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let upstream = listener.local_addr().unwrap();
        let (close, to_close) = mpsc::channel();
        let (closed, was_closed) = mpsc::channel();
        let server = std::thread::spawn(move || {
            for _ in 0..2 {
                let (mut stream, _) = listener.accept().unwrap();
                let mut head = [0; 4096];
                assert!(stream.read(&mut head).unwrap() > 0);
                stream
                    .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                    .unwrap();
                to_close.recv().unwrap();
                drop(stream);
                closed.send(()).unwrap();
            }
        });
        let settings = Settings::new(Vec::new(), "unused".into(), "unused".into());
        let worker = Worker::new(&settings, None, 1);
        worker.replace_table(&RouteTable {
            generation: 1,
            routes: vec![Route {
                host: "a".to_owned(),
                environment: EnvironmentId::from(uuid::Uuid::nil()),
                release: None,
                upstreams: vec![upstream],
                upstream_host: None,
            }],
            own: Vec::new(),
        });
        let patience = Patience::new(&worker.clock);
        for _ in 0..2 {
            let mut answer = exchange(&worker, "a", &mut post(), &patience)
                .await
                .unwrap();
            answer.sender.ready().await.unwrap();
            answer.in_flight.upstream().check_in(answer.sender);
            // Blocks the runtime, so that it learns of the close no sooner than the next request.
            close.send(()).unwrap();
            was_closed.recv().unwrap();
        }
        server.join().unwrap();
    }
}
