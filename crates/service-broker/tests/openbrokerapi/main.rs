//! The client against a broker on a framework that others wrote.

mod server;

use secrecy::ExposeSecret;
use serde_json::{Map, json};
use server::{Server, quick};
use windlass_model::names::Prefix;
use windlass_service_broker::broker::{CatalogueError, Fetched};
use windlass_service_broker::spec::{
    BindRequest, Catalogue, Opaque, PreviousValues, ProvisionRequest, UpdateRequest,
};
use windlass_service_broker::{
    Binding, Broker, Failure, Instance, OriginatingIdentity, Orphan, Profile, Removal, Scope,
    Target, variables,
};

fn context() -> Map<String, serde_json::Value> {
    Profile::CloudFoundry.context(&Scope {
        organisation: "o-1".to_owned(),
        organisation_name: "acme".to_owned(),
        environment: "e-1".to_owned(),
        environment_name: "test".to_owned(),
        application: "a-1".to_owned(),
        application_name: "shop".to_owned(),
        installation: "w-1".to_owned(),
        instance_name: "DEFAULT".to_owned(),
    })
}

fn user() -> OriginatingIdentity {
    OriginatingIdentity::new(Profile::CloudFoundry, "u-1", "somebody")
}

fn request(plan: &str, size: u32) -> ProvisionRequest {
    ProvisionRequest {
        service_id: "s-1".to_owned(),
        plan_id: plan.to_owned(),
        organization_guid: "o-1".to_owned(),
        space_guid: "e-1".to_owned(),
        context: context(),
        parameters: Opaque::from(Map::from_iter([("size".to_owned(), json!(size))])),
        maintenance_info: None,
    }
}

fn bind_request(application: Option<&str>) -> BindRequest {
    BindRequest::create("s-1", "p-1", context(), application, Opaque::default())
}

async fn catalogue(broker: &Broker) -> Catalogue {
    match broker.catalogue(None).await.expect("a catalogue") {
        Fetched::Changed { catalogue, .. } => catalogue,
        Fetched::Unchanged => panic!("we had none"),
    }
}

async fn instance(broker: &Broker, id: &str, plan: &str) -> Instance {
    let catalogue = catalogue(broker).await;
    let offering = &catalogue.services[0];
    let plan = offering.plans.iter().find(|known| known.id == plan);
    Instance {
        id: id.to_owned(),
        target: Target::of(offering, plan.expect("the plan")),
    }
}

async fn provision(broker: &Broker, instance: &Instance, size: u32) -> Result<(), Failure> {
    let request = request(&instance.target.plan_id, size);
    let made = broker
        .provision(instance, &request, Some(&user()), Orphan::Leave)
        .await;
    made.map(drop).map_err(|error| error.failure)
}

#[tokio::test]
async fn the_whole_life_of_an_instance() {
    let server = Server::start();
    let broker = server.client();
    let mut instance = instance(&broker, "i-1", "p-1").await;
    assert!(instance.target.bindings_retrievable && instance.target.maximum_polling.is_some());

    provision(&broker, &instance, 1).await.expect("made");
    provision(&broker, &instance, 1).await.expect("there");
    let other = provision(&broker, &instance, 2).await;
    assert!(matches!(other, Err(Failure::Conflict(_))), "{other:?}");

    let binding = |id: &str| Binding {
        instance: instance.clone(),
        id: id.to_owned(),
    };
    let (first, second) = (binding("b-1"), binding("b-2"));
    for _ in 0..2 {
        let request = bind_request(Some("a-1"));
        let made = broker.bind(&first, &request, None, Orphan::Remove).await;
        let credentials = made.expect("made").credentials;
        let tags = catalogue(&broker).await.services[0].tags.clone();
        let found: Vec<(String, String)> =
            variables(&Prefix::default_prefix(), &tags, &credentials)
                .into_iter()
                .map(|variable| {
                    (
                        variable.name.to_string(),
                        variable.value.expose_secret().to_owned(),
                    )
                })
                .collect();
        let uri = "postgres://user:p%40s%2F@db.example:5432/data";
        for (name, value) in [
            ("DEFAULT_DATABASE_DSN", uri),
            ("DATABASE_URL", uri),
            ("DEFAULT_DATABASE_PASSWORD", "p@s/"),
            ("DEFAULT_DATABASE_PORT", "5432"),
            ("DEFAULT_DATABASE_TLS", "{\"ca\":\"PEM\"}"),
            ("DEFAULT_DATABASE_BINDING", "b-1"),
        ] {
            assert!(
                found.contains(&(name.to_owned(), value.to_owned())),
                "{found:?}"
            );
        }
    }
    let made = broker
        .bind(&second, &bind_request(Some("a-1")), None, Orphan::Remove)
        .await;
    let credentials = made.expect("made").credentials;
    assert_eq!(credentials.expose()["binding"], json!("b-2"));
    let nobody = broker
        .bind(&binding("b-3"), &bind_request(None), None, Orphan::Remove)
        .await;
    let failure = nobody.expect_err("for an application only").failure;
    assert!(matches!(failure, Failure::NeedsApplication(_)), "{failure}");

    let larger = UpdateRequest {
        service_id: "s-1".to_owned(),
        plan_id: Some("p-2".to_owned()),
        context: None,
        parameters: None,
        previous_values: PreviousValues {
            plan_id: Some("p-1".to_owned()),
            maintenance_info: None,
        },
        maintenance_info: None,
    };
    broker
        .update(&instance, &larger, None)
        .await
        .expect("changed");
    instance.target.plan_id = "p-2".to_owned();
    let seen = broker.fetch_instance(&instance, None).await.expect("there");
    assert_eq!(seen.plan_id.as_deref(), Some("p-2"));

    for binding in [&first, &second] {
        broker.unbind(binding, Some(&user())).await.expect("gone");
        broker.unbind(binding, None).await.expect("gone already");
        let error = broker.fetch_binding(binding, None).await.expect_err("gone");
        assert!(matches!(error.failure, Failure::Missing(_)), "{error}");
    }
    broker
        .deprovision(&instance, Some(&user()))
        .await
        .expect("gone");
    broker
        .deprovision(&instance, None)
        .await
        .expect("gone already");
    let error = broker
        .fetch_instance(&instance, None)
        .await
        .expect_err("gone");
    assert!(matches!(error.failure, Failure::Missing(_)), "{error}");
}

#[tokio::test]
async fn calls_are_taken_up_again_after_a_crash() {
    let server = Server::start();
    let (broker, crashing) = (server.client(), server.client_that_goes_away());
    let instance = instance(&broker, "i 1é?&", "p-1").await;
    for _ in 0..2 {
        let cut_off = provision(&crashing, &instance, 1).await;
        assert!(matches!(cut_off, Err(Failure::Stuck { .. })), "{cut_off:?}");
    }
    provision(&broker, &instance, 1).await.expect("made");

    let binding = Binding {
        instance: instance.clone(),
        id: "b-1".to_owned(),
    };
    let request = bind_request(Some("a-1"));
    let cut_off = crashing.bind(&binding, &request, None, Orphan::Leave).await;
    assert_eq!(cut_off.expect_err("cut off").removal, Removal::Left);
    broker
        .bind(&binding, &request, None, Orphan::Remove)
        .await
        .expect("made");

    crashing.unbind(&binding, None).await.expect_err("cut off");
    broker.unbind(&binding, None).await.expect("gone");
    crashing
        .deprovision(&instance, None)
        .await
        .expect_err("cut off");
    broker.deprovision(&instance, None).await.expect("gone");
}

#[tokio::test]
async fn what_fails_while_in_progress_is_removed() {
    let server = Server::start();
    let broker = server.client();
    let instance = instance(&broker, "i-1", "p-broken").await;
    let made = broker
        .provision(
            &instance,
            &request("p-broken", 1),
            Some(&user()),
            Orphan::Remove,
        )
        .await;
    let error = made.expect_err("never works");
    assert!(
        error.to_string().contains("this plan never works"),
        "{error}"
    );
    assert_eq!(error.removal, Removal::Done);
    let error = broker
        .fetch_instance(&instance, None)
        .await
        .expect_err("gone");
    assert!(matches!(error.failure, Failure::Missing(_)), "{error}");
}

#[tokio::test]
async fn refusals_and_other_passwords() {
    let server = Server::start();
    let broker = server.client();
    let instance = instance(&broker, "i-1", "p-1").await;
    let nobody = broker
        .provision(
            &instance,
            &request("p-unknown", 1),
            Some(&user()),
            Orphan::Remove,
        )
        .await;
    let error = nobody.expect_err("no such plan");
    assert!(
        matches!(error.failure, Failure::Refused { status: 400, .. }),
        "{error}"
    );
    assert!(error.to_string().contains("plan_id not found"), "{error}");

    let stranger = server.client_with("hunter2", quick());
    let refused = stranger
        .catalogue(None)
        .await
        .expect_err("another password");
    let CatalogueError::Failed(error) = refused else {
        panic!("{refused}");
    };
    assert!(matches!(error.failure, Failure::Unauthorized(_)), "{error}");
    assert!(!error.to_string().contains("hunter2"));
    let error = stranger
        .deprovision(&instance, None)
        .await
        .expect_err("refused");
    assert!(matches!(error.failure, Failure::Unauthorized(_)), "{error}");
}
