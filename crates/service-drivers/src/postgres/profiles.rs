//! The names of frameworks and libraries for the parts of a binding.

use secrecy::SecretString;
use windlass_model::percent::encode;
use windlass_model::profile::Profile;
use windlass_services::variables::{Variables, authority};
use windlass_services::{Tls, VariableRequest};

use super::names::{group, login};
use super::variables::{query, url_with};
use crate::relational::{Parts, laravel, rails, spring};

pub(super) const PROFILES: [Profile; 6] = [
    Profile::Libpq,
    Profile::Django,
    Profile::Laravel,
    Profile::Rails,
    Profile::Spring,
    Profile::Heroku,
];

/// Adds those of the request's profile. `url` is the binding's with the scheme that the user chose.
pub(super) fn add<'a>(
    variables: Variables<'a>,
    request: &VariableRequest,
    url: &SecretString,
) -> Variables<'a> {
    let user = login(request.instance, request.generation);
    let parts = Parts::of(request, group(request.instance), user);
    match request.profile {
        Some(Profile::Libpq) => libpq(variables, request.tls, &parts),
        Some(Profile::Django) => variables.secret_named("DATABASE_URL", url),
        Some(Profile::Laravel) => {
            let url = SecretString::from(url_with("postgres", request));
            laravel(variables, "pgsql", &parts, &url)
        }
        Some(Profile::Rails) => rails(variables, url),
        Some(Profile::Spring) => {
            let (server, query) = (authority(&request.endpoint), query(request.tls));
            let database = encode(&parts.database);
            let url = format!("jdbc:postgresql://{server}/{database}{query}");
            spring(variables, url, &parts)
        }
        Some(Profile::Heroku) => variables.secret_of_several("DATABASE_URL", "URL", url),
        Some(Profile::Mysql | Profile::Aws) | None => variables,
    }
}

/// Not all that read these names take `PGSSLMODE` for what libpq does when it is absent: to node's `pg` `prefer`
/// means that there must be encryption, and so does its absence to Go's `lib/pq`.
fn libpq<'a>(variables: Variables<'a>, tls: Tls, parts: &Parts<'_>) -> Variables<'a> {
    let mode = match tls {
        Tls::Off => "disable",
        Tls::Require => "require",
        Tls::Verify => "verify-full",
    };
    variables
        .plain_named("PGHOST", &parts.endpoint.host)
        .plain_named("PGPORT", parts.endpoint.port.to_string())
        .plain_named("PGDATABASE", &parts.database)
        .plain_named("PGUSER", &parts.user)
        .secret_named("PGPASSWORD", parts.password)
        .plain_named("PGSSLMODE", mode)
}
