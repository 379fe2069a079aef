//! Service instances.

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use windlass_model::id::EnvironmentId;
use windlass_model::profile::{NO_PROFILE, Profile};
use windlass_platform::{InstanceUsage, InstanceView, NewInstance};
use windlass_records::InstanceFailure;

use super::{region, time};
use crate::error::ApiError;

/// A service instance.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ServiceInstance {
    uuid: String,
    prefix: String,
    r#type: String,
    /// `NEW`, `PROVISIONING`, `PENDING_ATTACHMENT`, `ATTACHED`, `PENDING_DETACHMENT`, `DETACHED`, `REMOVING`.
    service_status: &'static str,
    region: String,
    /// The id of its service.
    service: String,
    service_identifier: String,
    service_name: String,
    environment: String,
    /// `shared` or `private`.
    cluster: &'static str,
    /// Whether the running release has it.
    attached: bool,
    /// Whether it exists on its server.
    provisioned: bool,
    in_running_release: bool,
    #[schema(required)]
    url_scheme: Option<String>,
    /// For whom its variables have further names, such as `laravel`; `none`.
    inject_profile: &'static str,
    /// Whether everybody may read what it holds.
    public: bool,
    /// The host at which everybody does: its own. While it is not public, none.
    #[schema(required)]
    media_host: Option<String>,
    /// A domain of yours that leads there, too, and is what the application is told.
    #[schema(required)]
    media_domain: Option<String>,
    /// Whether that domain is a network's that fetches from `media_host`, and is not routed.
    media_domain_is_cdn: bool,
    /// The names of the variables that it gives.
    variables: Vec<String>,
    #[schema(required)]
    last_error: Option<LastError>,
    /// In the answer to a change that takes one: the operation that makes it so.
    #[schema(required)]
    operation: Option<String>,
    created_at: String,
    updated_at: String,
}

/// Why the last operation on an instance failed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LastError {
    operation: String,
    step: String,
    message: String,
    #[schema(required)]
    hint: Option<String>,
    at: String,
}

impl From<InstanceFailure> for LastError {
    fn from(failure: InstanceFailure) -> Self {
        Self {
            operation: failure.operation.to_string(),
            step: failure.step,
            message: failure.message,
            hint: failure.hint,
            at: time(failure.at),
        }
    }
}

impl From<InstanceView> for ServiceInstance {
    fn from(view: InstanceView) -> Self {
        let InstanceView {
            instance,
            service,
            variable_names,
            media_host,
            operation,
        } = view;
        let domain = instance.media_domain;
        Self {
            uuid: instance.id.to_string(),
            prefix: instance.prefix.to_string(),
            service_status: instance.state.as_str(),
            region: service.region.to_string(),
            service: service.id.to_string(),
            cluster: region::cluster(&service),
            service_identifier: service.identifier,
            service_name: service.name,
            environment: instance.environment.to_string(),
            attached: instance.state.is_in_running_release(),
            provisioned: instance.state.is_provisioned(),
            in_running_release: instance.state.is_in_running_release(),
            r#type: instance.kind,
            url_scheme: instance.url_scheme,
            inject_profile: instance.profile.map_or(NO_PROFILE, Profile::as_str),
            public: instance.public,
            media_host,
            media_domain_is_cdn: domain.as_ref().is_some_and(|domain| domain.is_cdn),
            media_domain: domain.map(|domain| domain.host.into()),
            operation: operation.map(|id| id.to_string()),
            variables: variable_names.into_iter().map(Into::into).collect(),
            last_error: instance.last_error.map(Into::into),
            created_at: time(instance.created_at),
            updated_at: time(instance.updated_at),
        }
    }
}

/// How its credentials are rotated.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rotate {
    /// How long the replaced credentials stay valid while they are used, in seconds: an hour if not given, a week
    /// at the most.
    pub(crate) grace_seconds: Option<u32>,
}

/// What an instance uses.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Usage {
    /// On disk, or in memory where the type keeps nothing on a disk.
    bytes: u64,
    /// Beyond which the server refuses more, where it can.
    #[schema(required)]
    byte_limit: Option<u64>,
    /// Open now.
    connections: u32,
    connection_limit: u32,
}

impl From<InstanceUsage> for Usage {
    fn from(usage: InstanceUsage) -> Self {
        Self {
            bytes: usage.bytes,
            byte_limit: usage.byte_limit,
            connections: usage.connections,
            connection_limit: usage.connection_limit,
        }
    }
}

/// An instance to be added.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct CreateInstance {
    #[schema(value_type = String)]
    environment: EnvironmentId,
    /// The service's id or identifier.
    service: String,
    /// `DEFAULT` without.
    prefix: Option<String>,
    /// The application's region, by id or name.
    region: Option<String>,
    /// The scheme of its URL, if not the type's own.
    url_scheme: Option<String>,
    /// `libpq`, `mysql`, `django`, `laravel`, `rails`, `spring`, `aws`, `heroku`: variables by these names besides, if
    /// the type has some. They have no prefix: one instance of an environment gives them. `none` without.
    inject_profile: Option<String>,
    /// The URL with credentials of an external service; never shown again.
    #[schema(value_type = Option<String>)]
    url: Option<SecretString>,
    /// Whether everybody may read what it will hold: of object storage. Nobody may without.
    public: Option<bool>,
}

impl From<CreateInstance> for NewInstance {
    fn from(body: CreateInstance) -> Self {
        Self {
            environment: body.environment,
            service: body.service,
            prefix: body.prefix,
            region: body.region,
            url_scheme: body.url_scheme,
            profile: body.inject_profile,
            url: body.url,
            public: body.public.unwrap_or_default(),
        }
    }
}

/// What changes of an instance.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ChangeInstance {
    pub(crate) prefix: Option<String>,
    pub(crate) url_scheme: Option<String>,
    /// As in a new one, by itself; `none` takes the names away.
    pub(crate) inject_profile: Option<String>,
    /// Another URL of an external service, by itself; the credentials are to be rotated then.
    #[schema(value_type = Option<String>)]
    pub(crate) url: Option<SecretString>,
    /// Whether everybody may read what it holds, by itself. Of an instance that exists, `operation` makes it so.
    pub(crate) public: Option<bool>,
    /// A domain of yours at which everybody reads what it holds, with `media_domain_is_cdn` only; `none` takes it away.
    /// The application is told by the next deployment.
    pub(crate) media_domain: Option<String>,
    /// The domain is a network's that fetches from `media_host`: it is told to the application and not routed.
    pub(crate) media_domain_is_cdn: Option<bool>,
}

/// What takes a domain away.
pub(crate) const NO_DOMAIN: &str = "none";

impl ChangeInstance {
    /// Refuses what is not one change: what is set by itself takes effect at another time, or in another way.
    pub(crate) fn alone(&self) -> Result<(), ApiError> {
        let renames = self.prefix.is_some() || self.url_scheme.is_some();
        let single = [
            ("url", self.url.is_some()),
            ("inject_profile", self.inject_profile.is_some()),
            ("public", self.public.is_some()),
            ("media_domain", self.media_domain.is_some()),
        ];
        let mut given = single.into_iter().filter(|(_, is_given)| *is_given);
        let (first, second) = (given.next(), given.next());
        match (first, second) {
            (Some((field, _)), other) if renames || other.is_some() => {
                let why = "It is changed by itself, not together with anything else.";
                Err(ApiError::field(field, why))
            }
            _ if self.media_domain_is_cdn.is_some() && self.media_domain.is_none() => {
                let why = "It is said of a media_domain, together with it.";
                Err(ApiError::field("media_domain_is_cdn", why))
            }
            _ => Ok(()),
        }
    }
}
