//! Variables of a binding.

use secrecy::{ExposeSecret, SecretString};
use windlass_model::percent::encode;
use windlass_services::variables::{Variables, authority};
use windlass_services::{Tls, Variable, VariableRequest};

use super::names::{user, vhost};
use super::profiles;

pub(super) fn of(request: &VariableRequest) -> Vec<Variable> {
    let url = SecretString::from(url(request));
    let variables = Variables::of(&request.prefix)
        .secret("AMQP_BROKER_URL", &url)
        .plain("AMQP_HOST", &request.endpoint.host)
        .plain("AMQP_PORT", request.endpoint.port.to_string())
        .plain("AMQP_VHOST", vhost(request.instance))
        .plain("AMQP_USER", user(request.instance, request.generation))
        .secret("AMQP_PASSWORD", &request.password)
        .alias("BROKER_URL", &url);
    profiles::add(variables, request, &url).made()
}

/// Whether the certificate is checked is no part of a URL: each client library has its own way to say it.
pub(super) fn scheme(tls: Tls) -> &'static str {
    match tls {
        Tls::Off => "amqp",
        Tls::Require | Tls::Verify => "amqps",
    }
}

/// The virtual host is the whole path after its first slash (RabbitMQ's URI specification).
fn url(request: &VariableRequest) -> String {
    let scheme = scheme(request.tls);
    let user = encode(&user(request.instance, request.generation));
    let password = encode(request.password.expose_secret());
    let (server, vhost) = (
        authority(&request.endpoint),
        encode(&vhost(request.instance)),
    );
    format!("{scheme}://{user}:{password}@{server}/{vhost}")
}
