//! Variables of a URL that the user gave: the names of its sort, the URL as it was given.

use windlass_services::variables::Variables;
use windlass_services::{Variable, VariableRequest};

use super::given::{Given, Sort};

/// None for a URL that cannot be taken apart, which nobody gets past [`super::ExternalDriver`].
pub(super) fn of(request: &VariableRequest) -> Vec<Variable> {
    let Ok(given) = Given::parse(&request.password) else {
        return Vec::new();
    };
    let url = &request.password;
    let (suffix, parts, aliases): (&str, &str, &[&str]) = match given.sort {
        Sort::Postgres | Sort::Mysql => ("DATABASE_DSN", "DATABASE", &["DATABASE_URL"]),
        Sort::Redis => ("CACHE_URL", "CACHE", &["REDIS_URL"]),
        Sort::Amqp => ("AMQP_BROKER_URL", "AMQP", &["BROKER_URL"]),
        Sort::Mongodb => ("MONGODB_URL", "MONGODB", &["MONGODB_URI", "MONGO_URL"]),
        Sort::Search => ("ELASTICSEARCH_URL", "ELASTICSEARCH", &["ELASTICSEARCH_URL"]),
        Sort::Other => ("URL", "", &[]),
    };
    let (host, port) = given.place();
    let named = |name: &str| match parts {
        "" => name.to_owned(),
        parts => format!("{parts}_{name}"),
    };
    let mut variables = Variables::of(&request.prefix)
        .secret(suffix, url)
        .plain(&named("HOST"), host)
        .plain(&named("PORT"), port.to_string())
        .plain(&named("USER"), &given.user)
        .secret(&named("PASSWORD"), &given.password);
    if !given.name.is_empty() {
        let name = match given.sort {
            Sort::Amqp => "VHOST",
            Sort::Redis => "DB",
            _ => "NAME",
        };
        variables = variables.plain(&named(name), &given.name);
    }
    for alias in aliases {
        variables = variables.alias(alias, url);
    }
    variables.made()
}
