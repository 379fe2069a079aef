//! One request and its whole answer, each over a connection of its own: so it is always known whether
//! anything was sent, and nothing is sent twice behind our back. Brokers are asked a few times in an hour.

use std::error::Error as StdError;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{
    ACCEPT, AUTHORIZATION, CONNECTION, CONTENT_TYPE, ETAG, HOST, HeaderMap, HeaderValue,
    IF_NONE_MATCH, RETRY_AFTER, USER_AGENT,
};
use http::{Request, Response};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::time::{Instant, timeout_at};
use tracing::debug;
use uuid::Uuid;

use crate::API_VERSION;
use crate::answer::{Answer, Body, Outcome};
use crate::call::Call;
use crate::dial::{Dial, Stream};
use crate::registration::{Invalid, Registration};
use crate::settings::Settings;
use crate::tls::Tls;
use crate::url::BrokerUrl;
use crate::words::clean;

/// The way to one broker.
pub(crate) struct Exchange {
    url: BrokerUrl,
    authorization: HeaderValue,
    tls: Option<Tls>,
    dialer: Arc<dyn Dial>,
    connect: Duration,
    request: Duration,
    answer_bytes: usize,
}

impl Exchange {
    pub(crate) fn new(
        registration: &Registration,
        settings: &Settings,
        dialer: Arc<dyn Dial>,
    ) -> Result<Self, Invalid> {
        Ok(Self {
            url: registration.url.clone(),
            authorization: registration.authentication.header()?,
            tls: Tls::of(&registration.url, registration.ca_pem.as_deref())?,
            dialer,
            connect: settings.connect,
            request: settings.request,
            answer_bytes: settings.answer_bytes,
        })
    }

    /// Sends it once, and reads what comes back. Redirects are not followed.
    pub(crate) async fn send(&self, call: &Call) -> Outcome {
        let began = Instant::now();
        let id = Uuid::now_v7();
        let outcome = match self.request(call, id) {
            Ok(request) => self.exchange(request, began).await,
            Err(reason) => Outcome::NotSent(reason),
        };
        let status = match &outcome {
            Outcome::Answered(answer) => answer.status.as_str().to_owned(),
            Outcome::NotSent(_) => "not sent".to_owned(),
            Outcome::NoAnswer(_) => "no answer".to_owned(),
            Outcome::Cut(_) => "cut".to_owned(),
        };
        debug!(
            broker.request = %id,
            broker.host = %self.url.authority,
            http.method = %call.method,
            http.path = %call.path,
            http.status = %status,
            duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
            "asked a service broker"
        );
        outcome
    }

    fn request(&self, call: &Call, id: Uuid) -> Result<Request<Full<Bytes>>, String> {
        let mut request = Request::builder()
            .method(&call.method)
            .uri(format!("{}{}{}", self.url.path, call.path, call.query))
            .header(HOST, &self.url.authority)
            .header(AUTHORIZATION, self.authorization.clone())
            .header(ACCEPT, "application/json")
            .header(CONNECTION, "close")
            .header(USER_AGENT, concat!("windlass/", env!("CARGO_PKG_VERSION")))
            .header("X-Broker-API-Version", API_VERSION)
            .header("X-Broker-API-Request-Identity", id.to_string());
        if let Some(identity) = &call.identity {
            request = request.header("X-Broker-API-Originating-Identity", identity);
        }
        if let Some(etag) = &call.unless {
            request = request.header(IF_NONE_MATCH, etag);
        }
        let body = match &call.body {
            Some(body) => {
                request = request.header(CONTENT_TYPE, "application/json");
                Full::from(body.0.clone())
            }
            None => Full::default(),
        };
        request
            .body(body)
            .map_err(|_| "the request cannot be written as HTTP".to_owned())
    }

    async fn exchange(&self, request: Request<Full<Bytes>>, began: Instant) -> Outcome {
        let stream = match timeout_at(began + self.connect.min(self.request), self.dial()).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Outcome::NotSent(clean(&error.to_string())),
            Err(_) => {
                return Outcome::NotSent(format!("no connection within {:?}", self.connect));
            }
        };
        let (sender, connection) = match http1::handshake(TokioIo::new(stream)).await {
            Ok(both) => both,
            Err(error) => return Outcome::NotSent(causes(&error)),
        };
        // The connection is driven here and not by a task of its own: it ends with this call.
        let mut connection = pin!(connection);
        let mut asking = pin!(self.ask(sender, request, began + self.request));
        let mut is_open = true;
        loop {
            tokio::select! {
                outcome = &mut asking => return outcome,
                _ = &mut connection, if is_open => is_open = false,
            }
        }
    }

    async fn dial(&self) -> io::Result<Box<dyn Stream>> {
        let stream = self.dialer.dial(&self.url.host, self.url.port).await?;
        match &self.tls {
            None => Ok(stream),
            Some(tls) => {
                let encrypted = tls.connector.connect(tls.name.clone(), stream).await?;
                Ok(Box::new(encrypted))
            }
        }
    }

    async fn ask(
        &self,
        mut sender: http1::SendRequest<Full<Bytes>>,
        request: Request<Full<Bytes>>,
        deadline: Instant,
    ) -> Outcome {
        match timeout_at(deadline, sender.send_request(request)).await {
            Ok(Ok(response)) => Outcome::Answered(self.read(response, deadline).await),
            Ok(Err(error)) => Outcome::Cut(causes(&error)),
            Err(_) => Outcome::NoAnswer(self.request),
        }
    }

    async fn read(&self, response: Response<Incoming>, deadline: Instant) -> Answer {
        let (head, body) = response.into_parts();
        let body = Limited::new(body, self.answer_bytes).collect();
        let body = match timeout_at(deadline, body).await {
            Ok(Ok(body)) => Body::Whole(body.to_bytes()),
            Ok(Err(error)) if error.is::<LengthLimitError>() => Body::TooLarge,
            Ok(Err(error)) => Body::Cut(causes(error.as_ref())),
            Err(_) => Body::Cut(format!("the answer did not end within {:?}", self.request)),
        };
        Answer {
            status: head.status,
            retry_after: text(&head.headers, &RETRY_AFTER)
                .and_then(|seconds| seconds.trim().parse().ok())
                .map(Duration::from_secs),
            etag: text(&head.headers, &ETAG),
            body,
        }
    }
}

fn text(headers: &HeaderMap, name: &http::HeaderName) -> Option<String> {
    let value = headers.get(name)?.to_str().ok()?;
    Some(value.to_owned())
}

/// An error's words with all causes.
fn causes(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    clean(&text)
}
