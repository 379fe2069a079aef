//! Variables of a binding.

use secrecy::{ExposeSecret, SecretString};
use windlass_model::percent::encode;
use windlass_services::variables::{Variables, authority, scheme};
use windlass_services::{Variable, VariableRequest};

use super::dialect::Dialect;
use super::names::{database, login};
use super::profiles;

/// The schemes that URLs may have, the default first: Rails knows `mysql2`, SQLAlchemy wants its driver's
/// name, MariaDB's own clients `mariadb`.
pub const URL_SCHEMES: [&str; 4] = ["mysql", "mysql2", "mysql+pymysql", "mariadb"];

pub(super) fn of(dialect: Dialect, request: &VariableRequest) -> Vec<Variable> {
    let url = SecretString::from(url_with(scheme(request, &URL_SCHEMES), request));
    let variables = Variables::of(&request.prefix)
        .secret("DATABASE_DSN", &url)
        .plain("DATABASE_HOST", &request.endpoint.host)
        .plain("DATABASE_PORT", request.endpoint.port.to_string())
        .plain("DATABASE_NAME", database(request.instance))
        .plain("DATABASE_USER", login(request.instance, request.generation))
        .secret("DATABASE_PASSWORD", &request.password)
        .plain("DATABASE_ENGINE", "mysql")
        .alias("DATABASE_URL", &url);
    profiles::add(variables, dialect, request, &url).made()
}

/// Without a query. No key for encryption is known to more than one client library (`ssl-mode`,
/// `ssl_mode`, `sslMode`, `ssl`), and most refuse those that they do not know.
pub(super) fn url_with(scheme: &str, request: &VariableRequest) -> String {
    let user = encode(&login(request.instance, request.generation));
    let password = encode(request.password.expose_secret());
    let (server, database) = (
        authority(&request.endpoint),
        encode(&database(request.instance)),
    );
    format!("{scheme}://{user}:{password}@{server}/{database}")
}
