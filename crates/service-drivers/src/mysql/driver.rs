//! The contract, call by call.

use async_trait::async_trait;
use secrecy::SecretString;
use windlass_model::id::InstanceId;
use windlass_model::profile::Profile;
use windlass_services::{
    Access, BindingSpec, Driver, Error, InstanceSpec, ServerSpec, Usage, Variable, VariableRequest,
};

use crate::gate::Gates;

use super::dialect::Dialect;
use super::session::{Cluster, supported};
use super::{
    bind, check, destroy, prepare, profiles, provision, server, sessions, unbind, variables,
};

/// The driver of MySQL and of MariaDB, two types. It keeps no connection between calls and no knowledge of
/// any cluster.
#[derive(Debug)]
pub struct MysqlDriver {
    dialect: Dialect,
    gates: Gates,
}

impl MysqlDriver {
    /// The driver of MySQL, versions 8.0 to 8.4. Not run against a server of it in this repository's tests.
    pub fn mysql() -> Self {
        Self::of(Dialect::Mysql)
    }

    /// The driver of MariaDB, versions 10.11 and 11.
    pub fn mariadb() -> Self {
        Self::of(Dialect::Mariadb)
    }

    fn of(dialect: Dialect) -> Self {
        let gates = Gates::default();
        Self { dialect, gates }
    }

    fn cluster<'a>(&self, access: &'a Access) -> Cluster<'a> {
        let dialect = self.dialect;
        Cluster { access, dialect }
    }

    /// One call: refused if it cannot be made, else made when it is its turn.
    async fn call<T>(
        &self,
        access: &Access,
        call: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        supported(self.cluster(access))?;
        let _turn = self.gates.enter(access).await?;
        call.await
    }
}

#[async_trait]
impl Driver for MysqlDriver {
    fn kind(&self) -> &'static str {
        self.dialect.kind()
    }

    fn server(
        &self,
        version: &str,
        administrator_password: &SecretString,
    ) -> Result<ServerSpec, Error> {
        server::spec(self.dialect, version, administrator_password)
    }

    async fn prepare(&self, access: &Access) -> Result<(), Error> {
        self.call(access, prepare::prepare(self.cluster(access)))
            .await
    }

    async fn provision(&self, access: &Access, instance: &InstanceSpec) -> Result<(), Error> {
        let call = provision::provision(self.cluster(access), instance);
        self.call(access, call).await
    }

    async fn bind(
        &self,
        access: &Access,
        instance: &InstanceSpec,
        binding: &BindingSpec,
    ) -> Result<Option<SecretString>, Error> {
        let call = bind::bind(self.cluster(access), instance, binding);
        self.call(access, call).await.map(|()| None)
    }

    async fn unbind(
        &self,
        access: &Access,
        instance: InstanceId,
        generation: u32,
    ) -> Result<(), Error> {
        let call = unbind::unbind(self.cluster(access), instance, generation);
        self.call(access, call).await
    }

    async fn sessions(
        &self,
        access: &Access,
        instance: InstanceId,
        generation: u32,
    ) -> Result<Option<u32>, Error> {
        let call = sessions::of_binding(self.cluster(access), instance, generation);
        self.call(access, call).await.map(Some)
    }

    async fn check(&self, access: &Access, instance: InstanceId) -> Result<(), Error> {
        self.call(access, check::check(self.cluster(access), instance))
            .await
    }

    async fn usage(&self, access: &Access, instance: InstanceId) -> Result<Usage, Error> {
        self.call(access, check::usage(self.cluster(access), instance))
            .await
    }

    async fn destroy(&self, access: &Access, instance: InstanceId) -> Result<(), Error> {
        self.call(access, destroy::destroy(self.cluster(access), instance))
            .await
    }

    async fn list(&self, access: &Access) -> Result<Vec<String>, Error> {
        self.call(access, check::list(self.cluster(access))).await
    }

    fn url_schemes(&self) -> &'static [&'static str] {
        &variables::URL_SCHEMES
    }

    fn profiles(&self) -> &'static [Profile] {
        &profiles::PROFILES
    }

    fn variables(&self, request: &VariableRequest) -> Vec<Variable> {
        variables::of(self.dialect, request)
    }
}
