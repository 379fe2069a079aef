//! The driver of everything that brokers provide: the contract's calls as calls of a broker.
//!
//! Nothing is removed when an attempt fails ([`Orphan::Leave`]): the operation that made the attempt takes it
//! back with [`Driver::destroy`] or [`Driver::unbind`], which is on record and goes on after a crash.

pub(crate) mod failing;

use std::time::Duration;

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use windlass_model::id::InstanceId;
use windlass_services::{
    Access, BROKER, BindingSpec, Driver, Error, InstanceSpec, Owner, ServerSpec, Usage, Variable,
    VariableRequest,
};

use crate::broker::{Broker, CatalogueError, Orphan};
use crate::failure::Failure;
use crate::profile::Scope;
use crate::registration::Invalid;
use crate::settings::Settings;
use crate::sold::Sold;
use crate::spec::{BindRequest, Opaque, ProvisionRequest};
use crate::target::Instance;
use crate::variables::variables;

/// The driver of everything that brokers provide.
#[derive(Debug, Clone, Default)]
pub struct BrokerDriver {
    settings: Settings,
}

/// What is kept of a binding: an application's variables are made from it whenever they are needed.
#[derive(Serialize, Deserialize)]
struct Kept {
    tags: Vec<String>,
    credentials: Opaque,
}

impl BrokerDriver {
    /// With those waits.
    pub fn new(settings: Settings) -> Self {
        Self { settings }
    }

    fn open(&self, access: &Access) -> Result<(Sold, Broker, String), Error> {
        let unusable = |invalid: Invalid| Error::Unsupported {
            cluster: access.description.clone(),
            reason: invalid.to_string(),
        };
        let sold = Sold::of(access.settings.as_ref()).map_err(unusable)?;
        let registration = sold
            .registration(&access.user, &access.password)
            .map_err(unusable)?;
        let broker = Broker::new(&registration, self.settings.clone()).map_err(unusable)?;
        let place = format!("broker '{}'", sold.broker);
        Ok((sold, broker, place))
    }
}

impl Sold {
    /// Whether the broker says that it does not have an instance which it had: of such a one bindings fail with
    /// whatever words its framework has, which say nothing to anybody.
    async fn is_forgotten(&self, broker: &Broker, instance: &Instance) -> bool {
        if !self.instances_retrievable {
            return false;
        }
        let seen = broker.fetch_instance(instance, None).await;
        seen.is_err_and(|error| matches!(error.failure, Failure::Missing(_)))
    }
}

/// Whose the instance is. Brokers must be told, so that nothing is made without.
fn owner<'a>(instance: &'a InstanceSpec, place: &str) -> Result<&'a Owner, Error> {
    instance.owner.as_ref().ok_or_else(|| Error::Refused {
        cluster: place.to_owned(),
        doing: "asking for an instance of nobody".to_owned(),
        reason: "its organisation and environment are not known".to_owned(),
        advice: "This is a fault of Windlass.".to_owned(),
    })
}

fn context(sold: &Sold, owner: &Owner) -> Map<String, Value> {
    sold.profile.context(&Scope {
        organisation: owner.organisation.clone(),
        organisation_name: owner.organisation_name.clone(),
        environment: owner.environment.clone(),
        environment_name: owner.environment_name.clone(),
        application: owner.application.clone(),
        application_name: owner.application_name.clone(),
        installation: owner.installation.clone(),
        instance_name: owner.prefix.clone(),
    })
}

#[async_trait]
impl Driver for BrokerDriver {
    fn kind(&self) -> &'static str {
        BROKER
    }

    fn server(
        &self,
        _version: &str,
        _administrator_password: &SecretString,
    ) -> Result<ServerSpec, Error> {
        Err(Error::Unsupported {
            cluster: "a service of a broker".to_owned(),
            reason: "Windlass runs no server for it; 'windlass broker list' shows whether its broker is still \
                     registered"
                .to_owned(),
        })
    }

    async fn prepare(&self, access: &Access) -> Result<(), Error> {
        let (_, broker, place) = self.open(access)?;
        match broker.catalogue(None).await {
            // What is wrong with a catalogue must not keep anybody from removing an instance.
            Ok(_) | Err(CatalogueError::Invalid(_)) => Ok(()),
            Err(CatalogueError::Failed(error)) => Err(failing::looking(error, &place)),
        }
    }

    async fn provision(&self, access: &Access, instance: &InstanceSpec) -> Result<(), Error> {
        let (sold, broker, place) = self.open(access)?;
        let owner = owner(instance, &place)?;
        let request = ProvisionRequest {
            service_id: sold.service_id.clone(),
            plan_id: sold.plan_id.clone(),
            organization_guid: owner.organisation.clone(),
            space_guid: owner.environment.clone(),
            context: context(&sold, owner),
            parameters: Opaque::default(),
            // Not said: a refresh of the catalogue must not make a repeated request another one.
            maintenance_info: None,
        };
        let target = sold.instance(instance.instance);
        let made = broker.provision(&target, &request, None, Orphan::Leave);
        made.await
            .map(drop)
            .map_err(|error| failing::making(error, &place))
    }

    async fn bind(
        &self,
        access: &Access,
        instance: &InstanceSpec,
        binding: &BindingSpec,
    ) -> Result<Option<SecretString>, Error> {
        let (sold, broker, place) = self.open(access)?;
        let credentials = if sold.bindable {
            let owner = owner(instance, &place)?;
            // A broker's application is one in one environment: two environments are two applications to it.
            let request = BindRequest::create(
                &sold.service_id,
                &sold.plan_id,
                context(&sold, owner),
                Some(&owner.environment),
                Opaque::default(),
            );
            let target = sold.binding(instance.instance, binding.generation);
            let made = broker.bind(&target, &request, None, Orphan::Leave).await;
            match made {
                Ok(answer) => answer.credentials,
                Err(error) => {
                    let is_forgotten = sold.is_forgotten(&broker, &target.instance).await;
                    return Err(failing::binding(error, &place, is_forgotten));
                }
            }
        } else {
            Opaque::default()
        };
        let kept = Kept {
            tags: sold.tags,
            credentials,
        };
        let text = serde_json::to_string(&kept).expect("JSON with texts as keys can be written");
        Ok(Some(SecretString::from(text)))
    }

    async fn unbind(
        &self,
        access: &Access,
        instance: InstanceId,
        generation: u32,
    ) -> Result<(), Error> {
        let (sold, broker, place) = self.open(access)?;
        if !sold.bindable {
            return Ok(());
        }
        let binding = sold.binding(instance, generation);
        let gone = broker.unbind(&binding, None).await;
        gone.map_err(|error| failing::removing(error, &place))
    }

    fn patience(&self, settings: Option<&Value>) -> Duration {
        // What cannot be read fails at its first call.
        Sold::of(settings).map_or(Duration::ZERO, |sold| sold.patience(&self.settings))
    }

    fn destroys_bindings(&self) -> bool {
        false
    }

    async fn check(&self, access: &Access, instance: InstanceId) -> Result<(), Error> {
        let (sold, broker, place) = self.open(access)?;
        if !sold.instances_retrievable {
            return self.prepare(access).await;
        }
        match broker.fetch_instance(&sold.instance(instance), None).await {
            Ok(_) => Ok(()),
            // It changes at this moment, so that it is there.
            Err(error) if matches!(error.failure, Failure::Busy(_)) => Ok(()),
            Err(error) => Err(failing::looking(error, &place)),
        }
    }

    async fn usage(&self, access: &Access, _instance: InstanceId) -> Result<Usage, Error> {
        let (_, _, place) = self.open(access)?;
        Err(Error::Refused {
            cluster: place,
            doing: "asking what an instance uses".to_owned(),
            reason: "brokers cannot be asked that".to_owned(),
            advice: "Ask the operator of the broker.".to_owned(),
        })
    }

    async fn destroy(&self, access: &Access, instance: InstanceId) -> Result<(), Error> {
        let (sold, broker, place) = self.open(access)?;
        let instance = sold.instance(instance);
        let gone = broker.deprovision(&instance, None).await;
        gone.map_err(|error| failing::removing(error, &place))
    }

    async fn list(&self, _access: &Access) -> Result<Vec<String>, Error> {
        // Brokers have no call for it.
        Ok(Vec::new())
    }

    /// Those of the credentials. Before there are any, nobody knows.
    fn variables(&self, request: &VariableRequest) -> Vec<Variable> {
        serde_json::from_str::<Kept>(request.password.expose_secret())
            .map(|kept| variables(&request.prefix, &kept.tags, &kept.credentials))
            .unwrap_or_default()
    }
}
