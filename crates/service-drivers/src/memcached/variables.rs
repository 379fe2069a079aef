//! Variables of a binding: nothing in them is a secret.

use windlass_services::variables::{Variables, authority, scheme};
use windlass_services::{Variable, VariableRequest};

use super::profiles;

/// The schemes that URLs may have, the default first. Frameworks choose their client library by it:
/// django-cache-url knows the first two, django-environ the last three.
pub const URL_SCHEMES: [&str; 4] = ["memcached", "pymemcache", "pylibmc", "memcache"];

pub(super) fn of(request: &VariableRequest) -> Vec<Variable> {
    let scheme = scheme(request, &URL_SCHEMES);
    let server = authority(&request.endpoint);
    let variables = Variables::of(&request.prefix)
        .plain("MEMCACHE_URL", url_with(scheme, &server))
        .plain("MEMCACHE_SERVERS", &server)
        .plain_alias("MEMCACHE_SERVERS", &server);
    profiles::add(variables, request, &server).made()
}

pub(super) fn url_with(scheme: &str, server: &str) -> String {
    format!("{scheme}://{server}")
}
