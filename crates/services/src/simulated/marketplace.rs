//! Brokers in memory, by their URLs.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::error::Error;
use crate::marketplace::{BrokerRegistration, MarketError, Marketplace, Offer, Stock};

/// Brokers in memory. Clones share them.
#[derive(Clone, Default)]
pub struct SimulatedMarketplace {
    brokers: Arc<Mutex<BTreeMap<String, Simulated>>>,
}

struct Simulated {
    password: String,
    /// What it offers, or what is wrong with it; nothing if it is away.
    offers: Option<Result<Vec<Offer>, Vec<String>>>,
}

impl SimulatedMarketplace {
    /// The broker at that URL offers that, to who has the password.
    pub fn offer(&self, url: &str, password: &str, offers: &[Offer]) {
        self.put(url, password, Some(Ok(offers.to_vec())));
    }

    /// What it offers is not in order.
    pub fn spoil(&self, url: &str, password: &str, problems: &[&str]) {
        let problems = problems.iter().map(|text| (*text).to_owned()).collect();
        self.put(url, password, Some(Err(problems)));
    }

    /// It cannot be reached.
    pub fn take_away(&self, url: &str) {
        self.put(url, "", None);
    }

    fn put(&self, url: &str, password: &str, offers: Option<Result<Vec<Offer>, Vec<String>>>) {
        let password = password.to_owned();
        let broker = Simulated { password, offers };
        self.lock().insert(url.to_owned(), broker);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Simulated>> {
        self.brokers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A plan with those ids, of that kind.
pub fn offer(offering: &str, plan: &str, kind: &str) -> Offer {
    Offer {
        offering_id: format!("id-of-{offering}"),
        plan_id: format!("id-of-{offering}-{plan}"),
        slug: format!("{offering}-{plan}"),
        name: format!("{offering} {plan}"),
        description: "a plan".to_owned(),
        kind: kind.to_owned(),
        version: None,
        plan: plan.to_owned(),
        unsupported: None,
        settings: json!({"plan": plan}),
    }
}

#[async_trait]
impl Marketplace for SimulatedMarketplace {
    async fn offers(&self, registration: &BrokerRegistration) -> Result<Stock, MarketError> {
        if !registration.url.starts_with("http") {
            return Err(MarketError::Registration("its URL is none".to_owned()));
        }
        let cluster = format!("broker '{}'", registration.name);
        let brokers = self.lock();
        let found = brokers.get(&registration.url);
        let Some((broker, offers)) =
            found.and_then(|broker| Some((broker, broker.offers.as_ref()?)))
        else {
            let reason = "connection refused".to_owned();
            return Err(Error::Unreachable { cluster, reason }.into());
        };
        if registration.password.expose_secret() != broker.password {
            return Err(Error::Refused {
                cluster,
                doing: "fetching the catalogue".to_owned(),
                reason: "wrong password".to_owned(),
                advice: "Set the broker's credentials right.".to_owned(),
            }
            .into());
        }
        match offers {
            Ok(offers) => Ok(Stock {
                host: "broker.example".to_owned(),
                port: 443,
                offers: offers.clone(),
            }),
            Err(problems) => Err(MarketError::Catalogue(problems.clone())),
        }
    }

    fn readdressed(&self, settings: &Value, registration: &BrokerRegistration) -> Value {
        let mut settings = settings.clone();
        settings["moved_to"] = registration.url.clone().into();
        settings
    }
}
