//! The rules for a catalogue.

use std::collections::HashMap;

use serde_json::Value;

use super::fields::{DESCRIPTION, Fields, NAME};
use super::problem::Problem;
use super::{schema, version};
use crate::words::quoted;

const REQUIREMENTS: [&str; 3] = ["syslog_drain", "route_forwarding", "volume_mount"];

/// Everything that is wrong with it.
pub(super) fn catalogue(value: &Value) -> Vec<Problem> {
    let mut problems = Vec::new();
    let Some(root) = Fields::of("the catalogue".to_owned(), value, &mut problems) else {
        return problems;
    };
    if root.find("services").is_none() {
        problems.push(Problem::new("services", "is missing"));
        return problems;
    }
    let Some(Value::Array(services)) = root.find("services") else {
        problems.push(Problem::new("services", "must be an array"));
        return problems;
    };
    if services.is_empty() {
        problems.push(Problem::new("services", "must have at least one offering"));
    }
    let mut seen = Seen::default();
    for (number, offering) in services.iter().enumerate() {
        let at = format!("services[{number}]");
        if let Some(fields) = Fields::of(at, offering, &mut problems) {
            check_offering(&fields, &mut seen, &mut problems);
        }
    }
    problems
}

/// Where ids and names were met first.
#[derive(Default)]
struct Seen<'a> {
    offerings: Unique<'a>,
    offering_names: Unique<'a>,
    plans: Unique<'a>,
}

#[derive(Default)]
struct Unique<'a>(HashMap<&'a str, String>);

impl<'a> Unique<'a> {
    fn add(&mut self, text: Option<&'a str>, place: String, problems: &mut Vec<Problem>) {
        let Some(text) = text else { return };
        if let Some(first) = self.0.get(text) {
            let what = format!("is {}, as {first} is already", quoted(text));
            problems.push(Problem::new(place, what));
        } else {
            self.0.insert(text, place);
        }
    }
}

fn check_offering<'a>(fields: &Fields<'a>, seen: &mut Seen<'a>, problems: &mut Vec<Problem>) {
    let id = fields.text("id", NAME, problems);
    seen.offerings.add(id, fields.place("id"), problems);
    let name = fields.text("name", NAME, problems);
    seen.offering_names
        .add(name, fields.place("name"), problems);
    fields.text("description", DESCRIPTION, problems);
    fields.boolean("bindable", problems);
    for flag in [
        "instances_retrievable",
        "bindings_retrievable",
        "allow_context_updates",
        "plan_updateable",
    ] {
        fields.boolean_if_any(flag, problems);
    }
    for (place, tag) in fields.array_if_any("tags", problems) {
        if !tag.is_string() {
            problems.push(Problem::new(place, "must be a string"));
        }
    }
    for (place, required) in fields.array_if_any("requires", problems) {
        let known = required
            .as_str()
            .is_some_and(|text| REQUIREMENTS.contains(&text));
        if !known {
            let what = format!("must be one of {}", REQUIREMENTS.join(", "));
            problems.push(Problem::new(place, what));
        }
    }
    fields.object_if_any("metadata", problems);
    let plans = fields.array_if_any("plans", problems);
    if plans.is_empty() && fields.find("plans").is_none_or(Value::is_array) {
        let what = "must have at least one plan";
        problems.push(Problem::new(fields.place("plans"), what));
    }
    let mut names = Unique::default();
    for (place, plan) in plans {
        if let Some(plan) = Fields::of(place, plan, problems) {
            let id = plan.text("id", NAME, problems);
            seen.plans.add(id, plan.place("id"), problems);
            let name = plan.text("name", NAME, problems);
            names.add(name, plan.place("name"), problems);
            check_plan(&plan, problems);
        }
    }
}

fn check_plan(fields: &Fields<'_>, problems: &mut Vec<Problem>) {
    fields.text("description", DESCRIPTION, problems);
    for flag in ["free", "bindable", "plan_updateable", "binding_rotatable"] {
        fields.boolean_if_any(flag, problems);
    }
    fields.object_if_any("metadata", problems);
    let duration = fields.find("maximum_polling_duration");
    if duration.is_some_and(|seconds| seconds.as_u64().is_none_or(|seconds| seconds == 0)) {
        let place = fields.place("maximum_polling_duration");
        problems.push(Problem::new(place, "must be a number of seconds above 0"));
    }
    if let Some(info) = fields.object_if_any("maintenance_info", problems) {
        let version = info.text("version", NAME, problems);
        if version.is_some_and(|version| !version::is_semantic(version)) {
            let what = "must be a semantic version, such as 1.2.3+build";
            problems.push(Problem::new(info.place("version"), what));
        }
        if info
            .find("description")
            .is_some_and(|text| !text.is_string())
        {
            problems.push(Problem::new(info.place("description"), "must be a string"));
        }
    }
    if let Some(schemas) = fields.object_if_any("schemas", problems) {
        for (object, actions) in [
            ("service_instance", &["create", "update"][..]),
            ("service_binding", &["create"][..]),
        ] {
            let Some(of) = schemas.object_if_any(object, problems) else {
                continue;
            };
            for action in actions {
                if let Some(fields) = of.object_if_any(action, problems) {
                    schema::check(&fields, problems);
                }
            }
        }
    }
}
