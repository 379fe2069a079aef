//! The names of frameworks and libraries for the parts of a binding.

use secrecy::SecretString;
use windlass_model::percent::encode;
use windlass_model::profile::Profile;
use windlass_services::variables::{Variables, authority};
use windlass_services::{Tls, VariableRequest};

use super::dialect::Dialect;
use super::names::{database, login};
use super::variables::url_with;
use crate::relational::{Parts, laravel, rails, spring};

pub(super) const PROFILES: [Profile; 6] = [
    Profile::Mysql,
    Profile::Django,
    Profile::Laravel,
    Profile::Rails,
    Profile::Spring,
    Profile::Heroku,
];

/// Adds those of the request's profile. `url` is the binding's with the scheme that the user chose.
pub(super) fn add<'a>(
    variables: Variables<'a>,
    dialect: Dialect,
    request: &VariableRequest,
    url: &SecretString,
) -> Variables<'a> {
    let user = login(request.instance, request.generation);
    let parts = Parts::of(request, database(request.instance), user);
    let with = |scheme| SecretString::from(url_with(scheme, request));
    match request.profile {
        Some(Profile::Mysql) => variables
            .plain_named("MYSQL_HOST", &parts.endpoint.host)
            .plain_named("MYSQL_PORT", parts.endpoint.port.to_string())
            .plain_named("MYSQL_DATABASE", &parts.database)
            .plain_named("MYSQL_USER", &parts.user)
            .secret_named("MYSQL_PASSWORD", parts.password),
        Some(Profile::Django) => variables.secret_named("DATABASE_URL", url),
        Some(Profile::Laravel) => laravel(variables, "mysql", &parts, &with("mysql")),
        // `mysql` is what Rails before 7.2 has no adapter for.
        Some(Profile::Rails) if request.url_scheme.is_none() => rails(variables, &with("mysql2")),
        Some(Profile::Rails) => rails(variables, url),
        Some(Profile::Spring) => spring(variables, jdbc(dialect, request, &parts), &parts),
        Some(Profile::Heroku) => match dialect {
            Dialect::Mysql => variables.secret_named("JAWSDB_URL", &with("mysql")),
            Dialect::Mariadb => variables.secret_named("JAWSDB_MARIA_URL", &with("mysql")),
        },
        Some(Profile::Libpq | Profile::Aws) | None => variables,
    }
}

/// Each of the two has a JDBC driver of its own, which knows neither the other's scheme nor its words.
fn jdbc(dialect: Dialect, request: &VariableRequest, parts: &Parts<'_>) -> String {
    let (scheme, require, verify) = match dialect {
        Dialect::Mysql => ("mysql", "REQUIRED", "VERIFY_IDENTITY"),
        Dialect::Mariadb => ("mariadb", "trust", "verify-full"),
    };
    let query = match request.tls {
        Tls::Off => String::new(),
        Tls::Require => format!("?sslMode={require}"),
        Tls::Verify => format!("?sslMode={verify}"),
    };
    let (server, database) = (authority(&request.endpoint), encode(&parts.database));
    format!("jdbc:{scheme}://{server}/{database}{query}")
}
