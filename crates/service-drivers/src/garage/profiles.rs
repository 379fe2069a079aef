//! The names of frameworks and libraries for the parts of a binding.

use windlass_model::profile::Profile;
use windlass_services::VariableRequest;
use windlass_services::variables::Variables;

use super::names::bucket;
use super::site::Site;
use super::variables::STYLE;

pub(super) const PROFILES: [Profile; 3] = [Profile::Aws, Profile::Django, Profile::Laravel];

/// Adds those of the request's profile, with this id of the key.
pub(super) fn add<'a>(
    variables: Variables<'a>,
    site: &Site,
    request: &VariableRequest,
    id: &str,
    endpoint: &str,
) -> Variables<'a> {
    let bucket = bucket(request.instance);
    let keys = |variables: Variables<'a>| {
        variables
            .plain_named("AWS_ACCESS_KEY_ID", id)
            .secret_named("AWS_SECRET_ACCESS_KEY", &request.password)
    };
    match request.profile {
        // The SDKs read all but the bucket by themselves. Some have `AWS_REGION`, some the other.
        Some(Profile::Aws) => keys(variables)
            .plain_named("AWS_REGION", &site.region)
            .plain_named("AWS_DEFAULT_REGION", &site.region)
            .plain_named("AWS_ENDPOINT_URL_S3", endpoint)
            .plain_named("S3_BUCKET", bucket),
        // The settings of django-storages.
        Some(Profile::Django) => keys(variables)
            .plain_named("AWS_STORAGE_BUCKET_NAME", bucket)
            .plain_named("AWS_S3_REGION_NAME", &site.region)
            .plain_named("AWS_S3_ENDPOINT_URL", endpoint)
            .plain_named("AWS_S3_ADDRESSING_STYLE", STYLE),
        // Those of `config/filesystems.php`.
        Some(Profile::Laravel) => keys(variables)
            .plain_named("AWS_DEFAULT_REGION", &site.region)
            .plain_named("AWS_BUCKET", bucket)
            .plain_named("AWS_ENDPOINT", endpoint)
            .plain_named("AWS_USE_PATH_STYLE_ENDPOINT", "true"),
        _ => variables,
    }
}
