//! The names of frameworks and libraries for the parts of a binding.

use windlass_model::profile::Profile;
use windlass_services::variables::Variables;

use super::variables::{Given, Style};

pub(crate) const PROFILES: [Profile; 3] = [Profile::Aws, Profile::Django, Profile::Laravel];

/// Adds those of the profile.
pub(super) fn add<'a>(
    variables: Variables<'a>,
    profile: Option<Profile>,
    given: &Given<'_>,
) -> Variables<'a> {
    let Given {
        bucket,
        region,
        endpoint,
        style,
        sdk_endpoint,
        ..
    } = *given;
    let keys = |variables: Variables<'a>| {
        variables
            .plain_named("AWS_ACCESS_KEY_ID", given.key)
            .secret_named("AWS_SECRET_ACCESS_KEY", given.secret)
    };
    match profile {
        // The SDKs read all but the bucket by themselves. Some have `AWS_REGION`, some the other.
        Some(Profile::Aws) => keys(variables)
            .plain_named("AWS_REGION", region)
            .plain_named("AWS_DEFAULT_REGION", region)
            .plain_named("AWS_ENDPOINT_URL_S3", sdk_endpoint)
            .plain_named("S3_BUCKET", bucket),
        // The settings of django-storages.
        Some(Profile::Django) => keys(variables)
            .plain_named("AWS_STORAGE_BUCKET_NAME", bucket)
            .plain_named("AWS_S3_REGION_NAME", region)
            .plain_named("AWS_S3_ENDPOINT_URL", endpoint)
            .plain_named("AWS_S3_ADDRESSING_STYLE", style.name()),
        // Those of `config/filesystems.php`.
        Some(Profile::Laravel) => keys(variables)
            .plain_named("AWS_DEFAULT_REGION", region)
            .plain_named("AWS_BUCKET", bucket)
            .plain_named("AWS_ENDPOINT", endpoint)
            .plain_named(
                "AWS_USE_PATH_STYLE_ENDPOINT",
                (style == Style::Path).to_string(),
            ),
        _ => variables,
    }
}
