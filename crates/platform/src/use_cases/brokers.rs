//! Brokers: registered, listed, refreshed, removed. What they offer becomes services of their region.

use std::collections::{BTreeMap, BTreeSet};

use secrecy::SecretString;
use serde_json::Value;
use windlass_model::access::Action;
use windlass_model::id::{BrokerId, RegionId, ServiceId};
use windlass_model::names::BrokerName;
use windlass_model::time::Timestamp;
use windlass_records::{
    Broker, BrokerPlan, Change, Instance, InstanceFilter, NewSecret, PageRequest, Service,
};
use windlass_services::{BrokerRegistration, MarketError};

use crate::authorize::{Place, authorize};
use crate::context::Context;
use crate::error::Error;
use crate::platform::Platform;
use crate::stock::{self, Known};
use crate::{failures, ids};

/// A broker to be registered.
#[derive(Debug, Clone)]
pub struct NewBroker {
    /// Its name: the names of its services begin with it.
    pub name: String,
    /// The region in which its services are offered, by id or name; this machine's without.
    pub region: Option<String>,
    /// Where it is.
    pub url: String,
    /// The user; without one the password is a bearer token.
    pub user: Option<String>,
    /// The password or token.
    pub password: SecretString,
    /// As which platform Windlass introduces itself: `cloudfoundry` without.
    pub profile: Option<String>,
    /// The certificate authorities that are trusted for it, in PEM; the machine's without.
    pub ca_pem: Option<String>,
}

/// What of a broker is to be another; nothing means only that its catalogue is fetched.
#[derive(Debug, Clone, Default)]
pub struct BrokerChange {
    /// Another place of the same broker.
    pub url: Option<String>,
    /// Another user.
    pub user: Option<String>,
    /// Another password or token.
    pub password: Option<SecretString>,
    /// Another introduction.
    pub profile: Option<String>,
    /// Other certificate authorities; empty for the machine's.
    pub ca_pem: Option<String>,
}

/// A plan of a broker as a service.
#[derive(Debug, Clone)]
pub struct BrokerPlanView {
    /// The plan.
    pub plan: BrokerPlan,
    /// The service that it is.
    pub service: Service,
}

/// A broker with what it offers, by identifier.
#[derive(Debug, Clone)]
pub struct BrokerView {
    /// The broker.
    pub broker: Broker,
    /// Its plans.
    pub plans: Vec<BrokerPlanView>,
}

/// How Windlass introduces itself, if nobody says otherwise: as a platform that every broker knows.
const PROFILE: &str = "cloudfoundry";

impl Platform {
    /// Registers a broker: fetches what it offers, and makes services of it. Nothing is registered of one that
    /// does not answer, or whose catalogue is not in order.
    ///
    /// # Errors
    /// The name is taken, the broker does not answer, or everything that is wrong with its catalogue.
    pub async fn add_broker(&self, context: &Context, new: NewBroker) -> Result<BrokerView, Error> {
        Self::require_operator(context, Action::ManageBrokers, &new.name)?;
        let name: BrokerName = new
            .name
            .parse()
            .map_err(|error| Error::name("name", &error))?;
        let known = self.parts.store.brokers().await?;
        if known.iter().any(|broker| broker.name == name) {
            return Err(Error::invalid(
                "name",
                format!("a broker with the name '{name}' is registered already"),
            ));
        }
        // 'postgres' means a service of our own, and must go on to do so.
        if self.parts.regions.has_driver(name.as_str()) {
            return Err(Error::invalid(
                "name",
                format!("'{name}' is a type of service; choose another name"),
            ));
        }
        let region = self.region_named(context, new.region.as_deref()).await?;
        let now = self.parts.now();
        let secret = NewSecret {
            id: ids::mint(),
            value: new.password,
            created_at: now,
        };
        let broker = Broker {
            id: ids::mint(),
            name,
            region: region.id,
            url: new.url,
            user: new.user.unwrap_or_default(),
            password: secret.id,
            profile: new.profile.unwrap_or_else(|| PROFILE.to_owned()),
            ca_pem: new.ca_pem,
            created_at: now,
            refreshed_at: now,
        };
        self.record(
            context,
            "broker.add",
            broker,
            secret.value.clone(),
            Some(secret),
        )
        .await
    }

    /// Fetches what a broker offers now, with other access to it if that is asked for.
    ///
    /// # Errors
    /// As for a new one; then everything stays as it was.
    pub async fn update_broker(
        &self,
        context: &Context,
        id: BrokerId,
        change: BrokerChange,
    ) -> Result<BrokerView, Error> {
        let before = self
            .known_broker(context, Action::ManageBrokers, id)
            .await?;
        let now = self.parts.now();
        let secret = change.password.map(|value| NewSecret {
            id: ids::mint(),
            value,
            created_at: now,
        });
        let password = match &secret {
            Some(secret) => secret.value.clone(),
            None => self.parts.reveal(before.password).await?,
        };
        let broker = Broker {
            url: change.url.unwrap_or_else(|| before.url.clone()),
            user: change.user.unwrap_or_else(|| before.user.clone()),
            password: secret.as_ref().map_or(before.password, |secret| secret.id),
            profile: change.profile.unwrap_or_else(|| before.profile.clone()),
            ca_pem: match change.ca_pem {
                Some(pem) => Some(pem).filter(|pem| !pem.trim().is_empty()),
                None => before.ca_pem.clone(),
            },
            refreshed_at: before.refreshed_at,
            ..before.clone()
        };
        let action = if broker == before {
            "broker.refresh"
        } else {
            "broker.update"
        };
        let broker = Broker {
            refreshed_at: now,
            ..broker
        };
        self.record(context, action, broker, password, secret).await
    }

    /// All brokers, by name.
    pub async fn brokers(&self, context: &Context) -> Result<Vec<BrokerView>, Error> {
        match Self::require_operator(context, Action::ViewBrokers, "") {
            Err(Error::NotFound { .. }) => return Ok(Vec::new()),
            other => other?,
        }
        let brokers = self.parts.store.brokers().await?;
        self.broker_views(brokers).await
    }

    /// A broker.
    pub async fn broker(&self, context: &Context, id: BrokerId) -> Result<BrokerView, Error> {
        let broker = self.known_broker(context, Action::ViewBrokers, id).await?;
        let mut views = self.broker_views(vec![broker]).await?;
        views.pop().ok_or_else(|| Error::not_found("broker", id))
    }

    /// Forgets a broker; its services are not offered any more.
    ///
    /// # Errors
    /// There are instances of it: their names.
    pub async fn remove_broker(&self, context: &Context, id: BrokerId) -> Result<(), Error> {
        let broker = self
            .known_broker(context, Action::ManageBrokers, id)
            .await?;
        let stocks = self.stocks(broker.region).await?;
        let known = stocks.known(&broker, self.parts.now(), &Value::clone);
        let own: BTreeSet<ServiceId> = stocks
            .plans
            .iter()
            .filter(|plan| plan.broker == id)
            .map(|plan| plan.service)
            .collect();
        let mut left = Vec::new();
        for instance in &stocks.instances {
            if own.contains(&instance.service) {
                let scene = self.parts.scene(instance.environment).await?;
                left.push(format!("{} of {}", instance.prefix, scene.title()));
            }
        }
        if !left.is_empty() {
            return Err(Error::refused(
                "broker_in_use",
                format!(
                    "broker '{}' cannot be removed while there are instances of it: {}; remove them first",
                    broker.name,
                    left.join(", ")
                ),
            ));
        }
        let mut changes = stock::cleared(&known);
        changes.push(Change::DeleteBroker(id));
        changes.push(self.audit(
            context,
            "broker.remove",
            broker.name.as_str(),
            None,
            &broker.url,
        ));
        Ok(self.parts.store.commit(changes).await?)
    }

    /// Records the broker with what it offers.
    async fn record(
        &self,
        context: &Context,
        action: &str,
        broker: Broker,
        password: SecretString,
        secret: Option<NewSecret>,
    ) -> Result<BrokerView, Error> {
        let registration = BrokerRegistration {
            name: broker.name.to_string(),
            url: broker.url.clone(),
            user: broker.user.clone(),
            password,
            profile: broker.profile.clone(),
            ca_pem: broker.ca_pem.clone(),
        };
        let marketplace = self.parts.marketplace.as_ref();
        let stock = marketplace.offers(&registration).await;
        let stock = stock.map_err(|error| match error {
            MarketError::Registration(reason) => Error::refused("invalid_broker", reason),
            MarketError::Catalogue(problems) => out_of_order(&broker, &problems),
            MarketError::Failed(error) => failures::service(&error).into(),
        })?;
        let stocks = self.stocks(broker.region).await?;
        let made = {
            let readdressed = |settings: &Value| marketplace.readdressed(settings, &registration);
            stock::changes(
                &stocks.known(&broker, self.parts.now(), &readdressed),
                &stock,
            )
        };
        let made = made.map_err(|problems| out_of_order(&broker, &problems))?;
        let id = broker.id;
        let mut changes: Vec<Change> = secret.into_iter().map(Change::InsertSecret).collect();
        changes.push(self.audit(context, action, broker.name.as_str(), None, &broker.url));
        changes.push(Change::PutBroker(broker));
        changes.extend(made);
        self.parts.store.commit(changes).await?;
        self.broker(context, id).await
    }

    /// Only who operates the installation knows of brokers: a broker's address is where the server's own requests
    /// go, with whoever's network it has.
    fn require_operator(
        context: &Context,
        action: Action,
        broker: impl std::fmt::Display,
    ) -> Result<(), Error> {
        authorize(context, action, &Place::Installation, || {
            Error::not_found("broker", broker)
        })
    }

    async fn known_broker(
        &self,
        context: &Context,
        action: Action,
        id: BrokerId,
    ) -> Result<Broker, Error> {
        Self::require_operator(context, action, id)?;
        let known = self.parts.store.broker(id).await?;
        known.ok_or_else(|| Error::not_found("broker", id))
    }

    async fn broker_views(&self, brokers: Vec<Broker>) -> Result<Vec<BrokerView>, Error> {
        let plans = self.parts.store.broker_plans().await?;
        let services = self.parts.store.services(None).await?;
        let services: BTreeMap<ServiceId, Service> = services
            .into_iter()
            .map(|service| (service.id, service))
            .collect();
        let views = brokers.into_iter().map(|broker| {
            let own = plans.iter().filter(|plan| plan.broker == broker.id);
            let mut plans: Vec<BrokerPlanView> = own
                .filter_map(|plan| {
                    let service = services.get(&plan.service)?.clone();
                    let plan = plan.clone();
                    Some(BrokerPlanView { plan, service })
                })
                .collect();
            plans.sort_by(|one, other| one.service.identifier.cmp(&other.service.identifier));
            BrokerView { broker, plans }
        });
        Ok(views.collect())
    }

    async fn stocks(&self, region: RegionId) -> Result<Stocks, Error> {
        let store = &self.parts.store;
        let all = PageRequest::first(u32::MAX);
        let instances = store
            .instances(&InstanceFilter::default(), &all)
            .await?
            .rows;
        Ok(Stocks {
            region,
            brokers: store.brokers().await?,
            services: store.services(Some(region)).await?,
            clusters: store.clusters().await?,
            plans: store.broker_plans().await?,
            used: instances.iter().map(|instance| instance.service).collect(),
            instances,
        })
    }
}

/// What the store knows of brokers and their services.
struct Stocks {
    region: RegionId,
    brokers: Vec<Broker>,
    services: Vec<Service>,
    clusters: Vec<windlass_records::Cluster>,
    plans: Vec<BrokerPlan>,
    instances: Vec<Instance>,
    used: BTreeSet<ServiceId>,
}

impl Stocks {
    fn known<'a>(
        &'a self,
        broker: &'a Broker,
        now: Timestamp,
        readdressed: &'a (dyn Fn(&Value) -> Value + Sync),
    ) -> Known<'a> {
        Known {
            broker,
            brokers: &self.brokers,
            region: self.region,
            services: &self.services,
            clusters: &self.clusters,
            plans: &self.plans,
            used: &self.used,
            readdressed,
            now,
        }
    }
}

fn out_of_order(broker: &Broker, problems: &[String]) -> Error {
    Error::refused(
        "invalid_catalogue",
        format!(
            "what broker '{}' offers cannot be taken up, and nothing was changed. Its operator has to mend: {}",
            broker.name,
            problems.join("; ")
        ),
    )
}
