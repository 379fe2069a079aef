//! One broker, one instance, one binding, and requests for them.

use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use serde_json::{Map, Value, json};
use windlass_service_broker::spec::{BindRequest, Opaque, ProvisionRequest};
use windlass_service_broker::{
    Authentication, Binding, Broker, Instance, OriginatingIdentity, Pace, Profile, Registration,
    Settings, Target,
};

use crate::script::{Act, Script};

pub(crate) const PASSWORD: &str = "hunter2-is-the-password";

/// Waits as in production, but without chance: the clock is stopped, and jumps.
pub(crate) fn settings() -> Settings {
    let pace = Pace {
        jitter: 0.0,
        ..Pace::default()
    };
    Settings {
        pace,
        ..Settings::default()
    }
}

pub(crate) fn registration(url: &str) -> Registration {
    Registration {
        url: url.parse().expect("a URL"),
        authentication: Authentication::Basic {
            user: "windlass".to_owned(),
            password: SecretString::from(PASSWORD),
        },
        ca_pem: None,
    }
}

/// A client of a broker that acts so.
pub(crate) fn broker(acts: impl IntoIterator<Item = Act>) -> (Broker, Arc<Script>) {
    broker_with(settings(), acts)
}

pub(crate) fn broker_with(
    settings: Settings,
    acts: impl IntoIterator<Item = Act>,
) -> (Broker, Arc<Script>) {
    let script = Script::of(acts);
    let registration = registration("http://broker.example/osb");
    let broker = Broker::with_dialer(&registration, settings, Arc::clone(&script) as _);
    (broker.expect("a good registration"), script)
}

pub(crate) fn instance() -> Instance {
    Instance {
        id: "i-1".to_owned(),
        target: Target {
            service_id: "s-1".to_owned(),
            plan_id: "p-1".to_owned(),
            maximum_polling: None,
            instances_retrievable: true,
            bindings_retrievable: true,
        },
    }
}

pub(crate) fn binding() -> Binding {
    Binding {
        instance: instance(),
        id: "b-1".to_owned(),
    }
}

pub(crate) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        other => panic!("no object: {other}"),
    }
}

pub(crate) fn provision_request() -> ProvisionRequest {
    ProvisionRequest {
        service_id: "s-1".to_owned(),
        plan_id: "p-1".to_owned(),
        organization_guid: "o-1".to_owned(),
        space_guid: "e-1".to_owned(),
        context: object(json!({"platform": "cloudfoundry"})),
        parameters: Opaque::from(object(json!({"size": 1}))),
        maintenance_info: None,
    }
}

pub(crate) fn bind_request() -> BindRequest {
    let context = object(json!({"platform": "cloudfoundry"}));
    BindRequest::create("s-1", "p-1", context, Some("a-1"), Opaque::default())
}

pub(crate) fn user() -> OriginatingIdentity {
    OriginatingIdentity::new(Profile::CloudFoundry, "u-1", "somebody")
}

pub(crate) fn catalogue() -> Value {
    json!({"services": [{
        "id": "s-1", "name": "postgres", "description": "d", "bindable": true,
        "plans": [{"id": "p-1", "name": "small", "description": "d"}],
    }]})
}

pub(crate) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
