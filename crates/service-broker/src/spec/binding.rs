//! Bindings: credentials and where they lead.

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Opaque, or_default};

/// The body of a request for a binding. The same id is always sent with the same body.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum BindRequest {
    /// A binding.
    Create(Box<CreateBinding>),
    /// The successor of another binding: the same again with new credentials, both valid for a while.
    Rotate {
        /// The other one.
        predecessor_binding_id: String,
    },
}

/// A binding that is no successor.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CreateBinding {
    /// The offering.
    pub service_id: String,
    /// The plan.
    pub plan_id: String,
    /// Where the instance belongs.
    pub context: Map<String, Value>,
    /// What is bound; nothing for credentials that are for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bind_resource: Option<BindResource>,
    /// The same as in `bind_resource`, for old brokers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_guid: Option<String>,
    /// What the user asked for.
    #[serde(skip_serializing_if = "Opaque::is_empty")]
    pub parameters: Opaque,
}

/// What is bound.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BindResource {
    /// The application.
    pub app_guid: String,
}

/// A binding as it comes back.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct BindingAnswer {
    /// What the application needs to connect: free in form.
    #[serde(default, deserialize_with = "or_default")]
    pub credentials: Opaque,
    /// Where logs go: it may hold a token.
    #[serde(default)]
    pub syslog_drain_url: Option<SecretString>,
    /// Where the application connects to.
    #[serde(default, deserialize_with = "or_default")]
    pub endpoints: Vec<Endpoint>,
    /// How long it is valid.
    #[serde(default, deserialize_with = "or_default")]
    pub metadata: BindingMetadata,
}

/// Something that the application connects to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Endpoint {
    /// A name or an address.
    pub host: String,
    /// Ports or ranges of them, as text.
    pub ports: Vec<String>,
    /// `tcp`, `udp` or `all`; TCP unless it says otherwise.
    #[serde(default)]
    pub protocol: Option<String>,
}

/// How long a binding is valid: ISO 8601, as the broker wrote it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct BindingMetadata {
    /// When it ends.
    #[serde(default)]
    pub expires_at: Option<String>,
    /// When a successor should be made.
    #[serde(default)]
    pub renew_before: Option<String>,
}

impl BindRequest {
    /// A binding for an application; without one it is credentials for people.
    pub fn create(
        service_id: &str,
        plan_id: &str,
        context: Map<String, Value>,
        application: Option<&str>,
        parameters: Opaque,
    ) -> Self {
        let application = application.map(str::to_owned);
        Self::Create(Box::new(CreateBinding {
            service_id: service_id.to_owned(),
            plan_id: plan_id.to_owned(),
            context,
            bind_resource: application
                .clone()
                .map(|app_guid| BindResource { app_guid }),
            app_guid: application,
            parameters,
        }))
    }
}
