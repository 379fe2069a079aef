//! One request of a client: checked, rewritten, exchanged, and its answer passed on.

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::time::Instant;

use http::header::{CONNECTION, HeaderValue, TRANSFER_ENCODING};
use http::{HeaderMap, Method, Request, Response, StatusCode, Version};
use hyper::body::{Body, Incoming};
use hyper::upgrade::OnUpgrade;
use windlass_model::id::EnvironmentId;

use crate::body::{LastOfTurn, Passing, RequestBody, ResponseBody, Turn};
use crate::connection::Client;
use crate::exchange::{Answer, Failure, exchange};
use crate::headers;
use crate::host::{BadHost, RequestHost};
use crate::{pages, tunnel};

/// The target of the access log: one line for each request, at debug level.
const ACCESS: &str = "windlass_router::access";

/// Answers one request; what goes wrong becomes a page.
///
/// All that needs no waiting happens before the future is made, which keeps that small: it is moved, and
/// with it every request that it holds.
pub(crate) fn handle(
    turn: Turn,
    request: Request<Incoming>,
) -> impl Future<Output = Result<Response<LastOfTurn>, Infallible>> {
    let line = tracing::enabled!(target: ACCESS, tracing::Level::DEBUG).then(|| {
        // The query stays out of the log: tokens travel there.
        let path = request.uri().path().to_owned();
        (Instant::now(), request.method().clone(), path)
    });
    let mut checked =
        check(&request, turn.client()).map(|host| Outgoing::new(request, host, turn.client()));
    async move {
        let client = turn.client();
        let (mut response, environment) = match &mut checked {
            Err(Refusal::Page(status, message)) => (pages::refusal(*status, message), None),
            Err(Refusal::Moved(location)) => (pages::moved(location), None),
            Ok(outgoing) => match forward(client, outgoing).await {
                Ok((response, environment)) => (response, environment),
                Err(failure) => {
                    log_failure(&outgoing.host, &failure);
                    (pages::failure(&outgoing.host.key, &failure), None)
                }
            },
        };
        if client.worker.is_stopping() && response.status() != StatusCode::SWITCHING_PROTOCOLS {
            response
                .headers_mut()
                .insert(CONNECTION, HeaderValue::from_static("close"));
        }
        if let Some((began, method, path)) = line {
            tracing::debug!(
                target: ACCESS,
                {
                    http.method = %method,
                    http.host = checked.ok().map(|outgoing| outgoing.host.key),
                    http.path = path,
                    http.status = response.status().as_u16(),
                    client.ip = %client.peer.ip,
                    environment.id = environment.map(tracing::field::display),
                    duration_ms = began.elapsed().as_secs_f64() * 1000.0
                },
                "request"
            );
        }
        Ok(response.map(|body| LastOfTurn::new(body, turn)))
    }
}

/// Why a request does not go to an upstream.
enum Refusal {
    Page(StatusCode, &'static str),
    /// It should come by HTTPS.
    Moved(HeaderValue),
}

/// Refuses what must not reach an upstream.
fn check(request: &Request<Incoming>, client: &Client) -> Result<RequestHost, Refusal> {
    if request.method() == Method::CONNECT {
        return Err(Refusal::Page(
            StatusCode::METHOD_NOT_ALLOWED,
            "CONNECT is not possible here: this is not a forward proxy.",
        ));
    }
    if !request.body().is_end_stream() && !has_plain_framing(request.headers()) {
        return Err(Refusal::Page(
            StatusCode::NOT_IMPLEMENTED,
            "The only Transfer-Encoding that is understood here is \"chunked\".",
        ));
    }
    let host = RequestHost::of(request).map_err(|bad| {
        let message = match bad {
            BadHost::Missing => "The request has no Host header.",
            BadHost::Several => "The request has more than one Host header.",
            BadHost::Malformed => "The Host header is not a host name with an optional port.",
        };
        Refusal::Page(StatusCode::BAD_REQUEST, message)
    })?;
    let redirect = client.worker.redirect.as_ref();
    match redirect.and_then(|redirect| redirect.of(request, &host, &client.peer)) {
        Some(location) => Err(Refusal::Moved(location)),
        None => Ok(host),
    }
}

/// hyper decodes `chunked` only; any coding before it would reach the upstream without its label.
fn has_plain_framing(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    match (codings.next(), codings.next()) {
        (None, _) => true,
        (Some(coding), None) => coding.as_bytes().eq_ignore_ascii_case(b"chunked"),
        (Some(_), Some(_)) => false,
    }
}

/// A request as it goes to an upstream.
struct Outgoing {
    request: Request<RequestBody>,
    host: RequestHost,
    /// The client's side of the tunnel that it asks for.
    client_side: Option<OnUpgrade>,
}

impl Outgoing {
    fn new(request: Request<Incoming>, host: RequestHost, client: &Client) -> Self {
        let (mut head, incoming) = request.into_parts();
        let upgrade = headers::requested_upgrade(&head);
        let client_side = upgrade
            .is_some()
            .then(|| head.extensions.remove::<OnUpgrade>())
            .flatten();
        head.extensions.clear();
        let has_body = !incoming.is_end_stream();
        let body = if has_body {
            RequestBody::Stream(incoming, Arc::clone(&client.patience))
        } else {
            RequestBody::Empty
        };
        headers::rewrite_request(&mut head, &host, &client.peer, upgrade, has_body);
        Self {
            request: Request::from_parts(head, body),
            host,
            client_side,
        }
    }
}

async fn forward(
    client: &Arc<Client>,
    outgoing: &mut Outgoing,
) -> Result<(Response<ResponseBody>, Option<EnvironmentId>), Failure> {
    let Outgoing {
        request,
        host,
        client_side,
    } = outgoing;
    let answer = exchange(&client.worker, &host.key, request, &client.patience).await?;
    let environment = answer.environment;
    let response = if answer.response.status() == StatusCode::SWITCHING_PROTOCOLS {
        tunnel::open(client, answer, client_side.take())?
    } else {
        pass_on(answer)
    };
    Ok((response, environment))
}

/// Streams the answer to the client and keeps the connection when it is free again.
fn pass_on(answer: Answer) -> Response<ResponseBody> {
    let (mut head, incoming) = answer.response.into_parts();
    headers::strip_hop_by_hop(&mut head.headers);
    head.version = Version::HTTP_11;
    head.extensions.clear();
    let passing = Passing::new(incoming, answer.sender, answer.in_flight);
    Response::from_parts(head, ResponseBody::Stream(passing))
}

fn log_failure(host: &RequestHost, failure: &Failure) {
    match failure {
        Failure::UnknownHost | Failure::NotDeployed | Failure::NoTable => {}
        Failure::Connect { source, .. } => {
            tracing::warn!(http.host = host.key, error = %failure, cause = %source, "502");
        }
        Failure::Broken { source, .. } => {
            tracing::warn!(http.host = host.key, error = %failure, cause = %source, "502");
        }
        Failure::TimedOut { .. } => {
            tracing::warn!(http.host = host.key, error = %failure, "504");
        }
        Failure::UnwantedUpgrade { .. } => {
            tracing::warn!(http.host = host.key, error = %failure, "502");
        }
    }
}
