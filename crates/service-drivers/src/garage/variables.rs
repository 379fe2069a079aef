//! Variables of a binding.

use windlass_services::variables::authority;
use windlass_services::{Tls, Variable, VariableRequest};

use super::names::{bucket, key_id};
use super::site::Site;
use crate::s3::{Given, Style};

pub(super) fn of(site: &Site, request: &VariableRequest) -> Vec<Variable> {
    let scheme = match request.tls {
        Tls::Off => "http",
        Tls::Require | Tls::Verify => "https",
    };
    let inside = format!("{scheme}://{}", authority(&request.endpoint));
    // Names of buckets before the host's need a domain and its certificate.
    let (endpoint, style) = match site.endpoint() {
        Some(url) => (url, Style::Virtual),
        None => (inside.clone(), Style::Path),
    };
    let id = key_id(request.instance, request.generation, &request.password);
    let (bucket, region) = (bucket(request.instance), &site.region);
    let domain = site.host(&bucket);
    // The DSN works where a certificate for the region's domain is in the router, and its port for TLS is 443;
    // elsewhere the other variables do.
    let (dsn_host, dsn_style) = match &domain {
        Some(host) => (host.clone(), Style::Virtual),
        None => (
            format!("{bucket}.s3.{region}.{}", request.endpoint.host),
            Style::Path,
        ),
    };
    let given = Given {
        bucket: &bucket,
        key: &id,
        secret: &request.password,
        region,
        endpoint: &endpoint,
        style,
        // There is no variable for how a bucket is named, and boto3 puts it into the path of any endpoint that it is
        // told: a name that every bucket is found by is the server's own only.
        sdk_endpoint: &inside,
        domain: domain.as_deref(),
        dsn_host: &dsn_host,
        dsn_style,
        dsn_parameters: "",
    };
    given.variables(request)
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;
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
