//! What the router itself answers: short pages that say what to do.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, LOCATION, RETRY_AFTER};
use http::{Response, StatusCode};

use crate::body::ResponseBody;
use crate::exchange::Failure;

/// The page for a request that no upstream answered.
pub(crate) fn failure(host: &str, failure: &Failure) -> Response<ResponseBody> {
    let host = escaped(host);
    let (status, title, text) = match failure {
        Failure::UnknownHost => (
            StatusCode::NOT_FOUND,
            "No environment has this address",
            format!(
                "<p>No environment answers at <b>{host}</b>. Check the spelling: an address is \
                 <code>&lt;application&gt;-&lt;environment&gt;.&lt;domain&gt;</code>.</p>\
                 <p><code>windlass app list</code> shows the applications, \
                 <code>windlass env list</code> the environments of one.</p>"
            ),
        ),
        Failure::NotDeployed => (
            StatusCode::SERVICE_UNAVAILABLE,
            "Not deployed",
            format!(
                "<p>The environment behind <b>{host}</b> exists, but nothing is deployed there yet.</p>\
                 <p><code>windlass deploy</code> deploys it.</p>"
            ),
        ),
        Failure::NoTable => (
            StatusCode::SERVICE_UNAVAILABLE,
            "The router has no routes",
            "<p>The router could not read its route table when it started, and waits for a new one.</p>\
             <p>The operator: start the Windlass server, which sends one; the router's log has the \
             cause.</p>"
                .to_owned(),
        ),
        Failure::Connect {
            environment: None, ..
        } => (
            StatusCode::BAD_GATEWAY,
            "The Windlass server does not answer",
            format!(
                "<p>The server behind <b>{host}</b> is not running, or is just being started. Sites go on \
                 meanwhile.</p><p>The operator: start it; its log has the cause.</p>"
            ),
        ),
        Failure::Connect { .. } | Failure::Broken { .. } | Failure::UnwantedUpgrade { .. } => (
            StatusCode::BAD_GATEWAY,
            "The application does not answer",
            format!(
                "<p>The application behind <b>{host}</b> refused or broke off the connection.</p>\
                 <p><code>windlass logs</code> shows what it says.</p>"
            ),
        ),
        Failure::TimedOut { .. } => (
            StatusCode::GATEWAY_TIMEOUT,
            "The application answers too slowly",
            format!(
                "<p>The application behind <b>{host}</b> took the request but did not begin to \
                 answer in time.</p><p><code>windlass logs</code> shows what it says.</p>"
            ),
        ),
    };
    page(status, title, &text)
}

/// The page for a request that is refused as it stands.
pub(crate) fn refusal(status: StatusCode, message: &str) -> Response<ResponseBody> {
    page(
        status,
        status.canonical_reason().unwrap_or("Refused"),
        &format!("<p>{}</p>", escaped(message)),
    )
}

/// The page for a plain request that should come by HTTPS. 308 keeps method and body.
pub(crate) fn moved(location: &HeaderValue) -> Response<ResponseBody> {
    let mut response = page(
        StatusCode::PERMANENT_REDIRECT,
        "This address is served by HTTPS",
        "<p>Ask for it with <b>https://</b>.</p>",
    );
    response.headers_mut().insert(LOCATION, location.clone());
    response
}

fn page(status: StatusCode, title: &str, text: &str) -> Response<ResponseBody> {
    let code = status.as_u16();
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{code} {title}</title>\
         <style>body{{font:16px/1.5 system-ui,sans-serif;max-width:40em;margin:15vh auto;padding:0 1em}}\
         </style></head><body><h1>{title}</h1>{text}<p><small>{code}, from the router of Windlass\
         </small></p></body></html>\n"
    );
    let mut response = Response::new(ResponseBody::Own(Some(Bytes::from(html))));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if status == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(RETRY_AFTER, HeaderValue::from_static("5"));
    }
    response
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
