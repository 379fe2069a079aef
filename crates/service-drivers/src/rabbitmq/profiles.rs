//! The names of frameworks and libraries for the parts of a binding.

use secrecy::SecretString;
use windlass_model::profile::Profile;
use windlass_services::VariableRequest;
use windlass_services::variables::{Variables, authority};

use super::names::{user, vhost};
use super::variables::scheme;

pub(super) const PROFILES: [Profile; 5] = [
    Profile::Django,
    Profile::Laravel,
    Profile::Rails,
    Profile::Spring,
    Profile::Heroku,
];

/// Adds those of the request's profile.
pub(super) fn add<'a>(
    variables: Variables<'a>,
    request: &VariableRequest,
    url: &SecretString,
) -> Variables<'a> {
    let (host, port) = (&request.endpoint.host, request.endpoint.port.to_string());
    let user = user(request.instance, request.generation);
    let vhost = vhost(request.instance);
    match request.profile {
        // Celery reads it by itself.
        Some(Profile::Django) => variables.secret_named("CELERY_BROKER_URL", url),
        Some(Profile::Laravel) => variables
            .plain_named("RABBITMQ_HOST", host)
            .plain_named("RABBITMQ_PORT", port)
            .plain_named("RABBITMQ_VHOST", vhost)
            .plain_named("RABBITMQ_USER", user)
            .secret_named("RABBITMQ_PASSWORD", &request.password),
        // Bunny reads it by itself.
        Some(Profile::Rails) => variables.secret_named("RABBITMQ_URL", url),
        // Spring Boot takes an address with credentials apart without decoding it.
        Some(Profile::Spring) => {
            let (scheme, server) = (scheme(request.tls), authority(&request.endpoint));
            variables
                .plain_named("SPRING_RABBITMQ_ADDRESSES", format!("{scheme}://{server}"))
                .plain_named("SPRING_RABBITMQ_VIRTUALHOST", vhost)
                .plain_named("SPRING_RABBITMQ_USERNAME", user)
                .secret_named("SPRING_RABBITMQ_PASSWORD", &request.password)
        }
        Some(Profile::Heroku) => variables
            .secret_named("CLOUDAMQP_URL", url)
            .secret_named("AMQP_URL", url),
        Some(Profile::Libpq | Profile::Mysql | Profile::Aws) | None => variables,
    }
}
