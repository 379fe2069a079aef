//! What is done around every request: its id, its path's form, its line in the log, and what becomes of
//! errors and panics.

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, LazyLock, OnceLock};
use std::time::Instant;

use axum::Json;
use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use tracing::Instrument;
use uuid::Uuid;

use crate::error::ApiError;
use crate::routes;
use crate::slash::Slashes;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The forms of the routes' paths; they are the same for every router.
static SLASHES: LazyLock<Slashes> =
    LazyLock::new(|| Slashes::new(routes::all().get_openapi().paths.paths.keys()));

/// The id of a request: made here, never taken from outside.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(pub(crate) Arc<str>);

/// The peer of the connection that a request came over.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// Where a request comes from, for records.
#[derive(Debug, Clone)]
pub(crate) struct ClientAddress(pub(crate) String);

impl ClientAddress {
    /// The peer, or whom the router on this machine names: anybody else could name whom it likes.
    fn of(request: &Request) -> Option<Self> {
        let Peer(peer) = *request.extensions().get::<Peer>()?;
        let named = request.headers().get_all(FORWARDED_FOR).iter().next_back();
        let named = named.and_then(|value| value.to_str().ok());
        // The last one is whom the router saw; those before it are what it was told.
        let last = named.and_then(|chain| chain.rsplit(',').next()?.trim().parse().ok());
        let address = match last {
            Some(named) if peer.is_loopback() => named,
            _ => peer,
        };
        Some(Self(address.to_canonical().to_string()))
    }
}

/// What the inner parts find out for the log.
#[derive(Debug, Clone, Default)]
pub(crate) struct Notes(Arc<NotesInner>);

#[derive(Debug, Default)]
struct NotesInner {
    route: OnceLock<String>,
    actor: OnceLock<String>,
}

impl Notes {
    /// Who asks.
    pub(crate) fn set_actor(&self, email: &str) {
        // Set once per request; a second one would be the same.
        let _ = self.0.actor.set(email.to_owned());
    }
}

/// The line of a request in the log, written when it has been answered, or when its client has left.
struct LogLine {
    method: Method,
    id: Arc<str>,
    notes: Notes,
    begun: Instant,
    status: Option<StatusCode>,
}

/// The status that proxies log for a client that did not wait for its answer.
const CLIENT_LEFT: u16 = 499;

impl Drop for LogLine {
    fn drop(&mut self) {
        let route = self.notes.0.route.get().map_or("-", String::as_str);
        let actor = self.notes.0.actor.get().map_or("-", String::as_str);
        let status = self.status.map_or(CLIENT_LEFT, |status| status.as_u16());
        let duration_ms = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::info!(
            http.method = %self.method,
            http.route = route,
            http.status = status,
            duration_ms,
            request.id = %self.id,
            actor,
            "request"
        );
    }
}

/// Around everything, before a route is chosen.
pub(crate) async fn around(mut request: Request, next: Next) -> Response {
    let id = RequestId(Uuid::now_v7().hyphenated().to_string().into());
    let notes = Notes::default();
    let mut line = LogLine {
        method: request.method().clone(),
        id: id.0.clone(),
        notes: notes.clone(),
        begun: Instant::now(),
        status: None,
    };
    *request.uri_mut() = SLASHES.normalized(request.uri());
    let is_git = request.uri().path().starts_with("/git/");
    if let Some(address) = ClientAddress::of(&request) {
        request.extensions_mut().insert(address);
    }
    request.extensions_mut().insert(id.clone());
    request.extensions_mut().insert(notes);
    let span = tracing::info_span!("request", request.id = %id.0);
    let answered = AssertUnwindSafe(next.run(request).instrument(span))
        .catch_unwind()
        .await;
    let response =
        answered.unwrap_or_else(|_| ApiError::internal("a handler panicked").into_response());
    let mut response = written(response, &id.0, is_git);
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    line.status = Some(response.status());
    response
}

/// Inside the routes: notes which one it is. The path itself may hold names; the route does not.
pub(crate) async fn note_route(request: Request, next: Next) -> Response {
    if let (Some(notes), Some(route)) = (
        request.extensions().get::<Notes>(),
        request.extensions().get::<MatchedPath>(),
    ) {
        // Set once per request; a second one would be the same.
        let _ = notes.0.route.set(route.as_str().to_owned());
    }
    next.run(request).await
}

/// Writes the body of an error, and its internal text to the log.
fn written(mut response: Response, id: &str, is_git: bool) -> Response {
    let Some(error) = response.extensions_mut().remove::<ApiError>() else {
        return response;
    };
    if let Some(internal) = &error.internal {
        if error.status == StatusCode::INTERNAL_SERVER_ERROR {
            tracing::error!(request.id = id, error = internal, "a request met a fault");
        } else {
            tracing::warn!(
                request.id = id,
                error = internal,
                "a request was not served"
            );
        }
    }
    let status = error.status;
    let mut written = if is_git {
        // git shows plain text behind `remote:`, and nothing of anything else.
        (
            status,
            [(header::CONTENT_TYPE, "text/plain; charset=utf-8")],
            format!("{} (request {id})\n", error.plain()),
        )
            .into_response()
    } else {
        (status, Json(error.problem(id))).into_response()
    };
    if status == StatusCode::UNAUTHORIZED {
        // Browsers would ask for a password on `Basic`, so the API names its own scheme.
        let scheme = if is_git {
            "Basic realm=\"windlass\""
        } else {
            "Token realm=\"windlass\""
        };
        written
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(scheme));
    }
    if let Some(allow) = response.headers_mut().remove(header::ALLOW) {
        written.headers_mut().insert(header::ALLOW, allow);
    }
    written
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::routing::get;
    use http_body_util::BodyExt;
    use serde_json::Value;
    use tower::{Layer, ServiceExt};

    use super::*;

    #[test]
    fn the_router_on_this_machine_says_who_asks() {
        let of = |peer: &str, chain: Option<&str>| {
            let mut request = Request::get("/");
            if let Some(chain) = chain {
                request = request.header("X-Forwarded-For", chain);
            }
            let mut request = request.body(Body::empty()).unwrap();
            request.extensions_mut().insert(Peer(peer.parse().unwrap()));
            ClientAddress::of(&request).unwrap().0
        };
        assert_eq!(of("192.0.2.1", None), "192.0.2.1");
        assert_eq!(of("192.0.2.1", Some("198.51.100.9")), "192.0.2.1");
        assert_eq!(of("127.0.0.1", None), "127.0.0.1");
        assert_eq!(
            of("127.0.0.1", Some("203.0.113.5, 198.51.100.9")),
            "198.51.100.9"
        );
        assert_eq!(of("::1", Some("2001:db8::1")), "2001:db8::1");
        assert_eq!(of("::ffff:192.0.2.1", None), "192.0.2.1");
        assert_eq!(of("127.0.0.1", Some("nobody")), "127.0.0.1");
    }

    async fn panics() {
        panic!("a fault that the test made");
    }

    #[tokio::test]
    async fn a_panic_is_an_answer_with_the_requests_id() {
        let routes: Router = Router::new().route("/panic/", get(panics));
        let service = axum::middleware::from_fn(around).layer(routes);
        let request = Request::get("/panic")
            .header("X-Request-Id", "from-outside")
            .body(Body::empty())
            .unwrap();
        let response = service.oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let id = response.headers()[&REQUEST_ID].to_str().unwrap().to_owned();
        assert_ne!(id, "from-outside");
        let body: Value =
            serde_json::from_slice(&response.into_body().collect().await.unwrap().to_bytes())
                .unwrap();
        assert_eq!(body["code"], "internal");
        assert_eq!(body["request_id"], id.as_str());
        assert!(
            !body.to_string().contains("a fault that the test made"),
            "{body}"
        );
    }
}
