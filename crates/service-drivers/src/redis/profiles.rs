//! The names of frameworks and libraries for the parts of a binding.

use secrecy::SecretString;
use windlass_model::profile::Profile;
use windlass_services::VariableRequest;
use windlass_services::variables::Variables;

use super::names::binding_user;
use super::variables::{DATABASE, url_with};

pub(super) const PROFILES: [Profile; 5] = [
    Profile::Django,
    Profile::Laravel,
    Profile::Rails,
    Profile::Spring,
    Profile::Heroku,
];

/// Adds those of the request's profile. `CACHE_URL` is no part of any: the library that gave it its name forgets the
/// user of such a URL.
pub(super) fn add<'a>(variables: Variables<'a>, request: &VariableRequest) -> Variables<'a> {
    // Frameworks know the scheme of Redis only.
    let url = SecretString::from(url_with("redis", request));
    match request.profile {
        Some(Profile::Django | Profile::Rails | Profile::Heroku) => {
            variables.secret_named("REDIS_URL", &url)
        }
        Some(Profile::Laravel) => variables
            .secret_named("REDIS_URL", &url)
            .plain_named("REDIS_HOST", &request.endpoint.host)
            .plain_named("REDIS_PORT", request.endpoint.port.to_string())
            .plain_named(
                "REDIS_USERNAME",
                binding_user(request.instance, request.generation),
            )
            .secret_named("REDIS_PASSWORD", &request.password)
            .plain_named("REDIS_DB", DATABASE),
        // Spring Boot from version 3 on, and 2.
        Some(Profile::Spring) => variables
            .secret_named("SPRING_DATA_REDIS_URL", &url)
            .secret_named("SPRING_REDIS_URL", &url),
        Some(Profile::Libpq | Profile::Mysql | Profile::Aws) | None => variables,
    }
}
