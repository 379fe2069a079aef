//! What a broker offers, in the words of the contract.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde_json::Value;
use windlass_services::{BrokerRegistration, MarketError, Marketplace, Offer, Stock};

use crate::authentication::Authentication;
use crate::broker::{Broker, CatalogueError, Fetched};
use crate::driver::failing;
use crate::profile::Profile;
use crate::registration::{Invalid, Registration};
use crate::settings::Settings;
use crate::sold::Sold;
use crate::spec::{Catalogue, Offering, Plan, Requirement};
use crate::url::BrokerUrl;
use crate::variables::Kind;
use crate::words::{clean, quoted};

/// Characters of the last part of an identifier: tables of them are read by people.
const MOST: usize = 120;

/// Asks brokers what they offer.
#[derive(Debug, Clone, Default)]
pub struct BrokerMarket {
    settings: Settings,
}

impl BrokerMarket {
    /// With those waits.
    pub fn new(settings: Settings) -> Self {
        Self { settings }
    }
}

#[async_trait]
impl Marketplace for BrokerMarket {
    async fn offers(&self, registration: &BrokerRegistration) -> Result<Stock, MarketError> {
        let unusable = |invalid: Invalid| MarketError::Registration(invalid.to_string());
        let url: BrokerUrl = registration.url.parse().map_err(unusable)?;
        let profile: Profile = registration.profile.parse().map_err(unusable)?;
        let read = Registration {
            url: url.clone(),
            authentication: Authentication::of(&registration.user, &registration.password),
            ca_pem: registration.ca_pem.clone(),
        };
        let broker = Broker::new(&read, self.settings.clone()).map_err(unusable)?;
        let catalogue = match broker.catalogue(None).await {
            Ok(Fetched::Changed { catalogue, .. }) => catalogue,
            // Nothing was known that could be unchanged.
            Ok(Fetched::Unchanged) => Catalogue {
                services: Vec::new(),
            },
            Err(CatalogueError::Invalid(problems)) => {
                let texts = problems.iter().map(ToString::to_string);
                return Err(MarketError::Catalogue(texts.collect()));
            }
            Err(CatalogueError::Failed(error)) => {
                let place = format!("broker '{}'", registration.name);
                return Err(failing::looking(error, &place).into());
            }
        };
        let sold = |offering: &Offering, plan: &Plan| Sold {
            broker: registration.name.clone(),
            url: url.to_string(),
            profile,
            ca_pem: registration.ca_pem.clone(),
            service_id: offering.id.clone(),
            plan_id: plan.id.clone(),
            offering: offering.name.clone(),
            plan: plan.name.clone(),
            tags: offering.tags.clone(),
            bindable: offering.is_bindable(plan),
            instances_retrievable: offering.instances_retrievable,
            bindings_retrievable: offering.bindings_retrievable,
            maximum_polling_seconds: plan.maximum_polling_duration,
        };
        let offers = offers(&catalogue, sold)?;
        Ok(Stock {
            host: url.host,
            port: url.port,
            offers,
        })
    }

    fn readdressed(&self, settings: &Value, registration: &BrokerRegistration) -> Value {
        let (Ok(sold), Ok(profile)) = (Sold::of(Some(settings)), registration.profile.parse())
        else {
            return settings.clone();
        };
        let sold = Sold {
            url: registration.url.clone(),
            profile,
            ca_pem: registration.ca_pem.clone(),
            ..sold
        };
        serde_json::to_value(sold).expect("it is a struct of texts and numbers")
    }
}

/// Each plan of each offering, or all names that cannot be used.
fn offers(
    catalogue: &Catalogue,
    sold: impl Fn(&Offering, &Plan) -> Sold,
) -> Result<Vec<Offer>, MarketError> {
    let mut offers = Vec::new();
    let mut problems = Vec::new();
    let mut taken: BTreeMap<String, String> = BTreeMap::new();
    for (number, offering) in catalogue.services.iter().enumerate() {
        for (position, plan) in offering.plans.iter().enumerate() {
            let at = format!("services[{number}].plans[{position}].name");
            let slug = format!("{}-{}", slug(&offering.name), slug(&plan.name));
            let named = format!("{} of {}", quoted(&plan.name), quoted(&offering.name));
            if slug.starts_with('-') || slug.ends_with('-') {
                problems.push(format!(
                    "{at}: of {named} nothing is left but signs, so that it cannot be named here"
                ));
            } else if slug.len() > MOST {
                problems.push(format!("{at}: {named} has more than {MOST} characters"));
            } else if let Some(first) = taken.insert(slug.clone(), at.clone()) {
                problems.push(format!(
                    "{at}: {named} would be called '{slug}' here, as {first} is already"
                ));
            }
            offers.push(Offer {
                offering_id: offering.id.clone(),
                plan_id: plan.id.clone(),
                slug,
                name: clean(&format!("{} {}", offering.name, plan.name)),
                description: clean(&plan.description),
                kind: kind(&offering.tags).to_owned(),
                version: plan
                    .maintenance_info
                    .as_ref()
                    .map(|info| clean(&info.version)),
                plan: clean(&plan.name),
                unsupported: unsupported(offering),
                settings: serde_json::to_value(sold(offering, plan))
                    .expect("it is a struct of texts and numbers"),
            });
        }
    }
    if problems.is_empty() {
        Ok(offers)
    } else {
        Err(MarketError::Catalogue(problems))
    }
}

/// Letters and digits in lower case, everything else as one hyphen.
fn slug(name: &str) -> String {
    let mut slug = String::with_capacity(name.len());
    for c in name.chars() {
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.trim_end_matches('-').to_owned()
}

fn kind(tags: &[String]) -> &'static str {
    match Kind::of(tags, None) {
        Some(Kind::Database | Kind::Mongodb) => "DATABASE",
        Some(Kind::Cache | Kind::Memcache) => "CACHE",
        Some(Kind::Amqp) => "QUEUE",
        Some(Kind::Elasticsearch) => "SEARCH",
        Some(Kind::Storage) => "STORAGE",
        None => "SERVICE",
    }
}

fn unsupported(offering: &Offering) -> Option<String> {
    let words: Vec<&str> = offering
        .unsupported()
        .iter()
        .map(|required| match required {
            Requirement::SyslogDrain => "syslog_drain",
            Requirement::RouteForwarding => "route_forwarding",
            Requirement::VolumeMount => "volume_mount",
        })
        .collect();
    (!words.is_empty()).then(|| format!("it requires {}, which is not supported", words.join(", ")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use windlass_services::MarketError;

    use super::{offers, slug};
    use crate::catalogue::parse;
    use crate::profile::Profile;
    use crate::sold::Sold;
    use crate::spec::{Catalogue, Offering, Plan};

    fn catalogue(plans: &[&str], tags: &[&str]) -> Catalogue {
        let plans: Vec<_> = plans
            .iter()
            .enumerate()
            .map(|(number, name)| json!({"id": format!("p-{number}"), "name": name, "description": "d"}))
            .collect();
        let value = json!({"services": [{
            "id": "s-1", "name": "My DB", "description": "d", "bindable": true, "tags": tags, "plans": plans,
            "requires": if tags.is_empty() { vec!["volume_mount"] } else { Vec::new() },
        }]});
        parse(value.to_string().as_bytes()).expect("a catalogue")
    }

    fn sold(offering: &Offering, plan: &Plan) -> Sold {
        Sold {
            broker: "acme".to_owned(),
            url: "https://b.example".to_owned(),
            profile: Profile::default(),
            ca_pem: None,
            service_id: offering.id.clone(),
            plan_id: plan.id.clone(),
            offering: offering.name.clone(),
            plan: plan.name.clone(),
            tags: offering.tags.clone(),
            bindable: true,
            instances_retrievable: false,
            bindings_retrievable: false,
            maximum_polling_seconds: None,
        }
    }

    #[test]
    fn every_plan_is_an_offer() {
        let of = |plans: &[&str], tags: &[&str]| offers(&catalogue(plans, tags), sold);
        let found = of(&["Small", "2 GB (fast)"], &["relational", "postgresql"]).expect("offers");
        let slugs: Vec<&str> = found.iter().map(|offer| offer.slug.as_str()).collect();
        assert_eq!(slugs, ["my-db-small", "my-db-2-gb-fast"]);
        assert_eq!(found[0].kind, "DATABASE");
        assert_eq!(found[0].unsupported, None);
        assert_eq!(
            Sold::of(Some(&found[1].settings)).expect("good").plan_id,
            "p-1"
        );
        let other = of(&["small"], &[]).expect("offers");
        assert_eq!(other[0].kind, "SERVICE");
        let why = other[0].unsupported.clone().expect("a reason");
        assert!(why.contains("volume_mount"), "{why}");
    }

    #[test]
    fn names_that_cannot_be_told_apart_are_all_said() {
        let refused = offers(&catalogue(&["a b", "a-b", "***", "a.b"], &["redis"]), sold);
        let Err(MarketError::Catalogue(problems)) = refused else {
            panic!("{refused:?}");
        };
        assert_eq!(problems.len(), 3, "{problems:?}");
        assert_eq!(slug("  Ünïcode--Näme 5 "), "n-code-n-me-5");
    }
}
