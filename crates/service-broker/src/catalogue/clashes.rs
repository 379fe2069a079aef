//! What one broker offers under an id that another has already.

use std::collections::HashMap;

use super::problem::Problem;
use crate::spec::Catalogue;
use crate::words::quoted;

/// Ids of offerings and plans that another broker has too: they must be unique over all brokers. The others
/// come with their names for people.
pub fn clashes<'a>(
    catalogue: &Catalogue,
    others: impl IntoIterator<Item = (&'a str, &'a Catalogue)>,
) -> Vec<Problem> {
    let (mut offerings, mut plans) = (HashMap::new(), HashMap::new());
    for (broker, other) in others {
        for offering in &other.services {
            offerings.insert(offering.id.as_str(), broker);
            plans.extend(offering.plans.iter().map(|plan| (plan.id.as_str(), broker)));
        }
    }
    let mut problems = Vec::new();
    let mut check = |at: String, id: &str, taken: &HashMap<&str, &str>| {
        if let Some(broker) = taken.get(id) {
            let what = format!("is {}, which broker '{broker}' has already", quoted(id));
            problems.push(Problem::new(at, what));
        }
    };
    for (number, offering) in catalogue.services.iter().enumerate() {
        check(format!("services[{number}].id"), &offering.id, &offerings);
        for (position, plan) in offering.plans.iter().enumerate() {
            let at = format!("services[{number}].plans[{position}].id");
            check(at, &plan.id, &plans);
        }
    }
    problems
}
