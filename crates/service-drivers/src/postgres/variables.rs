//! Variables of a binding.

use secrecy::{ExposeSecret, SecretString};
use windlass_model::percent::encode;
use windlass_services::variables::{Variables, authority, scheme};
use windlass_services::{Tls, Variable, VariableRequest};

use super::names::{group, login};
use super::profiles;

/// The schemes that URLs may have, the default first: SQLAlchemy does not know `postgres`, GeoDjango needs
/// `postgis`.
pub const URL_SCHEMES: [&str; 4] = ["postgres", "postgresql", "postgis", "postgresql+psycopg"];

pub(super) fn of(request: &VariableRequest) -> Vec<Variable> {
    let url = SecretString::from(url_with(scheme(request, &URL_SCHEMES), request));
    let variables = Variables::of(&request.prefix)
        .secret("DATABASE_DSN", &url)
        .plain("DATABASE_HOST", &request.endpoint.host)
        .plain("DATABASE_PORT", request.endpoint.port.to_string())
        .plain("DATABASE_NAME", group(request.instance))
        .plain("DATABASE_USER", login(request.instance, request.generation))
        .secret("DATABASE_PASSWORD", &request.password)
        .plain("DATABASE_ENGINE", "postgresql")
        .alias("DATABASE_URL", &url);
    profiles::add(variables, request, &url).made()
}

pub(super) fn url_with(scheme: &str, request: &VariableRequest) -> String {
    let user = encode(&login(request.instance, request.generation));
    let password = encode(request.password.expose_secret());
    let (server, database) = (
        authority(&request.endpoint),
        encode(&group(request.instance)),
    );
    let query = query(request.tls);
    format!("{scheme}://{user}:{password}@{server}/{database}{query}")
}

/// The only keys are libpq's own, which are those of the JDBC driver too: others are passed on as driver options, or
/// refused.
pub(super) fn query(tls: Tls) -> &'static str {
    match tls {
        Tls::Off => "",
        Tls::Require => "?sslmode=require",
        Tls::Verify => "?sslmode=verify-full",
    }
}
