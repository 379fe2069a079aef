//! Variables of a binding.

use secrecy::{ExposeSecret, SecretString};
use windlass_model::percent::encode;
use windlass_services::variables::{Variables, authority};
use windlass_services::{Tls, Variable, VariableRequest};

use super::names::{bucket, key_id};
use super::profiles;
use super::site::Site;

/// Buckets in the path of requests: names of buckets before the host's need a domain and its certificate.
pub(super) const STYLE: &str = "path";

pub(super) fn of(site: &Site, request: &VariableRequest) -> Vec<Variable> {
    let scheme = match request.tls {
        Tls::Off => "http",
        Tls::Require | Tls::Verify => "https",
    };
    let endpoint = format!("{scheme}://{}", authority(&request.endpoint));
    let id = key_id(request.instance, request.generation, &request.password);
    let bucket = bucket(request.instance);
    let mut variables = Variables::of(&request.prefix)
        .secret("STORAGE_DSN", &SecretString::from(dsn(site, request, &id)))
        .plain("STORAGE_BUCKET", &bucket)
        .plain("STORAGE_ACCESS_KEY_ID", &id)
        .secret("STORAGE_SECRET_ACCESS_KEY", &request.password)
        .plain("STORAGE_REGION", &site.region)
        .plain("STORAGE_ENDPOINT_URL", &endpoint)
        .plain("STORAGE_ADDRESSING_STYLE", STYLE);
    if let Some(host) = site.host(&bucket) {
        variables = variables.plain("STORAGE_CUSTOM_DOMAIN", host);
    }
    profiles::add(variables, site, request, &id, &endpoint).made()
}

/// The form that django-storage-url reads, which finds the bucket before `.s3.` and the region behind it. It
/// connects by HTTPS to port 443 whatever is said here: such a URL works where a certificate for the region's domain
/// is put before the router; elsewhere the other variables do. Objects are private, so that links to them are signed.
fn dsn(site: &Site, request: &VariableRequest, id: &str) -> String {
    let secret = encode(request.password.expose_secret());
    let (bucket, region) = (bucket(request.instance), &site.region);
    let (host, style) = match site.host(&bucket) {
        Some(host) => (host, "virtual"),
        None => (
            format!("{bucket}.s3.{region}.{}", request.endpoint.host),
            STYLE,
        ),
    };
    format!(
        "s3://{id}:{secret}@{host}/?auth=s3v4&addressing_style={style}&acl=private&qs_auth=true"
    )
}
