//! The contract, call by call.

use async_trait::async_trait;
use secrecy::SecretString;
use windlass_model::id::InstanceId;
use windlass_model::profile::Profile;
use windlass_services::{
    Access, BindingSpec, Driver, Error, InstanceSpec, ServerSpec, Usage, Variable, VariableRequest,
};

use crate::gate::Gates;
use crate::turns::Turns;

use super::client::{Client, supported};
use super::flavour::Flavour;
use super::{
    bind, check, destroy, objects, prepare, profiles, provision, server, unbind, variables,
};

/// The OpenSearch and Elasticsearch driver. It keeps no connection between calls and no knowledge of any cluster.
#[derive(Debug)]
pub struct OpensearchDriver {
    flavour: Flavour,
    gates: Gates,
    turns: Turns,
}

impl OpensearchDriver {
    /// A driver of OpenSearch.
    pub fn opensearch() -> Self {
        Self::of(Flavour::Opensearch)
    }

    /// A driver of Elasticsearch.
    pub fn elasticsearch() -> Self {
        Self::of(Flavour::Elasticsearch)
    }

    fn of(flavour: Flavour) -> Self {
        Self {
            flavour,
            // Two changes at once would only be in each other's way.
            gates: Gates::one_by_one(),
            turns: Turns::default(),
        }
    }

    /// For a call that only looks: refused if it cannot be made, else made when it is its turn.
    async fn look<'a>(&self, access: &'a Access) -> Result<Client<'a>, Error> {
        supported(self.flavour, access)?;
        let place = self.gates.enter(access).await?;
        Client::new(access, self.flavour, place, None)
    }

    /// For a call that changes an instance. The instance's turn comes before the cluster's gate, so that
    /// calls that wait for one another leave the cluster to the rest.
    async fn change<'a>(
        &self,
        access: &'a Access,
        instance: InstanceId,
    ) -> Result<Client<'a>, Error> {
        supported(self.flavour, access)?;
        let turn = self.turns.take(access, instance).await?;
        let place = self.gates.enter(access).await?;
        Client::new(access, self.flavour, place, Some(turn))
    }
}

#[async_trait]
impl Driver for OpensearchDriver {
    fn kind(&self) -> &'static str {
        self.flavour.kind()
    }

    fn server(
        &self,
        version: &str,
        administrator_password: &SecretString,
    ) -> Result<ServerSpec, Error> {
        server::spec(self.flavour, version, administrator_password)
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
        bind::bind(&client, instance, binding).await.map(|()| None)
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
        let client = self.look(access).await?;
        check::check(&client, instance).await
    }

    async fn usage(&self, access: &Access, instance: InstanceId) -> Result<Usage, Error> {
        let client = self.look(access).await?;
        check::usage(&client, instance).await
    }

    async fn destroy(&self, access: &Access, instance: InstanceId) -> Result<(), Error> {
        let client = self.change(access, instance).await?;
        destroy::destroy(&client, instance).await
    }

    async fn list(&self, access: &Access) -> Result<Vec<String>, Error> {
        objects::list(&self.look(access).await?).await
    }

    fn profiles(&self) -> &'static [Profile] {
        &profiles::PROFILES
    }

    fn variables(&self, request: &VariableRequest) -> Vec<Variable> {
        variables::of(self.flavour, request)
    }
}
