//! Sending plain requests to HTTPS.

use std::sync::Arc;

use http::{HeaderValue, Request};

use crate::headers::Peer;
use crate::host::RequestHost;
use crate::tls::Certificates;

/// The usual port, which URLs leave out (RFC 9110, 4.2.2).
const HTTPS: u16 = 443;

/// Where plain requests are sent to.
#[derive(Debug)]
pub(crate) struct Redirect {
    /// What a URL has behind the host.
    port: String,
    certificates: Arc<Certificates>,
}

impl Redirect {
    pub(crate) fn new(port: u16, certificates: Arc<Certificates>) -> Self {
        let port = match port {
            HTTPS => String::new(),
            port => format!(":{port}"),
        };
        Self { port, certificates }
    }

    /// The URL that a request should have asked for; none if it came by TLS, to this router or to a trusted proxy in
    /// front of it, or if its host has no certificate.
    pub(crate) fn of<B>(
        &self,
        request: &Request<B>,
        host: &RequestHost,
        peer: &Peer,
    ) -> Option<HeaderValue> {
        if peer.came_encrypted(request.headers()) || !self.certificates.has(&host.key) {
            return None;
        }
        let path = request
            .uri()
            .path_and_query()
            .map(http::uri::PathAndQuery::as_str);
        // `OPTIONS *` asks for no path.
        let path = path.filter(|path| path.starts_with('/')).unwrap_or("/");
        HeaderValue::from_str(&format!("https://{}{}{path}", host.key, self.port)).ok()
    }
}
