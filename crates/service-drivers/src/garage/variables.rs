//! Variables of a binding.

use secrecy::{ExposeSecret, SecretString};
use windlass_model::percent::encode;
use windlass_services::variables::{Variables, authority};
use windlass_services::{Tls, Variable, VariableRequest};

use super::names::{REGION, bucket, key_id};

/// Buckets in the path of requests: names of buckets before the host's need a domain and its certificate.
const STYLE: &str = "path";

pub(super) fn of(request: &VariableRequest) -> Vec<Variable> {
    let scheme = match request.tls {
        Tls::Off => "http",
        Tls::Require | Tls::Verify => "https",
    };
    let endpoint = format!("{scheme}://{}", authority(&request.endpoint));
    let id = key_id(request.instance, request.generation, &request.password);
    Variables::of(&request.prefix)
        .secret("STORAGE_DSN", &SecretString::from(dsn(request, &id)))
        .plain("STORAGE_BUCKET", bucket(request.instance))
        .plain("STORAGE_ACCESS_KEY_ID", id)
        .secret("STORAGE_SECRET_ACCESS_KEY", &request.password)
        .plain("STORAGE_REGION", REGION)
        .plain("STORAGE_ENDPOINT_URL", endpoint)
        .plain("STORAGE_ADDRESSING_STYLE", STYLE)
        .made()
}

/// The form that django-storage-url reads, which finds the bucket before `.s3.` and the region behind it. It
/// connects by HTTPS to port 443 whatever is said here: such a URL works where the host has a public name with
/// a certificate for `s3.<region>.<host>`; elsewhere the other variables do. Objects are private, so that
/// links to them are signed.
fn dsn(request: &VariableRequest, id: &str) -> String {
    let secret = encode(request.password.expose_secret());
    let (bucket, host) = (bucket(request.instance), &request.endpoint.host);
    format!(
        "s3://{id}:{secret}@{bucket}.s3.{REGION}.{host}/?auth=s3v4&addressing_style={STYLE}&acl=private&qs_auth=true"
    )
}
