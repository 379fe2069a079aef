//! Variables of a binding: all from its credential, the URL of the container with its signature.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use url::Url;
use windlass_model::percent::encode;
use windlass_services::variables::Variables;
use windlass_services::{Variable, VariableRequest};

use super::account::Place;
use super::names::container;

pub(super) fn of(request: &VariableRequest) -> Vec<Variable> {
    let credential = request.password.expose_secret();
    let container = container(request.instance);
    // What is no such URL nobody gets past `bind`; its names are the same.
    let (place, signature) = parts(credential).unwrap_or_else(|| {
        let place = Place {
            url: String::new(),
            account: String::new(),
            path: String::new(),
            is_encrypted: true,
        };
        (place, credential)
    });
    Variables::of(&request.prefix)
        .secret("STORAGE_DSN", &dsn(&place, &container, signature))
        .plain("STORAGE_ACCOUNT_NAME", &place.account)
        .plain("STORAGE_CONTAINER", &container)
        .secret("STORAGE_SAS_TOKEN", &SecretString::from(signature))
        .plain("STORAGE_ENDPOINT_URL", &place.url)
        .made()
}

fn parts(credential: &str) -> Option<(Place, &str)> {
    let (url, signature) = credential.split_once('?')?;
    let place = Place::named_in(&Url::parse(url).ok()?).ok()?;
    Some((place, signature))
}

/// The form that django-storage-url reads, which puts the account before the host again, and connects by HTTPS: it works
/// for accounts that have a host of their own, and elsewhere the other variables do.
fn dsn(place: &Place, container: &str, signature: &str) -> SecretString {
    let (_, authority) = place.url.split_once("://").unwrap_or_default();
    let authority = authority.strip_suffix(&place.path).unwrap_or(authority);
    let start = format!("{}.", place.account);
    let host = authority.strip_prefix(&start).unwrap_or(authority);
    let signature = encode(&STANDARD_NO_PAD.encode(signature));
    let account = &place.account;
    SecretString::from(format!("az://{account}:{signature}@{host}/{container}/"))
}
