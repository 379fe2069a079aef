//! The contract itself.

use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;
use windlass_model::id::InstanceId;
use windlass_model::names::{Prefix, VariableName};
use windlass_model::profile::Profile;

use crate::data::Data;
use crate::error::Error;
use crate::server::ServerSpec;
use crate::spec::{Access, BindingSpec, InstanceSpec, Media, Usage, Variable, VariableRequest};

/// Where a type's clusters come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hosting {
    /// Servers that Windlass runs, or the operator.
    Server,
    /// Nowhere: each instance is somewhere else, by a URL that its user gives.
    Elsewhere,
    /// An account with a provider, which the operator has and names; Windlass can make none.
    Account,
}

/// A driver of one type of service.
///
/// Contract, for every driver (the conformance suite checks it):
/// - Every call is idempotent by instance (and binding) id: repeated after a crash at any point, it
///   repairs what is half made and sets everything again. Other parameters for a provisioned id, and
///   another binding of a generation that is taken, are [`Error::Conflict`]; a comment is no parameter
///   but words for people, and is set again.
/// - `unbind` and `destroy` of what is absent succeed.
/// - A binding is a user of its own, never the administrator; two bindings of one instance are valid at
///   once; what one makes the other can use; revoking one leaves the other and the data alone, and ends
///   the revoked one's open sessions.
/// - An instance's credentials reach no other instance of the cluster.
/// - Nothing is done to objects that are not the instance's.
/// - Passwords do not appear in an error, nor in the server's log or statistics where the type can hash
///   them on our side.
/// - Each call to the server has a named time-out.
#[async_trait]
pub trait Driver: Send + Sync + 'static {
    /// The type's name in the catalogue: `postgres`, ...
    fn kind(&self) -> &'static str;

    /// Where what the type's instances are in comes from.
    fn hosting(&self) -> Hosting {
        Hosting::Server
    }

    /// Whether an instance may be added with this URL, or without any; why not, in words that do not repeat it.
    fn check_given(&self, url: Option<&SecretString>) -> Result<(), String> {
        match url {
            None => Ok(()),
            Some(_) => Err(format!(
                "a service of type '{}' makes its own credentials; only an external one takes a URL",
                self.kind()
            )),
        }
    }

    /// Whether an account of this type ([`Hosting::Account`]) may be named by this URL, which has no credentials; why not.
    fn check_account(&self, _url: &str) -> Result<(), String> {
        Ok(())
    }

    /// The server to run for a cluster of this type, with the administrator's password; [`Error::Unsupported`] of a
    /// type that has none ([`Self::hosting`]).
    fn server(
        &self,
        version: &str,
        administrator_password: &SecretString,
    ) -> Result<ServerSpec, Error>;

    /// Checks that the cluster is reachable, supported and that the administrator may do what is needed,
    /// and hardens it: idempotent, called before the first use and when the server had to be started.
    async fn prepare(&self, access: &Access) -> Result<(), Error>;

    /// Makes the instance, and looks at what came of it: a success says that it can be used.
    async fn provision(&self, access: &Access, instance: &InstanceSpec) -> Result<(), Error>;

    /// Makes the binding's user, or sets its password and rights again. `Some` is the credential where it is not
    /// the password that was asked for but something that the server chose, or the user of Windlass gave: it is
    /// kept, encrypted, and is the `password` of [`VariableRequest`]. Repeated, the call gives the same again.
    async fn bind(
        &self,
        access: &Access,
        instance: &InstanceSpec,
        binding: &BindingSpec,
    ) -> Result<Option<SecretString>, Error>;

    /// Revokes the binding: its user cannot log in, its sessions end, it is gone; the data stays.
    async fn unbind(
        &self,
        access: &Access,
        instance: InstanceId,
        generation: u32,
    ) -> Result<(), Error>;

    /// How many sessions the binding's user has open now: none of a user that is absent. `None` where the
    /// server cannot tell one user's sessions from another's, so that time alone shows that nobody uses the
    /// credentials any more.
    async fn sessions(
        &self,
        _access: &Access,
        _instance: InstanceId,
        _generation: u32,
    ) -> Result<Option<u32>, Error> {
        Ok(None)
    }

    /// Whether a binding gives credentials: otherwise there is nothing to rotate.
    fn has_credentials(&self) -> bool {
        true
    }

    /// How much longer than a server of ours those calls may take that make or remove something: for what
    /// works asynchronously. `settings` are those of [`Access`].
    fn patience(&self, _settings: Option<&serde_json::Value>) -> Duration {
        Duration::ZERO
    }

    /// Whether [`Self::destroy`] takes the instance's bindings along; otherwise they have to be unbound before.
    fn destroys_bindings(&self) -> bool {
        true
    }

    /// Whether the instance works, as its users see it.
    async fn check(&self, access: &Access, instance: InstanceId) -> Result<(), Error>;

    /// What it uses.
    async fn usage(&self, access: &Access, instance: InstanceId) -> Result<Usage, Error>;

    /// Destroys the instance's data and every user of it.
    async fn destroy(&self, access: &Access, instance: InstanceId) -> Result<(), Error>;

    /// The instances of ours on the cluster, as the short ids in their names: for tests and for reports
    /// of what no row knows.
    async fn list(&self, access: &Access) -> Result<Vec<String>, Error>;

    /// The port of the server's administration, where that is another than the applications'.
    fn administration_port(&self) -> Option<u16> {
        None
    }

    /// The names of the variables that an instance of this type gives under that prefix and for that profile,
    /// `DEFAULT`'s aliases included: those of [`Self::variables`]. None for a type of which nobody knows them before
    /// there is a binding.
    fn variable_names(&self, prefix: &Prefix, profile: Option<Profile>) -> Vec<VariableName> {
        let variables = self.variables(&VariableRequest::for_names(prefix, profile));
        variables
            .into_iter()
            .map(|variable| variable.name)
            .collect()
    }

    /// The schemes that the URLs of this type may have, the default first; empty where there is no choice.
    fn url_schemes(&self) -> &'static [&'static str] {
        &[]
    }

    /// The host name under which the router brings browsers to an instance, if it has one: signed requests of S3.
    fn public_host(&self, _instance: InstanceId) -> Option<String> {
        None
    }

    /// Where everybody may read what the instance holds while it is public, without credentials; nowhere, of a type
    /// that cannot be.
    fn media(&self, _instance: InstanceId) -> Option<Media> {
        None
    }

    /// Lets everybody read the instance's objects by their names, and neither list nor change them, or nobody without
    /// credentials. A success says that it is so from now on. Private is what an instance is made as.
    async fn set_public(
        &self,
        access: &Access,
        _instance: InstanceId,
        _public: bool,
    ) -> Result<(), Error> {
        Err(Error::Unsupported {
            cluster: access.description.clone(),
            reason: format!(
                "what is in a service of type '{}' cannot be public",
                self.kind()
            ),
        })
    }

    /// How the instance's data is copied out and put back; `None` of a type that holds nothing worth keeping, or that
    /// is somebody else's to keep.
    fn data(&self) -> Option<&dyn Data> {
        None
    }

    /// For whom the type has further names, in the order in which they are told to people. A type of which nobody
    /// knows the variables before there is a binding has none.
    fn profiles(&self) -> &'static [Profile] {
        &[]
    }

    /// The variables of a binding; their names depend on the prefix and the profile alone, unless the credential is
    /// what the server chose or the user gave. A `url_scheme` that is not among [`Self::url_schemes`] gives the
    /// default, and a profile that is not among [`Self::profiles`] nothing: they are refused where the user sets
    /// them.
    fn variables(&self, request: &VariableRequest) -> Vec<Variable>;
}
