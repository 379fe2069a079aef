//! The names of frameworks and libraries for the parts of a binding.

use secrecy::SecretString;
use windlass_model::profile::Profile;
use windlass_services::variables::Variables;

use super::flavour::Flavour;

pub(super) const PROFILES: [Profile; 4] = [
    Profile::Django,
    Profile::Rails,
    Profile::Spring,
    Profile::Heroku,
];

/// What the names stand for.
pub(super) struct Parts<'a> {
    /// Where it is, without credentials.
    pub(super) address: String,
    pub(super) user: &'a str,
    pub(super) password: &'a SecretString,
    pub(super) url: &'a SecretString,
    /// The URL as django-environ reads it.
    pub(super) search: &'a SecretString,
}

/// Adds those of a profile.
pub(super) fn add<'a>(
    variables: Variables<'a>,
    profile: Option<Profile>,
    flavour: Flavour,
    parts: &Parts<'_>,
) -> Variables<'a> {
    match (profile, flavour) {
        (Some(Profile::Django), _) => variables.secret_named("SEARCH_URL", parts.search),
        // Searchkick has a name for each.
        (Some(Profile::Rails), Flavour::Elasticsearch) => {
            variables.secret_named("ELASTICSEARCH_URL", parts.url)
        }
        (Some(Profile::Rails), Flavour::Opensearch) => variables
            .secret_named("ELASTICSEARCH_URL", parts.url)
            .secret_named("OPENSEARCH_URL", parts.url),
        (Some(Profile::Spring), _) => variables
            .plain_named("SPRING_ELASTICSEARCH_URIS", &parts.address)
            .plain_named("SPRING_ELASTICSEARCH_USERNAME", parts.user)
            .secret_named("SPRING_ELASTICSEARCH_PASSWORD", parts.password),
        (Some(Profile::Heroku), _) => variables.secret_named("BONSAI_URL", parts.url),
        _ => variables,
    }
}
