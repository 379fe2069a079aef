//! The variables of a simulated instance: those of a database, as that is what most tests want to see.

use secrecy::{ExposeSecret, SecretString};
use windlass_model::percent::encode;
use windlass_model::profile::Profile;

use super::{database_name, user_name};
use crate::spec::{Variable, VariableRequest};
use crate::variables::{Variables, authority};

/// Few of those that databases have, and one of each sort.
pub(super) const PROFILES: [Profile; 3] = [Profile::Libpq, Profile::Django, Profile::Rails];

pub(super) fn of(request: &VariableRequest) -> Vec<Variable> {
    let user = user_name(request.instance, request.generation);
    let database = database_name(request.instance);
    let password = encode(request.password.expose_secret());
    let server = authority(&request.endpoint);
    let url = SecretString::from(format!("simulated://{user}:{password}@{server}/{database}"));
    let variables = Variables::of(&request.prefix)
        .secret("DATABASE_DSN", &url)
        .plain("DATABASE_HOST", &request.endpoint.host)
        .plain("DATABASE_PORT", request.endpoint.port.to_string())
        .plain("DATABASE_NAME", database)
        .plain("DATABASE_USER", &user)
        .secret("DATABASE_PASSWORD", &request.password)
        .alias("DATABASE_URL", &url);
    let variables = match &request.media_host {
        Some(host) => variables.plain("DATABASE_MEDIA_HOST", host),
        None => variables,
    };
    match request.profile {
        Some(Profile::Libpq) => variables
            .plain_named("PGUSER", user)
            .secret_named("PGPASSWORD", &request.password)
            .made(),
        Some(Profile::Django) => variables.secret_named("DATABASE_URL", &url).made(),
        Some(Profile::Rails) => variables
            .secret_of_several("DATABASE_URL", "DATABASE_URL", &url)
            .made(),
        _ => variables.made(),
    }
}
