//! The variables of a simulated instance: those of a database, as that is what most tests want to see.

use secrecy::{ExposeSecret, SecretString};
use windlass_model::names::{Prefix, VariableName};
use windlass_model::percent::encode;

use super::{database_name, user_name};
use crate::spec::{Variable, VariableRequest};

const SUFFIXES: [&str; 6] = [
    "DATABASE_DSN",
    "DATABASE_HOST",
    "DATABASE_PORT",
    "DATABASE_NAME",
    "DATABASE_USER",
    "DATABASE_PASSWORD",
];

pub(super) fn names(prefix: &Prefix) -> Vec<VariableName> {
    let own = SUFFIXES
        .iter()
        .map(|suffix| name(&format!("{prefix}_{suffix}")));
    own.chain(prefix.is_default().then(|| name("DATABASE_URL")))
        .collect()
}

pub(super) fn of(request: &VariableRequest) -> Vec<Variable> {
    let user = user_name(request.instance, request.generation);
    let database = database_name(request.instance);
    let password = request.password.expose_secret();
    let (host, port) = (&request.endpoint.host, request.endpoint.port);
    let url = format!(
        "simulated://{user}:{}@{host}:{port}/{database}",
        encode(password)
    );
    let values = [
        (url.clone(), true),
        (host.clone(), false),
        (port.to_string(), false),
        (database, false),
        (user, false),
        (password.to_owned(), true),
        (url, true),
    ];
    names(&request.prefix)
        .into_iter()
        .zip(values)
        .map(|(name, (value, is_sensitive))| Variable {
            name,
            value: SecretString::from(value),
            is_sensitive,
        })
        .collect()
}

fn name(text: &str) -> VariableName {
    text.parse()
        .expect("a prefix and these suffixes are letters, digits and underscores")
}
