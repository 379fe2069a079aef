//! Variables of a binding.

use secrecy::{ExposeSecret, SecretString};
use windlass_model::percent::encode;
use windlass_services::variables::{Variables, authority};
use windlass_services::{Tls, Variable, VariableRequest};

use super::flavour::Flavour;
use super::names::{index_prefix, user};
use super::profiles::{self, Parts};

/// What names of the index that a library has one of end with.
const INDEX: &str = "default";

/// Both flavours under the same names: they speak the same protocol, and applications know them so.
pub(super) fn of(flavour: Flavour, request: &VariableRequest) -> Vec<Variable> {
    let secure = request.tls != Tls::Off;
    let scheme = if secure { "https" } else { "http" };
    let prefix = index_prefix(request.instance);
    let user = user(request.instance, request.generation);
    let server = authority(&request.endpoint);
    let place = format!(
        "{}:{}@{server}",
        encode(&user),
        encode(request.password.expose_secret())
    );
    let url = SecretString::from(format!("{scheme}://{place}"));
    let haystack = SecretString::from(format!("es+{scheme}://{place}/{prefix}*"));
    // As django-environ reads it; the `s` is for an encrypted connection.
    let search = if secure {
        "elasticsearch7s"
    } else {
        "elasticsearch7"
    };
    let search = SecretString::from(format!("{search}://{place}/{prefix}{INDEX}"));
    let parts = Parts {
        address: format!("{scheme}://{server}"),
        user: &user,
        password: &request.password,
        url: &url,
        search: &search,
    };
    let variables = Variables::of(&request.prefix)
        .secret("ELASTICSEARCH_URL", &url)
        .plain("ELASTICSEARCH_HOST", &request.endpoint.host)
        .plain("ELASTICSEARCH_PORT", request.endpoint.port.to_string())
        .plain("ELASTICSEARCH_SCHEME", scheme)
        .plain("ELASTICSEARCH_USER", &user)
        .secret("ELASTICSEARCH_PASSWORD", &request.password)
        .plain("ELASTICSEARCH_INDEX_PREFIX", &prefix)
        .secret("HAYSTACK_URL", &haystack)
        .alias("ELASTICSEARCH_URL", &url)
        .alias("SEARCH_URL", &search)
        .plain_alias("SPRING_ELASTICSEARCH_URIS", &parts.address)
        .plain_alias("SPRING_ELASTICSEARCH_USERNAME", &user)
        .alias("SPRING_ELASTICSEARCH_PASSWORD", &request.password);
    let variables = match flavour {
        Flavour::Opensearch => variables.alias("OPENSEARCH_URL", &url),
        Flavour::Elasticsearch => variables,
    };
    profiles::add(variables, request.profile, flavour, &parts).made()
}
