//! The contract, call by call.

use async_trait::async_trait;
use secrecy::SecretString;
use windlass_model::id::InstanceId;
use windlass_model::profile::Profile;
use windlass_services::{
    Access, BindingSpec, Driver, Error, InstanceSpec, Media, ServerSpec, Usage, Variable,
    VariableRequest,
};

use crate::gate::Gates;
use crate::s3::PROFILES;
use crate::turns::Turns;

use super::client::{Client, supported};
use super::limits::Quotas;
use super::site::Site;
use super::{bind, check, destroy, media, names, prepare, provision, server, unbind, variables};

/// The Garage driver. It keeps no connection between calls and no knowledge of any cluster.
#[derive(Debug, Default)]
pub struct GarageDriver {
    gates: Gates,
    turns: Turns,
    quotas: Quotas,
    site: Site,
}

impl GarageDriver {
    /// A driver.
    pub fn new() -> Self {
        Self::default()
    }

    /// A driver for a region whose router answers to a domain: buckets have public names there,
    /// `<bucket>.s3.<region>.<domain>`.
    pub fn in_region(region: &str, domain: &str) -> Self {
        Self {
            site: Site::of(region, domain),
            ..Self::default()
        }
    }

    /// The same where these names are served by TLS at that port: applications are then told to use them.
    pub fn by_https(mut self, port: u16) -> Self {
        self.site.https = Some(port);
        self
    }

    /// A driver that makes buckets for at most so many bytes and objects.
    pub fn with_quotas(bytes: u64, objects: u64) -> Self {
        Self {
            quotas: Quotas { bytes, objects },
            ..Self::default()
        }
    }

    /// For a call that only looks: refused if it cannot be made, else made when it is its turn.
    async fn look<'a>(&'a self, access: &'a Access) -> Result<Client<'a>, Error> {
        supported(access)?;
        let place = self.gates.enter(access).await?;
        Client::new(access, &self.site, place, None)
    }

    /// For a call that changes an instance. The instance's turn comes before the cluster's gate, so that
    /// calls that wait for one another leave the cluster to the rest.
    async fn change<'a>(
        &'a self,
        access: &'a Access,
        instance: InstanceId,
    ) -> Result<Client<'a>, Error> {
        supported(access)?;
        let turn = self.turns.take(access, instance).await?;
        let place = self.gates.enter(access).await?;
        Client::new(access, &self.site, place, Some(turn))
    }
}

#[async_trait]
impl Driver for GarageDriver {
    fn kind(&self) -> &'static str {
        "s3"
    }

    fn server(
        &self,
        version: &str,
        administrator_password: &SecretString,
    ) -> Result<ServerSpec, Error> {
        server::spec(&self.site, version, administrator_password)
    }

    async fn prepare(&self, access: &Access) -> Result<(), Error> {
        prepare::prepare(&self.look(access).await?).await
    }

    async fn provision(&self, access: &Access, instance: &InstanceSpec) -> Result<(), Error> {
        let client = self.change(access, instance.instance).await?;
        let bytes = instance.storage_bytes.unwrap_or(self.quotas.bytes);
        let quotas = Quotas {
            bytes,
            ..self.quotas
        };
        provision::provision(&client, instance, quotas).await
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
        check::list(&self.look(access).await?).await
    }

    fn administration_port(&self) -> Option<u16> {
        Some(server::ADMINISTRATION)
    }

    fn public_host(&self, instance: InstanceId) -> Option<String> {
        self.site.host(&names::bucket(instance))
    }

    fn media(&self, instance: InstanceId) -> Option<Media> {
        let bucket = names::bucket(instance);
        Some(Media {
            host: self.site.media_host(&bucket)?,
            port: media::PORT,
            upstream_host: bucket,
        })
    }

    async fn set_public(
        &self,
        access: &Access,
        instance: InstanceId,
        public: bool,
    ) -> Result<(), Error> {
        let client = self.change(access, instance).await?;
        media::set_public(&client, instance, public).await
    }

    fn profiles(&self) -> &'static [Profile] {
        &PROFILES
    }

    fn variables(&self, request: &VariableRequest) -> Vec<Variable> {
        variables::of(&self.site, request)
    }
}
