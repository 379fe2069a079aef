//! The contract, call by call.

use async_trait::async_trait;
use secrecy::SecretString;
use windlass_model::id::InstanceId;
use windlass_model::profile::Profile;
use windlass_services::{
    Access, BindingSpec, Data, Driver, Error, InstanceSpec, ServerSpec, Usage, Variable,
    VariableRequest,
};

use crate::gate::Gates;
use crate::turns::Turns;

use super::session::supported;
use super::{
    bind, check, destroy, prepare, profiles, provision, server, sessions, unbind, variables,
};

/// The PostgreSQL driver. It keeps no connection between calls and no knowledge of any cluster.
#[derive(Debug, Default)]
pub struct PostgresDriver {
    gates: Gates,
    /// Of one instance, one dump and one restore at a time.
    pub(super) dumps: Turns,
    pub(super) restores: Turns,
}

impl PostgresDriver {
    /// A driver.
    pub fn new() -> Self {
        Self::default()
    }

    /// One call: refused if it cannot be made, else made when it is its turn.
    pub(super) async fn call<T>(
        &self,
        access: &Access,
        call: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        supported(access)?;
        let _turn = self.gates.enter(access).await?;
        call.await
    }
}

#[async_trait]
impl Driver for PostgresDriver {
    fn kind(&self) -> &'static str {
        "postgres"
    }

    fn server(
        &self,
        version: &str,
        administrator_password: &SecretString,
    ) -> Result<ServerSpec, Error> {
        server::spec(version, administrator_password)
    }

    async fn prepare(&self, access: &Access) -> Result<(), Error> {
        self.call(access, prepare::prepare(access)).await
    }

    async fn provision(&self, access: &Access, instance: &InstanceSpec) -> Result<(), Error> {
        self.call(access, provision::provision(access, instance))
            .await
    }

    async fn bind(
        &self,
        access: &Access,
        instance: &InstanceSpec,
        binding: &BindingSpec,
    ) -> Result<Option<SecretString>, Error> {
        self.call(access, bind::bind(access, instance, binding))
            .await
            .map(|()| None)
    }

    async fn unbind(
        &self,
        access: &Access,
        instance: InstanceId,
        generation: u32,
    ) -> Result<(), Error> {
        self.call(access, unbind::unbind(access, instance, generation))
            .await
    }

    async fn sessions(
        &self,
        access: &Access,
        instance: InstanceId,
        generation: u32,
    ) -> Result<Option<u32>, Error> {
        let call = sessions::of_binding(access, instance, generation);
        self.call(access, call).await.map(Some)
    }

    async fn check(&self, access: &Access, instance: InstanceId) -> Result<(), Error> {
        self.call(access, check::check(access, instance)).await
    }

    async fn usage(&self, access: &Access, instance: InstanceId) -> Result<Usage, Error> {
        self.call(access, check::usage(access, instance)).await
    }

    async fn destroy(&self, access: &Access, instance: InstanceId) -> Result<(), Error> {
        self.call(access, destroy::destroy(access, instance)).await
    }

    async fn list(&self, access: &Access) -> Result<Vec<String>, Error> {
        self.call(access, check::list(access)).await
    }

    fn data(&self) -> Option<&dyn Data> {
        Some(self)
    }

    fn url_schemes(&self) -> &'static [&'static str] {
        &variables::URL_SCHEMES
    }

    fn profiles(&self) -> &'static [Profile] {
        &profiles::PROFILES
    }

    fn variables(&self, request: &VariableRequest) -> Vec<Variable> {
        variables::of(request)
    }
}
