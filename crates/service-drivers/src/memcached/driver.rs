//! The contract, call by call.

use async_trait::async_trait;
use secrecy::SecretString;
use windlass_model::id::InstanceId;
use windlass_model::profile::Profile;
use windlass_services::{
    Access, BindingSpec, Driver, Error, InstanceSpec, ServerSpec, Usage, Variable, VariableRequest,
};

use super::limits::{FLUSH, LOOK, PROBE};
use super::session::{Session, supported};
use super::{profiles, server, variables};
use crate::gate::Gates;

/// The Memcached driver. It keeps no connection between calls and no knowledge of any server.
#[derive(Debug, Default)]
pub struct MemcachedDriver {
    gates: Gates,
}

impl MemcachedDriver {
    /// A driver.
    pub fn new() -> Self {
        Self::default()
    }

    /// One call with a connection: refused if it cannot be made, else made when it is its turn.
    async fn call<T>(
        &self,
        access: &Access,
        call: impl AsyncFnOnce(&mut Session<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        supported(access)?;
        let _turn = self.gates.enter(access).await?;
        call(&mut Session::open(access).await?).await
    }
}

/// Writes a value that is stale when it arrives, so that nobody sees it.
async fn probe(session: &mut Session<'_>) -> Result<(), Error> {
    let write = "set windlass:probe 0 -1 0\r\n\r\n";
    match session.run(PROBE, write).await?.as_str() {
        "STORED" => Ok(()),
        answer => Err(session.failed(PROBE, format!("it answers '{answer}'"))),
    }
}

#[async_trait]
impl Driver for MemcachedDriver {
    fn kind(&self) -> &'static str {
        "memcached"
    }

    fn server(
        &self,
        version: &str,
        _administrator_password: &SecretString,
    ) -> Result<ServerSpec, Error> {
        server::spec(version)
    }

    async fn prepare(&self, access: &Access) -> Result<(), Error> {
        let check = async |session: &mut Session<'_>| {
            if server::supports(&session.version) {
                return probe(session).await;
            }
            Err(Error::Unsupported {
                cluster: session.access.description.clone(),
                reason: format!(
                    "it runs Memcached {}; {}",
                    session.version.escape_default(),
                    server::SUPPORTED
                ),
            })
        };
        self.call(access, check).await
    }

    async fn provision(&self, access: &Access, _instance: &InstanceSpec) -> Result<(), Error> {
        self.call(access, probe).await
    }

    async fn bind(
        &self,
        access: &Access,
        _instance: &InstanceSpec,
        _binding: &BindingSpec,
    ) -> Result<Option<SecretString>, Error> {
        self.call(access, probe).await.map(|()| None)
    }

    /// There is nothing to revoke.
    async fn unbind(
        &self,
        _access: &Access,
        _instance: InstanceId,
        _generation: u32,
    ) -> Result<(), Error> {
        Ok(())
    }

    async fn check(&self, access: &Access, _instance: InstanceId) -> Result<(), Error> {
        self.call(access, probe).await
    }

    async fn usage(&self, access: &Access, _instance: InstanceId) -> Result<Usage, Error> {
        let usage = async |session: &mut Session<'_>| {
            let statistics = session.statistics(LOOK, "stats\r\n").await?;
            let bytes = statistics
                .iter()
                .find_map(|(name, value)| (name == "bytes").then(|| value.parse().ok())?);
            let Some(bytes) = bytes else {
                return Err(session.failed(LOOK, "the statistics have no 'bytes'".to_owned()));
            };
            let connections = session.statistics(LOOK, "stats conns\r\n").await?;
            let open = connections
                .iter()
                .filter(|(name, value)| name.ends_with(":state") && value != "conn_listening");
            // One of them is ours.
            let others = open.count().saturating_sub(1);
            let connections = u32::try_from(others).unwrap_or(u32::MAX);
            Ok(Usage { bytes, connections })
        };
        self.call(access, usage).await
    }

    async fn destroy(&self, access: &Access, _instance: InstanceId) -> Result<(), Error> {
        let flush = async |session: &mut Session<'_>| session.run(FLUSH, "flush_all\r\n").await;
        self.call(access, flush).await.map(drop)
    }

    /// The server tells nothing of instances; but whether it is there.
    async fn list(&self, access: &Access) -> Result<Vec<String>, Error> {
        self.call(access, async |_: &mut Session<'_>| Ok(Vec::new()))
            .await
    }

    fn url_schemes(&self) -> &'static [&'static str] {
        &variables::URL_SCHEMES
    }

    fn has_credentials(&self) -> bool {
        false
    }

    fn profiles(&self) -> &'static [Profile] {
        &profiles::PROFILES
    }

    fn variables(&self, request: &VariableRequest) -> Vec<Variable> {
        variables::of(request)
    }
}
