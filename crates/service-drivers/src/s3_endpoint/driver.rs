//! The contract, call by call.

use async_trait::async_trait;
use secrecy::SecretString;
use tokio::sync::Mutex;
use tokio_rustls::rustls::RootCertStore;
use windlass_model::id::InstanceId;
use windlass_model::profile::Profile;
use windlass_services::{
    Access, BindingSpec, Driver, Error, Hosting, InstanceSpec, ServerSpec, Usage, Variable,
    VariableRequest,
};

use crate::gate::Gates;
use crate::http::trust::Trust;
use crate::s3::PROFILES;
use crate::turns::{Turn, Turns};

use super::client::Client;
use super::failure::unsupported;
use super::place::Place;
use super::{bind, check, destroy, prepare, provision, unbind, variables};

/// The driver of S3 endpoints. It keeps no connection between calls and no knowledge of any endpoint.
#[derive(Debug, Default)]
pub struct S3EndpointDriver {
    gates: Gates,
    turns: Turns,
    trust: Trust,
    /// One rehearsal at a time, for its user has one name.
    rehearsal: Mutex<()>,
}

impl S3EndpointDriver {
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
    async fn look<'a>(&self, access: &'a Access, place: &'a Place) -> Result<Client<'a>, Error> {
        self.client(access, place, None).await
    }

    /// For a call that changes an instance. The instance's turn comes before the endpoint's gate, so that calls that wait
    /// for one another leave the endpoint to the rest.
    async fn change<'a>(
        &self,
        access: &'a Access,
        place: &'a Place,
        instance: InstanceId,
    ) -> Result<Client<'a>, Error> {
        let turn = self.turns.take(access, instance).await?;
        self.client(access, place, Some(turn)).await
    }

    async fn client<'a>(
        &self,
        access: &'a Access,
        place: &'a Place,
        turn: Option<Turn>,
    ) -> Result<Client<'a>, Error> {
        let is_encrypted = [&place.endpoint, &place.iam]
            .iter()
            .any(|url| url.scheme() == "https");
        let trust = if is_encrypted {
            Some(self.trust.of(access)?)
        } else {
            None
        };
        let permit = self.gates.enter(access).await?;
        Ok(Client::new(access, place, trust.as_ref(), permit, turn))
    }
}

fn place(access: &Access) -> Result<Place, Error> {
    let settings = access.settings.as_ref();
    let url = settings.and_then(|settings| settings.get("url")?.as_str());
    let url = url.ok_or_else(|| {
        let reason =
            "the URL of the endpoint is not in its settings; name it again with --shared-cluster";
        unsupported(access, reason.to_owned())
    })?;
    Place::of(url).map_err(|reason| unsupported(access, reason))
}

#[async_trait]
impl Driver for S3EndpointDriver {
    fn kind(&self) -> &'static str {
        "s3-endpoint"
    }

    fn hosting(&self) -> Hosting {
        Hosting::Account
    }

    fn check_account(&self, url: &str) -> Result<(), String> {
        Place::of(url).map(drop)
    }

    fn server(&self, _: &str, _: &SecretString) -> Result<ServerSpec, Error> {
        Err(Error::Unsupported {
            cluster: "an S3 endpoint".to_owned(),
            reason: "its server is its operator's; where there is none, type 's3' runs one"
                .to_owned(),
        })
    }

    async fn prepare(&self, access: &Access) -> Result<(), Error> {
        let place = place(access)?;
        let _one = self.rehearsal.lock().await;
        prepare::prepare(&self.look(access, &place).await?).await
    }

    async fn provision(&self, access: &Access, instance: &InstanceSpec) -> Result<(), Error> {
        let place = place(access)?;
        let client = self.change(access, &place, instance.instance).await?;
        provision::provision(&client, instance).await
    }

    async fn bind(
        &self,
        access: &Access,
        instance: &InstanceSpec,
        binding: &BindingSpec,
    ) -> Result<Option<SecretString>, Error> {
        let place = place(access)?;
        let client = self.change(access, &place, instance.instance).await?;
        bind::bind(&client, instance, binding).await
    }

    async fn unbind(
        &self,
        access: &Access,
        instance: InstanceId,
        generation: u32,
    ) -> Result<(), Error> {
        let place = place(access)?;
        let client = self.change(access, &place, instance).await?;
        unbind::unbind(&client, instance, generation).await
    }

    async fn check(&self, access: &Access, instance: InstanceId) -> Result<(), Error> {
        let place = place(access)?;
        check::check(&self.look(access, &place).await?, instance).await
    }

    async fn usage(&self, access: &Access, instance: InstanceId) -> Result<Usage, Error> {
        let place = place(access)?;
        check::usage(&self.look(access, &place).await?, instance).await
    }

    async fn destroy(&self, access: &Access, instance: InstanceId) -> Result<(), Error> {
        let place = place(access)?;
        let client = self.change(access, &place, instance).await?;
        destroy::destroy(&client, instance).await
    }

    async fn list(&self, access: &Access) -> Result<Vec<String>, Error> {
        let place = place(access)?;
        check::list(&self.look(access, &place).await?).await
    }

    fn profiles(&self) -> &'static [Profile] {
        &PROFILES
    }

    fn variables(&self, request: &VariableRequest) -> Vec<Variable> {
        variables::of(request)
    }
}
