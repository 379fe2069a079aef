//! Variables of a binding.

use secrecy::{ExposeSecret, SecretString};
use windlass_model::percent::encode;
use windlass_services::variables::{Variables, authority};
use windlass_services::{Tls, Variable, VariableRequest};

use super::names::{database, user};
use super::profiles;

pub(super) fn of(request: &VariableRequest) -> Vec<Variable> {
    let url = SecretString::from(url(request));
    let variables = Variables::of(&request.prefix)
        .secret("MONGODB_URL", &url)
        .plain("MONGODB_HOST", &request.endpoint.host)
        .plain("MONGODB_PORT", request.endpoint.port.to_string())
        .plain("MONGODB_NAME", database(request.instance))
        .plain("MONGODB_USER", user(request.instance, request.generation))
        .secret("MONGODB_PASSWORD", &request.password)
        .alias("MONGODB_URI", &url)
        // Meteor.
        .alias("MONGO_URL", &url)
        // Spring Boot up to version 3, and from 4 on.
        .alias("SPRING_DATA_MONGODB_URI", &url)
        .alias("SPRING_MONGODB_URI", &url);
    profiles::add(variables, request, &url).made()
}

/// A single server has no log from which a write could be found to have been done, so that drivers are told
/// not to repeat any.
fn url(request: &VariableRequest) -> String {
    let database = encode(&database(request.instance));
    let user = encode(&user(request.instance, request.generation));
    let password = encode(request.password.expose_secret());
    let server = authority(&request.endpoint);
    let secure = match request.tls {
        Tls::Off => "",
        Tls::Require => "&tls=true&tlsInsecure=true",
        Tls::Verify => "&tls=true",
    };
    format!(
        "mongodb://{user}:{password}@{server}/{database}?authSource={database}&retryWrites=false{secure}"
    )
}
