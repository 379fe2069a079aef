//! The names of frameworks and libraries for the parts of a binding.

use windlass_model::profile::Profile;
use windlass_services::VariableRequest;
use windlass_services::variables::Variables;

use super::names::bucket;
use super::site::Site;
use super::variables::{Endpoint, Style};

pub(super) const PROFILES: [Profile; 3] = [Profile::Aws, Profile::Django, Profile::Laravel];

/// Adds those of the request's profile, with this id of the key.
pub(super) fn add<'a>(
    variables: Variables<'a>,
    site: &Site,
    request: &VariableRequest,
    id: &str,
    endpoint: &Endpoint,
    inside: &str,
) -> Variables<'a> {
    let bucket = bucket(request.instance);
    let keys = |variables: Variables<'a>| {
        variables
            .plain_named("AWS_ACCESS_KEY_ID", id)
            .secret_named("AWS_SECRET_ACCESS_KEY", &request.password)
    };
    match request.profile {
        // The SDKs read all but the bucket by themselves. Some have `AWS_REGION`, some the other. There is no
        // variable for how a bucket is named, and boto3 puts it into the path of any endpoint that it is told: a
        // name that every bucket is found by is the server's own only.
        Some(Profile::Aws) => keys(variables)
            .plain_named("AWS_REGION", &site.region)
            .plain_named("AWS_DEFAULT_REGION", &site.region)
            .plain_named("AWS_ENDPOINT_URL_S3", inside)
            .plain_named("S3_BUCKET", bucket),
        // The settings of django-storages.
        Some(Profile::Django) => keys(variables)
            .plain_named("AWS_STORAGE_BUCKET_NAME", bucket)
            .plain_named("AWS_S3_REGION_NAME", &site.region)
            .plain_named("AWS_S3_ENDPOINT_URL", &endpoint.url)
            .plain_named("AWS_S3_ADDRESSING_STYLE", endpoint.style.name()),
        // Those of `config/filesystems.php`.
        Some(Profile::Laravel) => keys(variables)
            .plain_named("AWS_DEFAULT_REGION", &site.region)
            .plain_named("AWS_BUCKET", bucket)
            .plain_named("AWS_ENDPOINT", &endpoint.url)
            .plain_named(
                "AWS_USE_PATH_STYLE_ENDPOINT",
                (endpoint.style == Style::Path).to_string(),
            ),
        _ => variables,
    }
}
