//! The names of frameworks and libraries for the address.

use windlass_model::profile::Profile;
use windlass_services::VariableRequest;
use windlass_services::variables::{Variables, scheme};

use super::variables::{URL_SCHEMES, url_with};

pub(super) const PROFILES: [Profile; 4] = [
    Profile::Django,
    Profile::Laravel,
    Profile::Rails,
    Profile::Heroku,
];

/// Adds those of the request's profile.
pub(super) fn add<'a>(
    variables: Variables<'a>,
    request: &VariableRequest,
    server: &str,
) -> Variables<'a> {
    match request.profile {
        // The one scheme that both of the libraries know that read such URLs, unless the user chose another.
        Some(Profile::Django) => {
            let scheme = match request.url_scheme {
                None => "pymemcache",
                Some(_) => scheme(request, &URL_SCHEMES),
            };
            variables.plain_named("CACHE_URL", url_with(scheme, server))
        }
        Some(Profile::Laravel) => variables
            .plain_named("MEMCACHED_HOST", &request.endpoint.host)
            .plain_named("MEMCACHED_PORT", request.endpoint.port.to_string()),
        // Dalli reads it by itself.
        Some(Profile::Rails) => variables.plain_named("MEMCACHE_SERVERS", server),
        Some(Profile::Heroku) => variables.plain_named("MEMCACHIER_SERVERS", server),
        _ => variables,
    }
}
