//! What the profiles of the relational databases have in common.

use secrecy::SecretString;
use windlass_services::variables::Variables;
use windlass_services::{Endpoint, VariableRequest};

/// What the variables of a binding say, in parts: none is encoded.
pub(crate) struct Parts<'a> {
    pub(crate) endpoint: &'a Endpoint,
    pub(crate) database: String,
    pub(crate) user: String,
    pub(crate) password: &'a SecretString,
}

impl<'a> Parts<'a> {
    pub(crate) fn of(request: &'a VariableRequest, database: String, user: String) -> Self {
        Self {
            endpoint: &request.endpoint,
            database,
            user,
            password: &request.password,
        }
    }
}

/// The names of `config/database.php`. `url` has a scheme that Laravel knows. Laravel reads each of its parts as JSON
/// once it is decoded, so that `1e5` would become a number: passwords begin with a letter and are longer than any
/// of JSON's words, the names of users and databases have a prefix.
pub(crate) fn laravel<'a>(
    variables: Variables<'a>,
    connection: &str,
    parts: &Parts<'_>,
    url: &SecretString,
) -> Variables<'a> {
    variables
        .plain_named("DB_CONNECTION", connection)
        .plain_named("DB_HOST", &parts.endpoint.host)
        .plain_named("DB_PORT", parts.endpoint.port.to_string())
        .plain_named("DB_DATABASE", &parts.database)
        .plain_named("DB_USERNAME", &parts.user)
        .secret_named("DB_PASSWORD", parts.password)
        .secret_named("DB_URL", url)
}

/// The properties of Spring Boot's data source. The user and the password have their own: what is in a JDBC URL is
/// not decoded by all drivers, and is logged.
pub(crate) fn spring<'a>(
    variables: Variables<'a>,
    url: String,
    parts: &Parts<'_>,
) -> Variables<'a> {
    variables
        .plain_named("SPRING_DATASOURCE_URL", url)
        .plain_named("SPRING_DATASOURCE_USERNAME", &parts.user)
        .secret_named("SPRING_DATASOURCE_PASSWORD", parts.password)
}

/// Active Record reads `DATABASE_URL` for its first database, and `<NAME>_DATABASE_URL` for that of another name.
pub(crate) fn rails<'a>(variables: Variables<'a>, url: &SecretString) -> Variables<'a> {
    variables.secret_of_several("DATABASE_URL", "DATABASE_URL", url)
}
