//! The contract, call by call.

use async_trait::async_trait;
use secrecy::SecretString;
use windlass_model::id::InstanceId;
use windlass_model::profile::Profile;
use windlass_services::{
    Access, BindingSpec, Driver, Error, InstanceSpec, ServerSpec, Usage, Variable, VariableRequest,
};

use crate::gate::Gates;

use super::flavour::Flavour;
use super::session::supported;
use super::{bind, check, destroy, prepare, profiles, provision, server, unbind, variables};

/// The driver of MongoDB or of FerretDB. It keeps no connection between calls and no knowledge of any server.
#[derive(Debug)]
pub struct MongodbDriver {
    flavour: Flavour,
    gates: Gates,
}

impl MongodbDriver {
    /// A driver of MongoDB.
    pub fn mongodb() -> Self {
        Self::of(Flavour::Mongodb)
    }

    /// A driver of FerretDB.
    pub fn ferretdb() -> Self {
        Self::of(Flavour::Ferretdb)
    }

    fn of(flavour: Flavour) -> Self {
        // A call reads the users and writes them; two at once for one instance would not see each other's.
        let gates = Gates::one_by_one();
        Self { flavour, gates }
    }

    /// One call: refused if it cannot be made, else made when it is its turn.
    async fn call<T>(
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
impl Driver for MongodbDriver {
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
        self.call(access, prepare::prepare(access, self.flavour))
            .await
    }

    async fn provision(&self, access: &Access, instance: &InstanceSpec) -> Result<(), Error> {
        self.call(access, provision::provision(access, self.flavour, instance))
            .await
    }

    async fn bind(
        &self,
        access: &Access,
        instance: &InstanceSpec,
        binding: &BindingSpec,
    ) -> Result<Option<SecretString>, Error> {
        self.call(access, bind::bind(access, self.flavour, instance, binding))
            .await
            .map(|()| None)
    }

    async fn unbind(
        &self,
        access: &Access,
        instance: InstanceId,
        generation: u32,
    ) -> Result<(), Error> {
        self.call(
            access,
            unbind::unbind(access, self.flavour, instance, generation),
        )
        .await
    }

    async fn check(&self, access: &Access, instance: InstanceId) -> Result<(), Error> {
        self.call(access, check::check(access, instance)).await
    }

    async fn usage(&self, access: &Access, instance: InstanceId) -> Result<Usage, Error> {
        self.call(access, check::usage(access, self.flavour, instance))
            .await
    }

    async fn destroy(&self, access: &Access, instance: InstanceId) -> Result<(), Error> {
        self.call(access, destroy::destroy(access, self.flavour, instance))
            .await
    }

    async fn list(&self, access: &Access) -> Result<Vec<String>, Error> {
        self.call(access, check::list(access)).await
    }

    fn profiles(&self) -> &'static [Profile] {
        &profiles::PROFILES
    }

    fn variables(&self, request: &VariableRequest) -> Vec<Variable> {
        variables::of(request)
    }
}
