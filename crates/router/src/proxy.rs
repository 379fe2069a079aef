//! One request of a client: checked, rewritten, exchanged, and its answer passed on.

use std::sync::Arc;
use std::time::Instant;

use http::header::{CONNECTION, HeaderValue, TRANSFER_ENCODING};
use http::{HeaderMap, Method, Request, Response, StatusCode, Version};
use hyper::body::{Body, Incoming};
use hyper::upgrade::OnUpgrade;

use crate::body::{Passing, Progress, RequestBody, ResponseBody};
use crate::connection::Client;
use crate::exchange::{Answer, Failure, exchange};
use crate::headers;
use crate::host::{BadHost, RequestHost};
use crate::{pages, tunnel};

/// The target of the access log: one line for each request, at debug level.
const ACCESS: &str = "windlass_router::access";

/// Answers one request; what goes wrong becomes a page.
pub(crate) async fn handle(
    client: Arc<Client>,
    request: Request<Incoming>,
) -> Response<ResponseBody> {
    let began = Instant::now();
    // The query stays out of the log: tokens travel there.
    let line = tracing::enabled!(target: ACCESS, tracing::Level::DEBUG)
        .then(|| (request.method().clone(), request.uri().path().to_owned()));
    let (mut response, host, environment) = match check(&request) {
        Err((status, message)) => (pages::refusal(status, message), None, None),
        Ok(host) => match forward(&client, &host, request).await {
            Ok((response, environment)) => (response, Some(host), Some(environment)),
            Err(failure) => {
                log_failure(&host, &failure);
                (pages::failure(&host.key, &failure), Some(host), None)
            }
        },
    };
    if client.worker.is_stopping() && response.status() != StatusCode::SWITCHING_PROTOCOLS {
        response
            .headers_mut()
            .insert(CONNECTION, HeaderValue::from_static("close"));
    }
    if let Some((method, path)) = line {
        tracing::debug!(
            target: ACCESS,
            {
                http.method = %method,
                http.host = host.map(|host| host.key),
                http.path = path,
                http.status = response.status().as_u16(),
                client.ip = %client.peer.ip,
                environment.id = environment.map(tracing::field::display),
                duration_ms = began.elapsed().as_secs_f64() * 1000.0
            },
            "request"
        );
    }
    response
}

/// Refuses what must not reach an upstream.
fn check(request: &Request<Incoming>) -> Result<RequestHost, (StatusCode, &'static str)> {
    if request.method() == Method::CONNECT {
        return Err((
            StatusCode::METHOD_NOT_ALLOWED,
            "CONNECT is not possible here: this is not a forward proxy.",
        ));
    }
    if !has_plain_framing(request.headers()) {
        return Err((
            StatusCode::NOT_IMPLEMENTED,
            "The only Transfer-Encoding that is understood here is \"chunked\".",
        ));
    }
    RequestHost::of(request).map_err(|bad| {
        let message = match bad {
            BadHost::Missing => "The request has no Host header.",
            BadHost::Several => "The request has more than one Host header.",
            BadHost::Malformed => "The Host header is not a host name with an optional port.",
        };
        (StatusCode::BAD_REQUEST, message)
    })
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

async fn forward(
    client: &Arc<Client>,
    host: &RequestHost,
    request: Request<Incoming>,
) -> Result<(Response<ResponseBody>, windlass_model::id::EnvironmentId), Failure> {
    let (mut head, incoming) = request.into_parts();
    let upgrade = headers::requested_upgrade(&head);
    let client_side = upgrade
        .is_some()
        .then(|| head.extensions.remove::<OnUpgrade>())
        .flatten();
    head.extensions.clear();
    let progress = Progress::default();
    let body = if incoming.is_end_stream() {
        RequestBody::Empty
    } else {
        RequestBody::Stream(incoming, progress.clone())
    };
    let has_body = matches!(body, RequestBody::Stream(..));
    headers::rewrite_request(&mut head, host, &client.peer, upgrade, has_body);

    let request = Request::from_parts(head, body);
    let answer = exchange(&client.worker, &host.key, request, &progress).await?;
    let environment = answer.environment;
    if answer.response.status() == StatusCode::SWITCHING_PROTOCOLS {
        return tunnel::open(client, answer, client_side).map(|response| (response, environment));
    }
    Ok((pass_on(answer), environment))
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
