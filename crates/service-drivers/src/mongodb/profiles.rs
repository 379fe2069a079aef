//! The names of frameworks and libraries for the parts of a binding.

use secrecy::SecretString;
use windlass_model::profile::Profile;
use windlass_services::VariableRequest;
use windlass_services::variables::Variables;

use super::names::database;

pub(super) const PROFILES: [Profile; 4] = [
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
    match request.profile {
        Some(Profile::Rails | Profile::Heroku) => variables.secret_named("MONGODB_URI", url),
        // Laravel's connection wants the database apart from the URL.
        Some(Profile::Laravel) => variables
            .secret_named("MONGODB_URI", url)
            .plain_named("MONGODB_DATABASE", database(request.instance)),
        // Spring Boot up to version 3, and from 4 on.
        Some(Profile::Spring) => variables
            .secret_named("SPRING_DATA_MONGODB_URI", url)
            .secret_named("SPRING_MONGODB_URI", url),
        _ => variables,
    }
}
