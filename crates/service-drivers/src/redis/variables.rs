//! Variables of a binding.

use secrecy::{ExposeSecret, SecretString};
use windlass_model::percent::encode;
use windlass_services::variables::{Variables, authority, scheme};
use windlass_services::{Tls, Variable, VariableRequest};

use super::flavour::Flavour;
use super::names::binding_user;
use super::profiles;

/// The database that applications begin with; all are theirs.
pub(super) const DATABASE: &str = "0";

/// The schemes that URLs may have, the default first. Only Valkey's own clients know its scheme, and all of
/// them know that of Redis.
pub(super) fn url_schemes(flavour: Flavour) -> &'static [&'static str] {
    match flavour {
        Flavour::Redis => &[],
        Flavour::Valkey => &["redis", "valkey"],
    }
}

pub(super) fn of(flavour: Flavour, request: &VariableRequest) -> Vec<Variable> {
    let scheme = match flavour {
        Flavour::Redis => "redis",
        Flavour::Valkey => scheme(request, url_schemes(flavour)),
    };
    let url = SecretString::from(url_with(scheme, request));
    let user = binding_user(request.instance, request.generation);
    let variables = Variables::of(&request.prefix)
        .secret("CACHE_URL", &url)
        .plain("CACHE_HOST", &request.endpoint.host)
        .plain("CACHE_PORT", request.endpoint.port.to_string())
        .plain("CACHE_USER", user)
        .secret("CACHE_PASSWORD", &request.password)
        .plain("CACHE_DB", DATABASE)
        .alias("REDIS_URL", &url);
    profiles::add(variables, request).made()
}

/// With TLS another scheme says so, and Celery wants to be told of certificates besides.
pub(super) fn url_with(scheme: &str, request: &VariableRequest) -> String {
    let (secure, query) = match request.tls {
        Tls::Off => ("", ""),
        Tls::Require => ("s", "?ssl_cert_reqs=CERT_NONE"),
        Tls::Verify => ("s", "?ssl_cert_reqs=CERT_REQUIRED"),
    };
    let user = encode(&binding_user(request.instance, request.generation));
    let password = encode(request.password.expose_secret());
    let server = authority(&request.endpoint);
    format!("{scheme}{secure}://{user}:{password}@{server}/{DATABASE}{query}")
}
