//! The contract, call by call.

use async_trait::async_trait;
use secrecy::SecretString;
use tokio_rustls::rustls::RootCertStore;
use uuid::Uuid;
use windlass_model::id::InstanceId;
use windlass_services::{
    Access, BindingSpec, Driver, Error, Hosting, InstanceSpec, ServerSpec, Usage, Variable,
    VariableRequest,
};

use crate::gate::Gates;
use crate::http::trust::Trust;
use crate::turns::{Turn, Turns};

use super::account::Account;
use super::client::Client;
use super::{bind, check, container, destroy, prepare, provision, unbind, variables};

/// The Azure Blob driver. It keeps no connection between calls and no knowledge of any account.
#[derive(Debug)]
pub struct AzureDriver {
    gates: Gates,
    turns: Turns,
    /// What its leases are called: another server of Windlass has another.
    lease: Uuid,
    trust: Trust,
}

impl Default for AzureDriver {
    fn default() -> Self {
        Self {
            gates: Gates::default(),
            turns: Turns::default(),
            lease: Uuid::now_v7(),
            trust: Trust::default(),
        }
    }
}

impl AzureDriver {
    /// A driver that trusts whom the machine trusts.
    pub fn new() -> Self {
        Self::default()
    }

    /// A driver that trusts these authorities alone.
    ///
    /// # Errors
    /// The library for TLS does not take them.
    pub fn trusting(roots: RootCertStore) -> Result<Self, tokio_rustls::rustls::Error> {
        Ok(Self {
            trust: Trust::only(roots)?,
            ..Self::default()
        })
    }

    /// For a call that only looks: refused if it cannot be made, else made when it is its turn.
    async fn look<'a>(&self, access: &'a Access) -> Result<Client<'a>, Error> {
        self.client(access, None).await
    }

    /// For a call that changes an instance. The instance's turn comes before the account's gate, so that calls that wait
    /// for one another leave the account to the rest.
    async fn change<'a>(
        &self,
        access: &'a Access,
        instance: InstanceId,
    ) -> Result<Client<'a>, Error> {
        let turn = self.turns.take(access, instance).await?;
        self.client(access, Some(turn)).await
    }

    async fn client<'a>(
        &self,
        access: &'a Access,
        turn: Option<Turn>,
    ) -> Result<Client<'a>, Error> {
        let account = Account::of(access)?;
        let trust = if account.place.is_encrypted {
            Some(self.trust.of(access)?)
        } else {
            None
        };
        let place = self.gates.enter(access).await?;
        let trust = trust.as_ref();
        Ok(Client::new(access, account, trust, self.lease, place, turn))
    }
}

#[async_trait]
impl Driver for AzureDriver {
    fn kind(&self) -> &'static str {
        "azure-blob"
    }

    fn hosting(&self) -> Hosting {
        Hosting::Account
    }

    fn server(&self, _: &str, _: &SecretString) -> Result<ServerSpec, Error> {
        Err(Error::Unsupported {
            cluster: "Azure Blob Storage".to_owned(),
            reason: "its server is Azure's own".to_owned(),
        })
    }

    async fn prepare(&self, access: &Access) -> Result<(), Error> {
        prepare::prepare(&self.look(access).await?).await
    }

    async fn provision(&self, access: &Access, instance: &InstanceSpec) -> Result<(), Error> {
        let client = self.change(access, instance.instance).await?;
        provision::provision(&client, instance).await
    }

    async fn bind(
        &self,
        access: &Access,
        instance: &InstanceSpec,
        binding: &BindingSpec,
    ) -> Result<Option<SecretString>, Error> {
        let client = self.change(access, instance.instance).await?;
        bind::bind(&client, instance, binding).await
    }

    async fn unbind(
        &self,
        access: &Access,
        instance: InstanceId,
        generation: u32,
    ) -> Result<(), Error> {
        let client = self.change(access, instance).await?;
        unbind::unbind(&client, instance, generation).await
    }

    async fn check(&self, access: &Access, instance: InstanceId) -> Result<(), Error> {
        check::check(&self.look(access).await?, instance).await
    }

    async fn usage(&self, access: &Access, instance: InstanceId) -> Result<Usage, Error> {
        check::usage(&self.look(access).await?, instance).await
    }

    async fn destroy(&self, access: &Access, instance: InstanceId) -> Result<(), Error> {
        let client = self.change(access, instance).await?;
        destroy::destroy(&client, instance).await
    }

    async fn list(&self, access: &Access) -> Result<Vec<String>, Error> {
        container::list(&self.look(access).await?).await
    }

    fn variables(&self, request: &VariableRequest) -> Vec<Variable> {
        variables::of(request)
    }
}
