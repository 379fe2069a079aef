//! From what a broker offers to the services of a region. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use windlass_model::id::{RegionId, ServiceId};
use windlass_model::time::Timestamp;
use windlass_records::{Broker, BrokerPlan, Change, Cluster, ClusterKind, ClusterState, Service};
use windlass_services::{BROKER, Offer, Stock};

use crate::ids;

/// What is said of a plan that a broker has no longer.
const RETIRED: &str = "the broker does not offer it any more";

/// What is known before.
pub(crate) struct Known<'a> {
    /// The broker, as it is going to be.
    pub(crate) broker: &'a Broker,
    /// All brokers, for their names.
    pub(crate) brokers: &'a [Broker],
    /// The region in which its services are offered.
    pub(crate) region: RegionId,
    /// All services of the region.
    pub(crate) services: &'a [Service],
    /// All clusters that are not removed.
    pub(crate) clusters: &'a [Cluster],
    /// The plans of all brokers.
    pub(crate) plans: &'a [BrokerPlan],
    /// The services that have instances.
    pub(crate) used: &'a BTreeSet<ServiceId>,
    /// The settings of a plan that the broker has no longer, as they would be now.
    pub(crate) readdressed: &'a (dyn Fn(&Value) -> Value + Sync),
    pub(crate) now: Timestamp,
}

/// The changes that make the broker's services what it offers now, or everything that stands in the way.
pub(crate) fn changes(known: &Known<'_>, stock: &Stock) -> Result<Vec<Change>, Vec<String>> {
    let mut changes = Vec::new();
    let mut problems = Vec::new();
    for (rank, offer) in stock.offers.iter().enumerate() {
        if let Some(problem) = known.taken_id(offer) {
            problems.push(problem);
            continue;
        }
        match known.service(offer, rank) {
            Ok(service) => changes.extend(known.stocked(offer, service, stock)),
            Err(problem) => problems.push(problem),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let offered: BTreeSet<&str> = stock
        .offers
        .iter()
        .map(|offer| offer.plan_id.as_str())
        .collect();
    for plan in known.own_plans() {
        if !offered.contains(plan.plan.as_str()) {
            changes.extend(known.retired(plan, stock));
        }
    }
    Ok(changes)
}

/// The changes that take a broker's services out of the catalogue; none of them has an instance.
pub(crate) fn cleared(known: &Known<'_>) -> Vec<Change> {
    known
        .own_plans()
        .flat_map(|plan| known.withdrawn(plan.service, true))
        .collect()
}

impl Known<'_> {
    fn own_plans(&self) -> impl Iterator<Item = &BrokerPlan> {
        let own = |plan: &&BrokerPlan| plan.broker == self.broker.id;
        self.plans.iter().filter(own)
    }

    /// Ids are unique over all brokers: two would mean the same thing by one.
    fn taken_id(&self, offer: &Offer) -> Option<String> {
        let other = self.plans.iter().find(|plan| {
            plan.broker != self.broker.id
                && (plan.plan == offer.plan_id || plan.offering == offer.offering_id)
        })?;
        let (what, id) = if other.plan == offer.plan_id {
            ("the id of its plan", &offer.plan_id)
        } else {
            ("the id of its offering", &offer.offering_id)
        };
        let names: BTreeMap<_, _> = self
            .brokers
            .iter()
            .map(|broker| (broker.id, broker.name.as_str()))
            .collect();
        let name = names.get(&other.broker).copied().unwrap_or_default();
        Some(format!(
            "{}: {what}, '{id}', is one of broker '{name}' already",
            offer.name
        ))
    }

    /// The service that the offer is, under its id if it has one.
    fn service(&self, offer: &Offer, rank: usize) -> Result<Service, String> {
        let identifier = format!("{}-{}", self.broker.name, offer.slug);
        let mut own = self.own_plans();
        let known = own.find(|plan| plan.plan == offer.plan_id);
        let namesake = self
            .services
            .iter()
            .find(|service| service.identifier == identifier);
        let id = match (known, namesake) {
            (Some(plan), _) => plan.service,
            (None, None) => ids::mint(),
            // What an earlier registration has left.
            (None, Some(service))
                if service.driver == BROKER
                    && self.plans.iter().all(|plan| plan.service != service.id) =>
            {
                service.id
            }
            (None, Some(_)) => {
                return Err(format!(
                    "{}: there is a service '{identifier}' already",
                    offer.name
                ));
            }
        };
        let existing = self.services.iter().find(|service| service.id == id);
        // Prefixes are unique by kind: that of a service with instances stays what it was.
        let kind = existing
            .filter(|service| self.used.contains(&service.id))
            .map_or(&offer.kind, |service| &service.kind);
        Ok(Service {
            id,
            region: self.region,
            identifier,
            name: offer.name.clone(),
            description: offer.description.clone(),
            driver: BROKER.to_owned(),
            kind: kind.clone(),
            version: offer.version.clone().unwrap_or_else(|| "-".to_owned()),
            plan: offer.plan.clone(),
            image: None,
            shared: true,
            memory_bytes: 0,
            storage_bytes: None,
            cpu_millis: 0,
            connection_limit: 0,
            rank: u32::try_from(rank).unwrap_or(u32::MAX),
            offered: offer.unsupported.is_none(),
        })
    }

    fn stocked(&self, offer: &Offer, service: Service, stock: &Stock) -> Vec<Change> {
        let plan = BrokerPlan {
            broker: self.broker.id,
            plan: offer.plan_id.clone(),
            offering: offer.offering_id.clone(),
            service: service.id,
            obstacle: offer.unsupported.clone(),
        };
        let mut changes = Vec::new();
        let id = service.id;
        if !self.services.contains(&service) {
            changes.push(Change::PutService(service));
        }
        if !self.plans.contains(&plan) {
            changes.push(Change::PutBrokerPlan(plan));
        }
        match self.cluster(id) {
            Some(cluster) => {
                changes.extend(self.access(cluster, stock));
                if cluster.settings.as_ref() != Some(&offer.settings) {
                    changes.push(Change::SetClusterSettings {
                        id: cluster.id,
                        settings: Some(offer.settings.clone()),
                    });
                }
            }
            None => changes.push(Change::InsertCluster(Cluster {
                id: ids::mint(),
                region: self.region,
                service: id,
                kind: ClusterKind::External,
                instance: None,
                host: Some(stock.host.clone()),
                port: Some(stock.port),
                administration_port: None,
                administrator: self.broker.user.clone(),
                password: self.broker.password,
                database: None,
                settings: Some(offer.settings.clone()),
                subnet: None,
                state: ClusterState::New,
                created_at: self.now,
            })),
        }
        changes
    }

    fn cluster(&self, service: ServiceId) -> Option<&Cluster> {
        let mut clusters = self.clusters.iter();
        clusters.find(|cluster| cluster.service == service)
    }

    /// Where the broker is now, and how we get in, if that has changed.
    fn access(&self, cluster: &Cluster, stock: &Stock) -> Option<Change> {
        let is_as_known = cluster.host.as_deref() == Some(&stock.host)
            && cluster.port == Some(stock.port)
            && cluster.administrator == self.broker.user
            && cluster.password == self.broker.password;
        (!is_as_known).then(|| Change::SetClusterAccess {
            id: cluster.id,
            host: stock.host.clone(),
            port: stock.port,
            administrator: self.broker.user.clone(),
            password: self.broker.password,
            database: None,
            administration_port: None,
            settings: cluster.settings.clone(),
        })
    }

    /// A plan that the broker has no longer: its instances can still be used and removed.
    fn retired(&self, plan: &BrokerPlan, stock: &Stock) -> Vec<Change> {
        let is_used = self.used.contains(&plan.service);
        let mut changes = self.withdrawn(plan.service, !is_used);
        if is_used {
            let cluster = self.cluster(plan.service);
            changes.extend(cluster.and_then(|cluster| self.access(cluster, stock)));
            changes.extend(cluster.and_then(|cluster| self.moved(cluster)));
            changes.push(Change::PutBrokerPlan(BrokerPlan {
                obstacle: Some(RETIRED.to_owned()),
                ..plan.clone()
            }));
        } else {
            changes.push(Change::DeleteBrokerPlan {
                broker: plan.broker,
                plan: plan.plan.clone(),
            });
        }
        changes
    }

    fn moved(&self, cluster: &Cluster) -> Option<Change> {
        let settings = (self.readdressed)(cluster.settings.as_ref()?);
        (cluster.settings.as_ref() != Some(&settings)).then(|| Change::SetClusterSettings {
            id: cluster.id,
            settings: Some(settings),
        })
    }

    fn withdrawn(&self, id: ServiceId, for_good: bool) -> Vec<Change> {
        let service = self.services.iter().find(|service| service.id == id);
        let mut changes: Vec<Change> = service
            .filter(|service| service.offered)
            .map(|service| {
                Change::PutService(Service {
                    offered: false,
                    ..service.clone()
                })
            })
            .into_iter()
            .collect();
        if let Some(cluster) = self.cluster(id).filter(|_| for_good) {
            changes.push(Change::SetClusterState {
                id: cluster.id,
                from: cluster.state,
                to: ClusterState::Removed,
            });
        }
        changes
    }
}
