//! Registered brokers.

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use windlass_platform::{BrokerChange, BrokerPlanView, BrokerView, NewBroker};

use super::time;

/// A registered broker with what it offers. Its password is not shown.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ServiceBroker {
    uuid: String,
    name: String,
    /// The region in which its services are offered.
    region: String,
    url: String,
    /// Empty if it is a token that Windlass has.
    user: String,
    /// As which platform Windlass introduces itself: `cloudfoundry`, `kubernetes` or `native`.
    profile: String,
    #[schema(required)]
    ca_pem: Option<String>,
    services: Vec<BrokerService>,
    created_at: String,
    /// When its catalogue was fetched last.
    refreshed_at: String,
}

/// A plan of a broker, as a service.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BrokerService {
    /// The service's id.
    uuid: String,
    identifier: String,
    name: String,
    r#type: String,
    description: String,
    /// Whether instances can be added.
    offered: bool,
    /// Why not.
    #[schema(required)]
    obstacle: Option<String>,
}

impl From<BrokerPlanView> for BrokerService {
    fn from(view: BrokerPlanView) -> Self {
        let BrokerPlanView { plan, service } = view;
        Self {
            uuid: service.id.to_string(),
            identifier: service.identifier,
            name: service.name,
            r#type: service.kind,
            description: service.description,
            offered: service.offered,
            obstacle: plan.obstacle,
        }
    }
}

impl From<BrokerView> for ServiceBroker {
    fn from(view: BrokerView) -> Self {
        let BrokerView { broker, plans } = view;
        Self {
            uuid: broker.id.to_string(),
            name: broker.name.to_string(),
            region: broker.region.to_string(),
            url: broker.url,
            user: broker.user,
            profile: broker.profile,
            ca_pem: broker.ca_pem,
            services: plans.into_iter().map(Into::into).collect(),
            created_at: time(broker.created_at),
            refreshed_at: time(broker.refreshed_at),
        }
    }
}

/// A broker to be registered.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateServiceBroker {
    name: String,
    /// The region in which its services are offered, by id or name; that of the server's machine without.
    region: Option<String>,
    /// Where it is, without `/v2`.
    url: String,
    /// Without one the password is a bearer token.
    user: Option<String>,
    #[schema(value_type = String)]
    password: SecretString,
    /// `cloudfoundry` without.
    profile: Option<String>,
    /// The certificate authorities that are trusted for it, in PEM; the machine's without.
    ca_pem: Option<String>,
}

impl From<CreateServiceBroker> for NewBroker {
    fn from(body: CreateServiceBroker) -> Self {
        Self {
            name: body.name,
            region: body.region,
            url: body.url,
            user: body.user,
            password: body.password,
            profile: body.profile,
            ca_pem: body.ca_pem,
        }
    }
}

/// What changes of a broker.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeServiceBroker {
    url: Option<String>,
    user: Option<String>,
    #[schema(value_type = Option<String>)]
    password: Option<SecretString>,
    profile: Option<String>,
    /// Empty for the machine's.
    ca_pem: Option<String>,
}

impl From<ChangeServiceBroker> for BrokerChange {
    fn from(body: ChangeServiceBroker) -> Self {
        Self {
            url: body.url,
            user: body.user,
            password: body.password,
            profile: body.profile,
            ca_pem: body.ca_pem,
        }
    }
}
