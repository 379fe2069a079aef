//! What is refused, with what words, and that nothing is changed by it.

use serde_json::{Value, json};

use crate::support::World;
use windlass_engine::simulated::{Fault, Method};

#[tokio::test]
async fn unknown_and_malformed_ids() {
    let world = World::new().await;
    let unknown = "0192f0c1-2345-7000-8000-000000000001";
    for (path, what) in [
        ("/apps/v3/applications/", "application"),
        ("/apps/v3/environments/", "environment"),
        ("/apps/v3/service-instances/", "service instance"),
        ("/apps/v3/deployments/", "deployment"),
        ("/apps/v3/operations/", "operation"),
        ("/apps/v3/regions/", "region"),
        ("/apps/v3/services/", "service"),
        ("/apps/v3/repositories/", "repository"),
        ("/iam/v3/organisations/", "organisation"),
    ] {
        for id in [unknown, "17", "..%2f..", "%ff", "x'--"] {
            let text = world
                .client
                .get(&format!("{path}{id}/"))
                .await
                .refusal(404, "not_found");
            assert!(
                text.starts_with(what) && text.ends_with("does not exist"),
                "{path}{id}: {text}"
            );
        }
    }
    let text = world
        .client
        .get("/apps/v3/environments/?application=17")
        .await
        .refusal(404, "not_found");
    assert_eq!(text, "application '17' does not exist");
    assert_eq!(
        world
            .client
            .get("/apps/v3/environments/")
            .await
            .field("application"),
        "This parameter is required."
    );
    assert_eq!(
        world
            .client
            .get("/apps/v3/service-instances/")
            .await
            .field("environment"),
        "This parameter is required."
    );
    world
        .client
        .get("/apps/v3/deployments/")
        .await
        .field("environment");
}

#[tokio::test]
async fn incomplete_applications_are_validations_and_create_nothing() {
    let world = World::new().await;
    world.demo("shop").await;
    let check = async |body: Value| world.client.post("/apps/v3/applications/", &body).await;
    let required = "This field is required.";

    let answer = check(json!({ "name": "Foo" })).await;
    assert_eq!(answer.field("slug"), required);
    assert_eq!(answer.body.get("name"), None);
    let answer = check(json!({ "name": " " })).await;
    assert!(answer.field("name").contains("1 to 100"));
    let answer = check(json!({ "slug": "foo" })).await;
    assert_eq!(answer.field("name"), required);
    assert_eq!(answer.body.get("slug"), None);
    for (slug, word) in [
        ("Foo", "not allowed"),
        ("a", "2 to 40"),
        ("control-room", "control"),
        ("-x", "not allowed"),
        ("shop", "taken"),
    ] {
        let answer = check(json!({ "slug": slug })).await;
        assert!(
            answer.field("slug").contains(word),
            "{slug}: {}",
            answer.text
        );
    }
    let answer = check(json!({ "app_template": "https://example.com/t" })).await;
    assert_eq!(
        (answer.field("slug"), answer.field("name")),
        (required.to_owned(), required.to_owned())
    );
    assert_eq!(answer.body.get("app_template"), None);
    assert_eq!(
        world.client.get("/apps/v3/applications/").await.body["count"],
        1
    );

    let taken = check(json!({ "slug": "shop", "name": "Another" })).await;
    assert!(taken.field("slug").contains("shop"), "{}", taken.text);
    let stranger = world.stranger().await;
    let taken = stranger
        .post(
            "/apps/v3/applications/",
            &json!({ "slug": "shop", "name": "Theirs" }),
        )
        .await;
    assert!(
        taken.field("slug").contains("shop"),
        "names are the installation's: {}",
        taken.text
    );
    for (body, field) in [
        (
            json!({ "slug": "foo", "name": "Foo", "branch": "a..b" }),
            "branch",
        ),
        (
            json!({ "slug": "foo", "name": "Foo", "region": "0192f0c1-2345-7000-8000-000000000001" }),
            "region",
        ),
        (
            json!({ "slug": "foo", "name": "Foo", "region": "x" }),
            "region",
        ),
        (
            json!({ "slug": "foo", "name": "Foo", "organisation": "0192f0c1-2345-7000-8000-000000000001" }),
            "organisation",
        ),
        (
            json!({ "slug": "foo", "name": "Foo", "release_commands": [{ "label": "", "command": "x" }] }),
            "release_commands",
        ),
        (
            json!({ "slug": "foo", "name": "Foo", "release_commands": [{ "label": "x" }] }),
            "release_commands[0].command",
        ),
        (
            json!({ "slug": "foo", "name": "Foo", "release_commands": "x" }),
            "release_commands",
        ),
    ] {
        check(body).await.field(field);
    }
    assert_eq!(
        world.client.get("/apps/v3/applications/").await.body["count"],
        1
    );
}

#[tokio::test]
async fn malformed_and_taken_names() {
    let world = World::new().await;
    let demo = world.demo("shop").await;
    world.add(&demo.test, "MAIN").await;
    let instance = |prefix: &str, service: &str| json!({ "environment": demo.test, "service": service, "prefix": prefix });
    let add = async |body: Value| {
        world
            .client
            .post("/apps/v3/service-instances/", &body)
            .await
    };
    for prefix in ["", "1A", "A-B", "Ä", &"A".repeat(33)] {
        assert!(
            add(instance(prefix, "postgres-15-shared"))
                .await
                .field("prefix")
                .contains("not allowed"),
            "{prefix}"
        );
    }
    let twice = add(instance("main", "postgres-15-private")).await;
    assert!(twice.field("prefix").contains("MAIN"), "{}", twice.text);
    for (service, alternative) in [
        ("oracle", "it offers postgres"),
        ("postgres-9-shared", "postgres-15-shared"),
    ] {
        let unknown = add(instance("B", service)).await;
        assert!(
            unknown.field("service").contains(alternative),
            "it says what there is: {}",
            unknown.text
        );
    }
    let elsewhere =
        json!({ "environment": demo.test, "service": "postgres-15-shared", "region": "mars" });
    assert!(add(elsewhere).await.field("region").contains("'local'"));
    let scheme =
        json!({ "environment": demo.test, "service": "postgres-15-shared", "url_scheme": "mysql" });
    assert!(add(scheme).await.field("url_scheme").contains("'mysql'"));
    let profile = json!({ "environment": demo.test, "service": "postgres-15-shared", "prefix": "B", "inject_profile": "aws" });
    let refused = add(profile).await;
    let said = refused.field("inject_profile");
    assert!(said.contains("'aws'") && said.contains("libpq"), "{said}");
    assert_eq!(
        add(json!({ "service": "x" })).await.field("environment"),
        "This field is required."
    );
    assert!(
        add(json!({ "environment": "17", "service": "x" }))
            .await
            .field("environment")
            .contains("UUID")
    );

    let environment = |slug: &str| json!({ "application": demo.application, "slug": slug });
    for (slug, word) in [
        ("local", "not 'local'"),
        ("X", "not allowed"),
        ("test", "test"),
    ] {
        let answer = world
            .client
            .post("/apps/v3/environments/", &environment(slug))
            .await;
        assert!(answer.field("slug").contains(word), "{}", answer.text);
    }
    let path = format!("/apps/v3/environments/{}/", demo.test);
    assert!(
        world
            .client
            .patch(&path, &json!({ "branch": "-x" }))
            .await
            .field("branch")
            .contains("not allowed")
    );
    assert_eq!(
        world
            .client
            .get(&format!(
                "/apps/v3/service-instances/?environment={}",
                demo.test
            ))
            .await
            .body["count"],
        1
    );
}

#[tokio::test]
async fn a_second_deployment_names_the_first() {
    let world = World::new().await;
    let demo = world.demo("shop").await;
    world.engine.plan(Method::Ensure, Fault::HangBefore);
    let first = world.begin(&demo.test).await;
    world.engine.wait_until_hanging(Method::Ensure).await;
    let body = json!({ "environment": demo.test, "image": "shop:1" });
    let second = world.client.post("/apps/v3/deployments/", &body).await;
    let text = second.refusal(400, "deploying");
    assert!(text.contains(first["uuid"].as_str().unwrap()), "{text}");
    assert_eq!(second.body["operation"], first["operation"]);
    // The same from the store, which a request with a key meets.
    let keyed = world
        .client
        .json(
            http::Method::POST,
            "/apps/v3/deployments/",
            &[("idempotency-key", "k")],
            &body,
        )
        .await;
    assert_eq!(keyed.refusal(400, "deploying"), text);
    assert_eq!(keyed.body["operation"], first["operation"]);
    let removal = world
        .client
        .delete(&format!(
            "/apps/v3/applications/{}/?confirm=shop",
            demo.application
        ))
        .await;
    assert_eq!(
        removal.refusal(400, "deploying"),
        text.replace("shop/test", "shop")
    );

    let cancelled = world
        .client
        .post(
            &format!(
                "/apps/v3/deployments/{}/cancel/",
                first["uuid"].as_str().unwrap()
            ),
            &json!({}),
        )
        .await;
    cancelled.expect(200);
    world.engine.poke();
    let ended = world.ended(&first).await;
    assert_eq!(
        (&ended["status"], &ended["success"]),
        (&json!("CANCELLED"), &json!(false))
    );
}

#[tokio::test]
async fn an_attached_instance_is_not_removed() {
    let world = World::new().await;
    let demo = world.demo("shop").await;
    let instance = world.add(&demo.test, "DEFAULT").await;
    world.deploy(&demo.test).await;
    let path = format!(
        "/apps/v3/service-instances/{}/",
        instance["uuid"].as_str().unwrap()
    );
    let refused = world
        .client
        .delete(&format!("{path}?confirm=DEFAULT"))
        .await;
    assert!(
        refused.refusal(400, "detach_first").contains("DEFAULT"),
        "{}",
        refused.text
    );
    world
        .client
        .post(&format!("{path}detach/"), &json!({}))
        .await
        .expect(200);
    world
        .client
        .delete(&format!("{path}?confirm=DEFAULT"))
        .await
        .refusal(400, "deploy_first");
    for (verb, code) in [
        ("provision", "already_provisioned"),
        ("attach", "cancel_detach_instead"),
        ("detach", "already_pending_detachment"),
    ] {
        world
            .client
            .post(&format!("{path}{verb}/"), &json!({}))
            .await
            .refusal(400, code);
    }
    world.deploy(&demo.test).await;
    for confirm in ["", "?confirm=", "?confirm=default", "?confirm=OTHER"] {
        assert!(
            world
                .client
                .delete(&format!("{path}{confirm}"))
                .await
                .field("confirm")
                .contains("'DEFAULT'")
        );
    }
    assert_eq!(
        world.client.get(&path).await.body["service_status"],
        "DETACHED"
    );
}

#[tokio::test]
async fn deployments_that_cannot_begin() {
    let world = World::new().await;
    let demo = world.demo("shop").await;
    let deploy = async |body: Value| world.client.post("/apps/v3/deployments/", &body).await;
    let empty = deploy(json!({ "environment": demo.test, "build_mode": "AUTO" })).await;
    assert!(
        empty.refusal(400, "empty_repository").contains("push"),
        "{}",
        empty.text
    );
    assert!(
        deploy(json!({ "environment": demo.test, "image": "no image!" }))
            .await
            .field("image")
            .contains("not the name")
    );
    let both = json!({ "environment": demo.test, "image": "shop:1", "source": { "url": "https://example.com/x" } });
    assert!(deploy(both).await.field("image").contains("either"));
    assert!(
        deploy(json!({ "environment": demo.test, "build_mode": "OTHER" }))
            .await
            .field("build_mode")
            .contains("AUTO")
    );
    let adopt = deploy(json!({ "environment": demo.test, "build_mode": "ADOPT" })).await;
    adopt.refusal(400, "empty_repository");
    let path = json!({ "environment": demo.test, "source": { "url": "/etc" } });
    deploy(path).await.field("source");
    let none = world
        .client
        .get(&format!("/apps/v3/environments/{}/logs/", demo.test))
        .await;
    none.refusal(400, "not_deployed");
    assert_eq!(
        world
            .client
            .get(&format!("/apps/v3/deployments/?environment={}", demo.test))
            .await
            .body["count"],
        0
    );

    let failed = deploy(json!({ "environment": demo.test, "image": "missing:1" })).await;
    let failed = world.ended(&failed.expect(201).body).await;
    assert_eq!(
        (
            &failed["status"],
            &failed["success"],
            &failed["release_number"]
        ),
        (&json!("FAILED"), &json!(false), &json!(null))
    );
    assert!(
        failed["error"].as_str().unwrap().contains("missing:1"),
        "{failed:#}"
    );
    assert!(failed["failed_step"].is_string() && failed["ended_at"].is_string());
    let environment = world
        .client
        .get(&format!("/apps/v3/environments/{}/", demo.test))
        .await;
    assert_eq!(
        environment.body["last_finished_deployment"]["uuid"],
        failed["uuid"]
    );
    assert_eq!(environment.body["site_url"], Value::Null);
}
