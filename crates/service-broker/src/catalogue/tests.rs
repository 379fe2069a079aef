//! Every rule of a catalogue, broken.

use serde_json::{Value, json};

use super::{clashes, parse};

fn plan(id: &str, name: &str) -> Value {
    json!({"id": id, "name": name, "description": "d"})
}

fn good() -> Value {
    json!({"services": [
        {"id": "s1", "name": "postgres", "description": "d", "bindable": true,
         "plans": [plan("p1", "small"), plan("p2", "large")]},
        {"id": "s2", "name": "redis", "description": "d", "bindable": false, "tags": null,
         "plans": [plan("p3", "small")], "unknown": {"x": 1}},
    ]})
}

/// What is wrong after the value at that place was replaced; `null` takes it away.
fn broken(pointer: &str, value: Value) -> Vec<String> {
    let mut catalogue = good();
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
    let parent = catalogue.pointer_mut(parent).expect("the parent");
    match parent {
        Value::Object(object) => {
            object.insert(name.to_owned(), value);
        }
        Value::Array(array) => array[name.parse::<usize>().expect("a number")] = value,
        _ => panic!("no parent"),
    }
    let problems = parse(catalogue.to_string().as_bytes()).expect_err("broken");
    problems.iter().map(ToString::to_string).collect()
}

#[test]
fn a_good_catalogue_is_read_with_its_defaults() {
    let catalogue = parse(good().to_string().as_bytes()).expect("good");
    let (offering, plan) = (&catalogue.services[0], &catalogue.services[0].plans[0]);
    assert!(plan.is_free() && offering.is_bindable(plan) && !offering.is_plan_updateable(plan));
    assert!(!offering.instances_retrievable && catalogue.services[1].tags.is_empty());
}

#[test]
fn a_full_catalogue_is_read() {
    let body = json!({"services": [{
        "id": "s", "name": "n", "description": "d", "bindable": true, "tags": ["postgresql"],
        "requires": ["syslog_drain"], "instances_retrievable": true, "bindings_retrievable": true,
        "allow_context_updates": true, "plan_updateable": true, "metadata": {"displayName": "N"},
        "dashboard_client": {"id": "x", "secret": "y", "redirect_uri": "https://z"},
        "plans": [{
            "id": "p", "name": "n", "description": "d", "free": false, "bindable": false,
            "plan_updateable": false, "binding_rotatable": true, "maximum_polling_duration": 600,
            "maintenance_info": {"version": "1.2.3+abc", "description": "x"},
            "schemas": {"service_instance": {"create": {"parameters": {
                "$schema": "http://json-schema.org/draft-04/schema#", "$ref": "#/definitions/x"}}}},
            "metadata": {"bullets": ["a"]},
        }],
    }]});
    let catalogue = parse(body.to_string().as_bytes()).expect("good");
    let (offering, plan) = (&catalogue.services[0], &catalogue.services[0].plans[0]);
    assert!(!plan.is_free() && !offering.is_bindable(plan) && !offering.is_plan_updateable(plan));
    assert_eq!(offering.unsupported().len(), 1);
    assert_eq!(plan.maximum_polling_duration, Some(600));
    assert!(plan.schemas.service_instance.create.parameters.is_some());
}

#[test]
fn each_rule_is_checked() {
    let big: String = "x".repeat(65 * 1024);
    let schema =
        |parameters: Value| json!({"service_instance": {"create": {"parameters": parameters}}});
    let cases = [
        ("/services", Value::Null, "services is missing"),
        ("/services", json!({}), "services must be an array"),
        (
            "/services",
            json!([]),
            "services must have at least one offering",
        ),
        ("/services/1", json!("x"), "services[1] must be an object"),
        ("/services/0/id", Value::Null, "services[0].id is missing"),
        (
            "/services/0/id",
            json!(" "),
            "services[0].id must not be empty",
        ),
        (
            "/services/0/id",
            json!(7),
            "services[0].id must be a string",
        ),
        (
            "/services/0/name",
            json!("a\nb"),
            "services[0].name has a control character",
        ),
        (
            "/services/0/name",
            json!("n".repeat(256)),
            "services[0].name has more than 255 characters",
        ),
        (
            "/services/0/description",
            json!(""),
            "services[0].description must not be empty",
        ),
        (
            "/services/1/id",
            json!("s1"),
            "services[1].id is 's1', as services[0].id is already",
        ),
        (
            "/services/1/name",
            json!("postgres"),
            "services[1].name is 'postgres', as services[0].name is already",
        ),
        (
            "/services/0/bindable",
            Value::Null,
            "services[0].bindable is missing",
        ),
        (
            "/services/0/bindable",
            json!("true"),
            "services[0].bindable must be a boolean, true or false",
        ),
        (
            "/services/0/plan_updateable",
            json!(1),
            "services[0].plan_updateable must be a boolean, true or false",
        ),
        (
            "/services/0/tags",
            json!("sql"),
            "services[0].tags must be an array",
        ),
        (
            "/services/0/tags",
            json!([1]),
            "services[0].tags[0] must be a string",
        ),
        (
            "/services/0/requires",
            json!(["root"]),
            "services[0].requires[0] must be one of syslog_drain, route_forwarding, volume_mount",
        ),
        (
            "/services/0/metadata",
            json!([]),
            "services[0].metadata must be an object",
        ),
        (
            "/services/0/plans",
            json!([]),
            "services[0].plans must have at least one plan",
        ),
        (
            "/services/0/plans",
            Value::Null,
            "services[0].plans must have at least one plan",
        ),
        (
            "/services/0/plans",
            json!({}),
            "services[0].plans must be an array",
        ),
        (
            "/services/0/plans/1",
            json!(1),
            "services[0].plans[1] must be an object",
        ),
        (
            "/services/0/plans/1/id",
            json!("p3"),
            "services[1].plans[0].id is 'p3', as services[0].plans[1].id is already",
        ),
        (
            "/services/0/plans/1/name",
            json!("small"),
            "services[0].plans[1].name is 'small', as services[0].plans[0].name is already",
        ),
        (
            "/services/0/plans/0/free",
            json!("no"),
            "services[0].plans[0].free must be a boolean, true or false",
        ),
        (
            "/services/0/plans/0/maximum_polling_duration",
            json!(0),
            "services[0].plans[0].maximum_polling_duration must be a number of seconds above 0",
        ),
        (
            "/services/0/plans/0/maximum_polling_duration",
            json!("1"),
            "services[0].plans[0].maximum_polling_duration must be a number of seconds above 0",
        ),
        (
            "/services/0/plans/0/maintenance_info",
            json!({}),
            "services[0].plans[0].maintenance_info.version is missing",
        ),
        (
            "/services/0/plans/0/maintenance_info",
            json!({"version": "1"}),
            "services[0].plans[0].maintenance_info.version must be a semantic version, such as 1.2.3+build",
        ),
        (
            "/services/0/plans/0/schemas",
            json!(1),
            "services[0].plans[0].schemas must be an object",
        ),
        (
            "/services/0/plans/0/schemas",
            schema(json!({})),
            "services[0].plans[0].schemas.service_instance.create.parameters.$schema is missing: which JSON Schema it is must be said",
        ),
        (
            "/services/0/plans/0/schemas",
            schema(json!({"$schema": "x", "y": [{"$ref": "http://elsewhere"}]})),
            "services[0].plans[0].schemas.service_instance.create.parameters refers to a schema elsewhere ($ref), which is never fetched",
        ),
        (
            "/services/0/plans/0/schemas",
            schema(json!({"$schema": "x", "description": big})),
            "services[0].plans[0].schemas.service_instance.create.parameters is larger than 64 kB",
        ),
    ];
    for (pointer, value, expected) in cases {
        assert_eq!(broken(pointer, value), [expected], "{pointer}");
    }
}

#[test]
fn all_problems_are_listed_at_once() {
    let body = json!({"services": [
        {"id": "", "name": 1, "bindable": "x", "plans": [{"free": 1}, plan("p", "n"), plan("p", "n")]},
        {},
    ]});
    let problems = parse(body.to_string().as_bytes()).expect_err("broken");
    assert_eq!(problems.len(), 4 + 4 + 2 + 5, "{problems:#?}");
}

#[test]
fn what_is_no_json_is_one_problem_without_its_content() {
    for body in [
        "",
        "<html>secret</html>",
        "{\"services\": secret}",
        "[",
        "null",
        "[]",
    ] {
        let problems = parse(body.as_bytes()).expect_err("broken");
        assert_eq!(problems.len(), 1, "{body}");
        assert!(!problems[0].to_string().contains("secret"));
    }
}

#[test]
fn ids_are_unique_over_all_brokers() {
    let mine = parse(good().to_string().as_bytes()).expect("good");
    let mut other = mine.clone();
    other.services.truncate(1);
    other.services[0].plans.truncate(1);
    let problems = clashes(&mine, [("other", &other)]);
    let texts: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        texts,
        [
            "services[0].id is 's1', which broker 'other' has already",
            "services[0].plans[0].id is 'p1', which broker 'other' has already"
        ]
    );
    assert!(clashes(&mine, []).is_empty());
}
