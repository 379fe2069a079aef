//! Which host a request is for.

use std::borrow::Cow;

use http::header::HOST;
use http::{HeaderValue, Request};

/// The host of a request: as sent, for the upstream, and as a key of the route table.
#[derive(Debug)]
pub(crate) struct RequestHost {
    /// Host and port as the client sent them.
    pub(crate) authority: HeaderValue,
    /// Lower case, no port, no dot at the end.
    pub(crate) key: String,
}

/// Why a request has no usable host.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum BadHost {
    Missing,
    Several,
    Malformed,
}

impl RequestHost {
    /// RFC 9112, 3.2: exactly one `Host`; the target's own host wins over it in absolute form.
    pub(crate) fn of<B>(request: &Request<B>) -> Result<Self, BadHost> {
        let authority = if let Some(authority) = request.uri().authority() {
            HeaderValue::from_str(authority.as_str()).map_err(|_| BadHost::Malformed)?
        } else {
            let mut values = request.headers().get_all(HOST).iter();
            let value = values.next().ok_or(BadHost::Missing)?;
            if values.next().is_some() {
                return Err(BadHost::Several);
            }
            value.clone()
        };
        let text = authority.to_str().map_err(|_| BadHost::Malformed)?;
        let key = key(text).ok_or(BadHost::Malformed)?.into_owned();
        Ok(Self { authority, key })
    }
}

fn key(authority: &str) -> Option<Cow<'_, str>> {
    let (host, rest) = if authority.starts_with('[') {
        let end = authority.find(']')? + 1;
        authority.split_at(end)
    } else {
        authority.split_at(authority.find(':').unwrap_or(authority.len()))
    };
    let port_is_valid = match rest.strip_prefix(':') {
        Some(port) => port.bytes().all(|byte| byte.is_ascii_digit()),
        None => rest.is_empty(),
    };
    let host = host.strip_suffix('.').unwrap_or(host);
    let host_is_valid = !host.is_empty()
        && host
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.[]:".contains(&byte));
    if !port_is_valid || !host_is_valid {
        return None;
    }
    Some(if host.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(host.to_ascii_lowercase())
    } else {
        Cow::Borrowed(host)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_is_the_bare_lower_case_name() {
        for (authority, expected) in [
            ("shop-live.localhost", Some("shop-live.localhost")),
            ("Shop-LIVE.localhost:8080", Some("shop-live.localhost")),
            ("shop.localhost.", Some("shop.localhost")),
            ("shop.localhost.:80", Some("shop.localhost")),
            ("shop.localhost:", Some("shop.localhost")),
            ("[::1]:80", Some("[::1]")),
            ("127.0.0.1", Some("127.0.0.1")),
            ("", None),
            (".", None),
            (":80", None),
            ("a:80:90", None),
            ("a:x", None),
            ("user@a", None),
            ("a/b", None),
            ("a b", None),
            ("[::1", None),
            ("[::1]x", None),
        ] {
            assert_eq!(key(authority).as_deref(), expected, "{authority}");
        }
    }

    #[test]
    fn absolute_form_wins_and_two_hosts_are_refused() {
        let request = Request::get("http://a.localhost/x")
            .header(HOST, "b.localhost")
            .body(())
            .unwrap();
        assert_eq!(RequestHost::of(&request).unwrap().key, "a.localhost");
        let request = Request::get("/")
            .header(HOST, "a")
            .header(HOST, "a")
            .body(())
            .unwrap();
        assert_eq!(RequestHost::of(&request).unwrap_err(), BadHost::Several);
        let request = Request::get("/").body(()).unwrap();
        assert_eq!(RequestHost::of(&request).unwrap_err(), BadHost::Missing);
    }
}
