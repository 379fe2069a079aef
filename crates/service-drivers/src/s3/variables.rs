//! Variables of a binding.

use secrecy::{ExposeSecret, SecretString};
use windlass_model::percent::encode;
use windlass_services::variables::Variables;
use windlass_services::{Variable, VariableRequest};

use super::profiles;

/// How requests name a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// In the path.
    Path,
    /// Before the host's name.
    Virtual,
}

impl Style {
    /// The style that the word means.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "path" => Some(Self::Path),
            "virtual" => Some(Self::Virtual),
            _ => None,
        }
    }

    /// The word of the field for it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Virtual => "virtual",
        }
    }
}

/// What a binding has: a bucket, a key, and where they are good.
#[derive(Debug)]
pub(crate) struct Given<'a> {
    pub(crate) bucket: &'a str,
    pub(crate) key: &'a str,
    pub(crate) secret: &'a SecretString,
    pub(crate) region: &'a str,
    /// The URL of the server, without the bucket.
    pub(crate) endpoint: &'a str,
    /// Where requests have the bucket.
    pub(crate) style: Style,
    /// The endpoint for SDKs, which choose where the bucket is by themselves.
    pub(crate) sdk_endpoint: &'a str,
    /// The host name at which browsers find the bucket, if it has one.
    pub(crate) domain: Option<&'a str>,
    /// The host of the DSN, which names the bucket, and the parameters that only this server needs there.
    pub(crate) dsn_host: &'a str,
    pub(crate) dsn_style: Style,
    pub(crate) dsn_parameters: &'a str,
}

impl Given<'_> {
    /// Under the prefix of the request, and for its profile.
    pub(crate) fn variables(&self, request: &VariableRequest) -> Vec<Variable> {
        let mut variables = Variables::of(&request.prefix)
            .secret("STORAGE_DSN", &self.dsn(request.media_host.as_deref()))
            .plain("STORAGE_BUCKET", self.bucket)
            .plain("STORAGE_ACCESS_KEY_ID", self.key)
            .secret("STORAGE_SECRET_ACCESS_KEY", self.secret)
            .plain("STORAGE_REGION", self.region)
            .plain("STORAGE_ENDPOINT_URL", self.endpoint)
            .plain("STORAGE_ADDRESSING_STYLE", self.style.name());
        if let Some(domain) = request.media_host.as_deref().or(self.domain) {
            variables = variables.plain("STORAGE_CUSTOM_DOMAIN", domain);
        }
        profiles::add(variables, request.profile, self).made()
    }

    /// The form that django-storage-url reads, which finds the bucket before `.s3.` and the region behind it. It
    /// connects by HTTPS to port 443 whatever is said here. Links to private objects are signed; those to what is public
    /// name the host at which everybody reads it. What is said of rights holds for all objects.
    fn dsn(&self, media: Option<&str>) -> SecretString {
        let Self {
            key,
            dsn_host: host,
            dsn_style,
            dsn_parameters: further,
            ..
        } = self;
        let style = dsn_style.name();
        let whose = match media {
            Some(media) => format!("domain={}&acl=public-read&qs_auth=false", encode(media)),
            None => "acl=private&qs_auth=true".to_owned(),
        };
        let (key, secret) = (encode(key), encode(self.secret.expose_secret()));
        SecretString::from(format!(
            "s3://{key}:{secret}@{host}/?auth=s3v4&addressing_style={style}&{whose}{further}"
        ))
    }
}
