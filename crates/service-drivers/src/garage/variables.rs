//! Variables of a binding.

use secrecy::{ExposeSecret, SecretString};
use windlass_model::percent::encode;
use windlass_services::variables::{Variables, authority};
use windlass_services::{Tls, Variable, VariableRequest};

use super::names::{bucket, key_id};
use super::profiles;
use super::site::Site;

/// How requests name a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// In the path: names before the host's need a domain and its certificate.
    Path,
    /// Before the host's name.
    Virtual,
}

impl Style {
    /// The word of the field for it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Virtual => "virtual",
        }
    }
}

/// Where requests go.
#[derive(Debug)]
pub(super) struct Endpoint {
    pub(super) url: String,
    pub(super) style: Style,
}

pub(super) fn of(site: &Site, request: &VariableRequest) -> Vec<Variable> {
    let scheme = match request.tls {
        Tls::Off => "http",
        Tls::Require | Tls::Verify => "https",
    };
    let inside = format!("{scheme}://{}", authority(&request.endpoint));
    let endpoint = match site.endpoint() {
        Some(url) => Endpoint {
            url,
            style: Style::Virtual,
        },
        None => Endpoint {
            url: inside.clone(),
            style: Style::Path,
        },
    };
    let id = key_id(request.instance, request.generation, &request.password);
    let bucket = bucket(request.instance);
    let mut variables = Variables::of(&request.prefix)
        .secret("STORAGE_DSN", &SecretString::from(dsn(site, request, &id)))
        .plain("STORAGE_BUCKET", &bucket)
        .plain("STORAGE_ACCESS_KEY_ID", &id)
        .secret("STORAGE_SECRET_ACCESS_KEY", &request.password)
        .plain("STORAGE_REGION", &site.region)
        .plain("STORAGE_ENDPOINT_URL", &endpoint.url)
        .plain("STORAGE_ADDRESSING_STYLE", endpoint.style.name());
    let host = request.media_host.clone().or_else(|| site.host(&bucket));
    if let Some(host) = host {
        variables = variables.plain("STORAGE_CUSTOM_DOMAIN", host);
    }
    profiles::add(variables, site, request, &id, &endpoint, &inside).made()
}

/// The form that django-storage-url reads, which finds the bucket before `.s3.` and the region behind it. It
/// connects by HTTPS to port 443 whatever is said here: such a URL works where a certificate for the region's domain
/// is in the router, and its port for TLS is that; elsewhere the other variables do. Links to private objects are signed;
/// those to what is public name the host at which everybody reads it. The server knows no rights of single objects, so
/// that there is nothing to say about them but what holds for all.
fn dsn(site: &Site, request: &VariableRequest, id: &str) -> String {
    let secret = encode(request.password.expose_secret());
    let (bucket, region) = (bucket(request.instance), &site.region);
    let (host, style) = match site.host(&bucket) {
        Some(host) => (host, Style::Virtual),
        None => (
            format!("{bucket}.s3.{region}.{}", request.endpoint.host),
            Style::Path,
        ),
    };
    let style = style.name();
    let whose = match &request.media_host {
        Some(media) => format!("domain={}&acl=public-read&qs_auth=false", encode(media)),
        None => "acl=private&qs_auth=true".to_owned(),
    };
    format!("s3://{id}:{secret}@{host}/?auth=s3v4&addressing_style={style}&{whose}")
}

#[cfg(test)]
mod tests {
    use windlass_model::names::Prefix;
    use windlass_model::profile::Profile;

    use super::*;

    fn value(site: &Site, profile: Option<Profile>, name: &str) -> String {
        let mut request = VariableRequest::for_names(&Prefix::default_prefix(), profile);
        request.endpoint.host = "garage".to_owned();
        request.endpoint.port = 3900;
        let variables = of(site, &request);
        let found = variables
            .iter()
            .find(|variable| variable.name.as_str() == name);
        found.unwrap().value.expose_secret().to_owned()
    }

    #[test]
    fn applications_go_by_https_where_public_names_are_served_by_that() {
        let inside = Site::of("zurich", "paas.example");
        let at = |port| Site {
            https: Some(port),
            ..inside.clone()
        };
        for (site, endpoint, style, path_style) in [
            (inside.clone(), "http://garage:3900", "path", "true"),
            (
                at(443),
                "https://s3.zurich.paas.example",
                "virtual",
                "false",
            ),
            (
                at(8443),
                "https://s3.zurich.paas.example:8443",
                "virtual",
                "false",
            ),
        ] {
            let part = |part: &str| value(&site, None, &format!("DEFAULT_STORAGE_{part}"));
            assert_eq!(part("ENDPOINT_URL"), endpoint);
            assert_eq!(part("ADDRESSING_STYLE"), style);
            let bucket = part("BUCKET");
            let host = format!("{bucket}.s3.zurich.paas.example");
            assert_eq!(part("CUSTOM_DOMAIN"), host);
            let django = |name: &str| value(&site, Some(Profile::Django), name);
            assert_eq!(django("AWS_S3_ENDPOINT_URL"), endpoint);
            assert_eq!(django("AWS_S3_ADDRESSING_STYLE"), style);
            let laravel = |name: &str| value(&site, Some(Profile::Laravel), name);
            assert_eq!(laravel("AWS_ENDPOINT"), endpoint);
            assert_eq!(laravel("AWS_USE_PATH_STYLE_ENDPOINT"), path_style);
            // SDKs that know no variable for the style.
            let inside = value(&site, Some(Profile::Aws), "AWS_ENDPOINT_URL_S3");
            assert_eq!(inside, "http://garage:3900");
        }
    }
}
