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
use super::{
    bind, check, connections, destroy, names, prepare, profiles, provision, server, unbind,
    variables,
};

/// The RabbitMQ driver. It keeps no connection between calls and no knowledge of any cluster.
#[derive(Debug, Default)]
pub struct RabbitmqDriver {
    gates: Gates,
    turns: Turns,
}

impl RabbitmqDriver {
    /// A driver.
    pub fn new() -> Self {
        Self::default()
    }

    /// For a call that only looks: refused if it cannot be made, else made when it is its turn.
    async fn look<'a>(&self, access: &'a Access) -> Result<Client<'a>, Error> {
        supported(access)?;
        let place = self.gates.enter(access).await?;
        Client::new(access, place, None)
    }

    /// For a call that changes an instance. The instance's turn comes before the cluster's gate, so that
    /// calls that wait for one another leave the cluster to the rest.
    async fn change<'a>(
        &self,
        access: &'a Access,
        instance: InstanceId,
    ) -> Result<Client<'a>, Error> {
        supported(access)?;
        let turn = self.turns.take(access, instance).await?;
        let place = self.gates.enter(access).await?;
        Client::new(access, place, Some(turn))
    }
}

#[async_trait]
impl Driver for RabbitmqDriver {
    fn kind(&self) -> &'static str {
        "rabbitmq"
    }

    fn server(
        &self,
        version: &str,
        administrator_password: &SecretString,
    ) -> Result<ServerSpec, Error> {
        server::spec(version, administrator_password)
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

    async fn sessions(
        &self,
        access: &Access,
        instance: InstanceId,
        generation: u32,
    ) -> Result<Option<u32>, Error> {
        let client = self.look(access).await?;
        let user = names::user(instance, generation);
        connections::of_user(&client, &user).await.map(Some)
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
        check::list(&self.look(access).await?).await
    }

    fn administration_port(&self) -> Option<u16> {
        Some(server::ADMINISTRATION)
    }

    fn profiles(&self) -> &'static [Profile] {
        &profiles::PROFILES
    }

    fn variables(&self, request: &VariableRequest) -> Vec<Variable> {
        variables::of(request)
    }
}
