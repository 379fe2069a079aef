//! Variables of a binding.

use secrecy::{ExposeSecret, SecretString};
use windlass_model::names::{Prefix, VariableName};
use windlass_model::percent::encode;
use windlass_services::{Tls, Variable, VariableRequest};

use super::names::{group, login};

/// The schemes that URLs may have, the default first: SQLAlchemy does not know `postgres`, GeoDjango needs
/// `postgis`.
pub const URL_SCHEMES: [&str; 4] = ["postgres", "postgresql", "postgis", "postgresql+psycopg"];

const DSN: &str = "DATABASE_DSN";
const PARTS: [&str; 6] = [
    "DATABASE_HOST",
    "DATABASE_PORT",
    "DATABASE_NAME",
    "DATABASE_USER",
    "DATABASE_PASSWORD",
    "DATABASE_ENGINE",
];
/// The alias of the DSN under the prefix `DEFAULT`.
const ALIAS: &str = "DATABASE_URL";

pub(super) fn names(prefix: &Prefix) -> Vec<VariableName> {
    let own = std::iter::once(DSN)
        .chain(PARTS)
        .map(|suffix| name(&format!("{prefix}_{suffix}")));
    own.chain(prefix.is_default().then(|| name(ALIAS)))
        .collect()
}

pub(super) fn of(request: &VariableRequest) -> Vec<Variable> {
    let url = url(request);
    let plain = |text: String| (SecretString::from(text), false);
    let secret = |text: &str| (SecretString::from(text), true);
    // In the order of `names`; without the alias, the last one is not taken.
    let values = [
        secret(&url),
        plain(request.endpoint.host.clone()),
        plain(request.endpoint.port.to_string()),
        plain(group(request.instance)),
        plain(login(request.instance, request.generation)),
        secret(request.password.expose_secret()),
        plain("postgresql".to_owned()),
        secret(&url),
    ];
    let named = names(&request.prefix).into_iter().zip(values);
    named
        .map(|(name, (value, is_sensitive))| Variable {
            name,
            value,
            is_sensitive,
        })
        .collect()
}

/// The only query keys are libpq's own: others are passed on as driver options, or refused.
fn url(request: &VariableRequest) -> String {
    let wanted = request.url_scheme.as_deref();
    let scheme = URL_SCHEMES
        .into_iter()
        .find(|known| Some(*known) == wanted)
        .unwrap_or(URL_SCHEMES[0]);
    let user = encode(&login(request.instance, request.generation));
    let password = encode(request.password.expose_secret());
    let host = &request.endpoint.host;
    let host = if host.contains(':') {
        format!("[{host}]")
    } else {
        host.clone()
    };
    let (port, database) = (request.endpoint.port, encode(&group(request.instance)));
    let query = match request.tls {
        Tls::Off => "",
        Tls::Require => "?sslmode=require",
        Tls::Verify => "?sslmode=verify-full",
    };
    format!("{scheme}://{user}:{password}@{host}:{port}/{database}{query}")
}

fn name(text: &str) -> VariableName {
    text.parse()
        .expect("a prefix and these suffixes are letters, digits and underscores")
}
