//! Headers between client and upstream: hop-by-hop ones end here, forwarding ones are ours.

use std::net::{IpAddr, SocketAddr};

use http::header::{
    CONNECTION, CONTENT_LENGTH, Entry, HOST, HeaderName, HeaderValue, TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderMap, Method, Version, request};

use crate::host::RequestHost;

static FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
static FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
static FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

const HTTP: &str = "http";
const HTTPS: &str = "https";

/// The other end of a client connection, with what every request from it needs.
#[derive(Debug, Clone)]
pub(crate) struct Peer {
    pub(crate) ip: IpAddr,
    address_value: HeaderValue,
    is_trusted: bool,
    is_encrypted: bool,
}

impl Peer {
    pub(crate) fn new(address: SocketAddr, is_encrypted: bool, trusted: &[IpAddr]) -> Self {
        let ip = address.ip().to_canonical();
        Self {
            ip,
            address_value: HeaderValue::from_str(&ip.to_string())
                .expect("the text of an address is visible ASCII"),
            is_trusted: trusted.contains(&ip),
            is_encrypted,
        }
    }

    /// Whether the client's own connection was encrypted, as far as the peer is believed.
    pub(crate) fn came_encrypted(&self, headers: &HeaderMap) -> bool {
        self.is_encrypted
            || self.is_trusted
                && headers
                    .get(&FORWARDED_PROTO)
                    .is_some_and(|scheme| scheme == HTTPS)
    }
}

/// The protocol that a request asks to upgrade to, if it may pass.
///
/// `h2c` may not: the tunnel would carry further requests past every rule of this router.
pub(crate) fn requested_upgrade(head: &request::Parts) -> Option<HeaderValue> {
    let wish = head.headers.get(UPGRADE)?;
    let is_listed = head
        .headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|token| token.trim().eq_ignore_ascii_case("upgrade"));
    let is_h2c = wish.to_str().map_or(true, |value| {
        value
            .split(',')
            .any(|token| token.trim().eq_ignore_ascii_case("h2c"))
    });
    (is_listed && !is_h2c && head.version == Version::HTTP_11 && head.method != Method::CONNECT)
        .then(|| wish.clone())
}

/// Turns the head of a client's request into that of a request to an upstream.
pub(crate) fn rewrite_request(
    head: &mut request::Parts,
    host: &RequestHost,
    peer: &Peer,
    upgrade: Option<HeaderValue>,
    has_body: bool,
) {
    let headers = &mut head.headers;
    strip(headers, |name| {
        is_hop_by_hop(name) || is_of_client(name, peer.is_trusted)
    });
    if head.uri.authority().is_some() {
        headers.insert(HOST, host.authority.clone());
    }
    set_forwarding(headers, host, peer);
    if let Some(protocol) = upgrade {
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, protocol);
    }
    if has_body && !headers.contains_key(CONTENT_LENGTH) {
        // Said outright: hyper assumes that a GET of unknown length has no body.
        headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
    }
    head.version = Version::HTTP_11;
    if head.uri.authority().is_some() {
        // Absolute form is for proxies; an origin server gets the path.
        head.uri = head
            .uri
            .path_and_query()
            .map_or_else(|| http::Uri::from_static("/"), |path| path.clone().into());
    }
}

/// RFC 9110, 7.6.1: what `Connection` names, and what is hop-by-hop by definition.
pub(crate) fn strip_hop_by_hop(headers: &mut HeaderMap) {
    strip(headers, is_hop_by_hop);
}

fn is_hop_by_hop(name: &str) -> bool {
    matches!(
        name,
        "connection"
            | "keep-alive"
            | "proxy-connection"
            | "proxy-authenticate"
            | "te"
            | "trailer"
            | "transfer-encoding"
            | "upgrade"
    )
}

/// Removes the headers with such names, and with `Connection` what it names. One look at each name costs
/// less than a search for every name that might be there, since hardly any is.
fn strip(headers: &mut HeaderMap, is_unwanted: impl Fn(&str) -> bool) {
    while let Some(name) = headers.keys().find(|name| is_unwanted(name.as_str())) {
        if *name == CONNECTION {
            strip_connection(headers);
        } else {
            headers.remove(name.clone());
        }
    }
}

fn strip_connection(headers: &mut HeaderMap) {
    let Entry::Occupied(connection) = headers.entry(CONNECTION) else {
        return;
    };
    let mut named: Vec<HeaderName> = Vec::new();
    for value in connection.remove_entry_mult().1 {
        // The usual two, which name no header that is not removed anyway.
        if value == "keep-alive" || value == "close" {
            continue;
        }
        let tokens = value.to_str().unwrap_or_default().split(',').map(str::trim);
        named.extend(
            tokens
                .filter_map(|token| token.parse().ok())
                // Naming the framing does not make it hop-by-hop.
                .filter(|name| *name != CONTENT_LENGTH && *name != HOST),
        );
    }
    for name in named {
        headers.remove(name);
    }
}

/// What a client says to this router only, and what it could use to pass for another one. Underscores count
/// as hyphens, because WSGI and CGI cannot tell them apart; `Proxy` would become `HTTP_PROXY` there.
fn is_of_client(name: &str, is_trusted: bool) -> bool {
    let starts_with = |prefix: &str| {
        name.len() >= prefix.len()
            && name
                .bytes()
                .zip(prefix.bytes())
                .all(|(byte, expected)| byte == expected || (byte == b'_' && expected == b'-'))
    };
    match name.as_bytes().first() {
        Some(b'x') if starts_with("x-forwarded-") => !is_trusted || name.contains('_'),
        Some(b'x') => starts_with("x-real-ip") && (!is_trusted || name.contains('_')),
        Some(b'f') => name == "forwarded" && !is_trusted,
        Some(b'p') => matches!(name, "proxy" | "proxy-authorization"),
        // This router answers `100 Continue` itself when the upstream takes the body.
        Some(b'e') => name == "expect",
        _ => false,
    }
}

fn set_forwarding(headers: &mut HeaderMap, host: &RequestHost, peer: &Peer) {
    // Others' headers of these names are gone already, so nothing is looked for.
    let is_there = |headers: &HeaderMap, name| peer.is_trusted && headers.contains_key(name);
    let chain = if is_there(headers, &FORWARDED_FOR) {
        chain(headers, peer)
    } else {
        None
    };
    headers.insert(
        FORWARDED_FOR.clone(),
        chain.unwrap_or_else(|| peer.address_value.clone()),
    );
    if !is_there(headers, &FORWARDED_HOST) {
        headers.insert(FORWARDED_HOST.clone(), host.authority.clone());
    }
    if !is_there(headers, &FORWARDED_PROTO) {
        let scheme = if peer.is_encrypted { HTTPS } else { HTTP };
        headers.insert(FORWARDED_PROTO.clone(), HeaderValue::from_static(scheme));
    }
}

/// Everyone that the request came through, with the peer as the last one.
fn chain(headers: &HeaderMap, peer: &Peer) -> Option<HeaderValue> {
    let mut chain = String::new();
    for value in headers.get_all(&FORWARDED_FOR) {
        if let Ok(value) = value.to_str() {
            chain.push_str(value);
            chain.push_str(", ");
        }
    }
    HeaderValue::from_str(&format!("{chain}{}", peer.ip)).ok()
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn rewritten(request: Request<()>, trusted: &[IpAddr]) -> HeaderMap {
        rewritten_by(request, false, trusted)
    }

    fn rewritten_by(request: Request<()>, is_encrypted: bool, trusted: &[IpAddr]) -> HeaderMap {
        let host = RequestHost::of(&request).unwrap();
        let (mut head, ()) = request.into_parts();
        let upgrade = requested_upgrade(&head);
        let peer = Peer::new("10.0.0.9:4000".parse().unwrap(), is_encrypted, trusted);
        rewrite_request(&mut head, &host, &peer, upgrade, false);
        head.headers
    }

    #[test]
    fn connection_and_what_it_names_end_here() {
        let headers = rewritten(
            Request::get("/")
                .header("host", "a.localhost")
                .header("connection", "close, X-Secret-Hop, Host, Content-Length")
                .header("keep-alive", "timeout=5")
                .header("te", "trailers")
                .header("proxy-authorization", "Basic x")
                .header("x-secret-hop", "1")
                .header("content-length", "0")
                .header("x-stays", "1")
                .body(())
                .unwrap(),
            &[],
        );
        let mut names: Vec<_> = headers.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(
            names,
            [
                "content-length",
                "host",
                "x-forwarded-for",
                "x-forwarded-host",
                "x-forwarded-proto",
                "x-stays"
            ]
        );
    }

    #[test]
    fn forwarding_headers_are_believed_only_from_trusted_peers() {
        let request = || {
            Request::get("/")
                .header("host", "a.localhost")
                .header("x-forwarded-for", "1.1.1.1")
                .header("x-forwarded-for", "2.2.2.2")
                .header("x_forwarded_for", "3.3.3.3")
                .header("x-forwarded-proto", "https")
                .header("x-forwarded-port", "443")
                .header("x-real-ip", "1.1.1.1")
                .header("forwarded", "for=1.1.1.1")
                .header("proxy", "http://evil")
                .body(())
                .unwrap()
        };
        let headers = rewritten(request(), &[]);
        assert_eq!(headers["x-forwarded-for"], "10.0.0.9");
        assert_eq!(headers["x-forwarded-proto"], "http");
        assert_eq!(headers["x-forwarded-host"], "a.localhost");
        for name in [
            "x_forwarded_for",
            "x-forwarded-port",
            "x-real-ip",
            "forwarded",
            "proxy",
        ] {
            assert!(!headers.contains_key(name), "{name}");
        }

        let headers = rewritten(request(), &["10.0.0.9".parse().unwrap()]);
        assert_eq!(headers["x-forwarded-for"], "1.1.1.1, 2.2.2.2, 10.0.0.9");
        assert_eq!(headers["x-forwarded-proto"], "https");
        assert!(!headers.contains_key("x_forwarded_for"));
        assert!(!headers.contains_key("proxy"));
    }

    #[test]
    fn the_scheme_is_that_of_the_connection_unless_a_trusted_peer_knows_better() {
        let request = || {
            Request::get("/")
                .header("host", "a.localhost")
                .header("x-forwarded-proto", "http")
                .body(())
                .unwrap()
        };
        let headers = rewritten_by(request(), true, &[]);
        assert_eq!(headers["x-forwarded-proto"], "https");
        let headers = rewritten_by(request(), true, &["10.0.0.9".parse().unwrap()]);
        assert_eq!(headers["x-forwarded-proto"], "http");
    }

    #[test]
    fn upgrades_pass_but_not_to_cleartext_http2() {
        let ask = |connection: &str, upgrade: &str| {
            let (head, ()) = Request::get("/")
                .header("connection", connection)
                .header("upgrade", upgrade)
                .body(())
                .unwrap()
                .into_parts();
            requested_upgrade(&head)
        };
        assert_eq!(
            ask("keep-alive, Upgrade", "websocket").unwrap(),
            "websocket"
        );
        assert_eq!(ask("keep-alive", "websocket"), None);
        assert_eq!(ask("Upgrade, HTTP2-Settings", "H2C"), None);
    }
}
