//! Signatures with the account's key: of requests (Shared Key), and of shared access signatures.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use http::Method;
use sha2::Sha256;

use super::account::Account;

const WRITES: &str = "a string takes everything";

/// What is asked, as it is signed.
pub(super) struct Unsigned<'a> {
    pub(super) method: &'a Method,
    /// The container, or nothing for the account itself.
    pub(super) container: Option<&'a str>,
    /// Parameters, their values not encoded.
    pub(super) query: &'a [(&'a str, &'a str)],
    /// Every `x-ms-` header; no value has a blank at an end or two in a row.
    pub(super) headers: &'a [(&'static str, String)],
    pub(super) body_length: usize,
}

impl Account {
    /// The value of the `Authorization` header. Of the standard headers, which come before our own in what is signed, our
    /// requests have a length at most.
    pub(super) fn authorization(&self, request: &Unsigned<'_>) -> String {
        let length = match request.body_length {
            0 => String::new(),
            length => length.to_string(),
        };
        let mut text = format!("{}\n\n\n{length}\n\n\n\n\n\n\n\n\n", request.method);
        let mut headers: Vec<_> = request.headers.iter().collect();
        headers.sort();
        for (name, value) in headers {
            writeln!(text, "{name}:{value}").expect(WRITES);
        }
        let place = &self.place;
        let container = request.container.unwrap_or_default();
        write!(text, "/{}{}/{container}", place.account, place.path).expect(WRITES);
        let mut query: Vec<_> = request.query.iter().collect();
        query.sort();
        for (name, value) in query {
            write!(text, "\n{name}:{value}").expect(WRITES);
        }
        format!("SharedKey {}:{}", place.account, self.code(&text))
    }

    /// HMAC with SHA-256 and the account's key, in base64.
    pub(super) fn code(&self, text: &str) -> String {
        let mut code =
            Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes keys of any length");
        code.update(text.as_bytes());
        STANDARD.encode(code.finalize().into_bytes())
    }
}
