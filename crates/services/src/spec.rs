//! What drivers are told and what they give back.

use secrecy::SecretString;
use uuid::Uuid;
use windlass_model::id::{BindingId, ClusterId, InstanceId};
use windlass_model::names::{Prefix, VariableName};
use windlass_model::profile::Profile;

/// Where a server is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// A name or an address; IPv6 without brackets.
    pub host: String,
    /// The TCP port.
    pub port: u16,
}

/// Whether connections are encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tls {
    /// Plain: inside a network of our own.
    #[default]
    Off,
    /// Encrypted, the server's certificate not checked.
    Require,
    /// Encrypted, certificate and name checked against the machine's trust store.
    Verify,
}

/// A cluster as its administrator reaches it from the machine of the server.
#[derive(Debug, Clone)]
pub struct Access {
    /// Its id.
    pub cluster: ClusterId,
    /// Its name for people, such as `shared cluster 'postgres' of region local`.
    pub description: String,
    /// Where it is administered.
    pub endpoint: Endpoint,
    /// The port of the same host that its applications connect to; that of the endpoint, unless the type
    /// has an administration of its own ([`crate::Driver::administration_port`]).
    pub application_port: u16,
    /// The administrator.
    pub user: String,
    /// The administrator's password.
    pub password: SecretString,
    /// The database to connect to, where the type has such.
    pub database: Option<String>,
    /// Whether connections are encrypted.
    pub tls: Tls,
    /// What only the driver understands, as it was recorded with the cluster.
    pub settings: Option<serde_json::Value>,
}

/// Whose an instance is: ids that never change, and names that may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The organisation's id.
    pub organisation: String,
    /// Its name.
    pub organisation_name: String,
    /// The application's id.
    pub application: String,
    /// Its name.
    pub application_name: String,
    /// The environment's id.
    pub environment: String,
    /// Its name.
    pub environment_name: String,
    /// The id of this installation of Windlass.
    pub installation: String,
    /// The instance's prefix.
    pub prefix: String,
}

/// An instance to be provisioned. The same id with other parameters is a conflict.
#[derive(Debug, Clone)]
pub struct InstanceSpec {
    /// Its id; names on the server are derived from it.
    pub instance: InstanceId,
    /// Connections that all its bindings may have together.
    pub connection_limit: u32,
    /// What it may store, in bytes, if its plan says: a server that can holds it to that.
    pub storage_bytes: Option<u64>,
    /// Who it belongs to, for people who look at the server: `application/environment/PREFIX`.
    pub comment: String,
    /// The URL with credentials that the user gave, of a type that Windlass makes nothing of.
    pub given: Option<SecretString>,
    /// The same as the comment for those who take it apart.
    pub owner: Option<Owner>,
}

/// A binding to be made.
#[derive(Debug, Clone)]
pub struct BindingSpec {
    /// Its id.
    pub binding: BindingId,
    /// Its number among the bindings of its instance, from 1; part of the user's name.
    pub generation: u32,
    /// The password that the user gets: a letter, then letters and digits, at least 32.
    pub password: SecretString,
}

/// What an instance uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Bytes on disk.
    pub bytes: u64,
    /// Connections open now.
    pub connections: u32,
}

/// Where everybody reads what a public instance holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// The instance's own name for it.
    pub host: String,
    /// The port of its server at which such requests are answered, and no others.
    pub port: u16,
    /// What the requests' `Host` has to be there, whatever name they came by.
    pub upstream_host: String,
}

/// What the variables of a binding are made from.
#[derive(Debug, Clone)]
pub struct VariableRequest {
    /// The prefix.
    pub prefix: Prefix,
    /// The instance.
    pub instance: InstanceId,
    /// The binding's generation.
    pub generation: u32,
    /// The password.
    pub password: SecretString,
    /// Where the application finds the server.
    pub endpoint: Endpoint,
    /// Whether connections are encrypted.
    pub tls: Tls,
    /// The scheme of the URL, if not the type's default.
    pub url_scheme: Option<String>,
    /// Whose names the variables have besides.
    pub profile: Option<Profile>,
    /// The host at which everybody reads what the instance holds, if it is public.
    pub media_host: Option<String>,
}

impl VariableRequest {
    /// A request whose answer has the right names, before there is a binding. The values tell nothing but whether
    /// two such requests for one instance give a variable the same form.
    pub fn for_names(prefix: &Prefix, profile: Option<Profile>) -> Self {
        Self {
            prefix: prefix.clone(),
            instance: InstanceId::from(Uuid::nil()),
            generation: 0,
            password: SecretString::from(String::new()),
            endpoint: Endpoint {
                host: String::new(),
                port: 0,
            },
            tls: Tls::Off,
            url_scheme: None,
            profile,
            media_host: None,
        }
    }
}

/// A variable that a binding gives to the application.
#[derive(Debug, Clone)]
pub struct Variable {
    /// Its name.
    pub name: VariableName,
    /// Its value.
    pub value: SecretString,
    /// Whether the value is or holds a secret.
    pub is_sensitive: bool,
    /// Whether it is a conventional name that is given besides, unasked: it gives way to whatever else has that
    /// name. All others are the instance's own, and no other's.
    pub is_alias: bool,
}
