//! The life cycle through the API, and the shape of every object on the way.

use serde_json::json;

use crate::support::shapes::{APPLICATION, DEPLOYMENT, ENVIRONMENT, INSTANCE, OPERATION, VARIABLE};
use crate::support::{World, assert_keys};

#[tokio::test]
async fn the_catalogue() {
    let world = World::new().await;
    let regions = world.client.get("/apps/v3/regions/").await;
    let region = &regions.results()[0];
    assert_keys(region, "uuid name slug engine domain");
    assert_eq!(
        (&region["slug"], &region["engine"]),
        (&json!("local"), &json!("simulated"))
    );
    let id = region["uuid"].as_str().unwrap();
    assert_eq!(
        &world
            .client
            .get(&format!("/apps/v3/regions/{id}/"))
            .await
            .expect(200)
            .body,
        region
    );
    assert_eq!(
        world
            .client
            .get(&format!("/apps/v3/regions/?uuid={id}&uuid=x"))
            .await
            .body["count"],
        1
    );
    assert_eq!(
        world.client.get("/apps/v3/regions/?uuid=x").await.body["count"],
        0
    );
    // divio-cli ends this query with `&`.
    for query in [
        format!("region={id}&"),
        "region=local".to_owned(),
        String::new(),
    ] {
        let services = world
            .client
            .get(&format!("/apps/v3/services/?{query}"))
            .await;
        let shared = services
            .results()
            .iter()
            .find(|service| service["identifier"] == "postgres-15-shared")
            .expect("it is in the catalogue");
        assert_keys(
            shared,
            "uuid name type description identifier region driver version plan cluster memory_bytes cpu_millis storage_bytes connection_limit",
        );
        assert_eq!(
            (
                &shared["type"],
                &shared["cluster"],
                &shared["connection_limit"]
            ),
            (&json!("DATABASE"), &json!("shared"), &json!(60))
        );
        let path = format!("/apps/v3/services/{}/", shared["uuid"].as_str().unwrap());
        assert_eq!(&world.client.get(&path).await.expect(200).body, shared);
    }
    let organisations = world.client.get("/iam/v3/organisations/").await;
    let organisation = &organisations.results()[0];
    assert_keys(organisation, "uuid name created_at");
    let path = format!(
        "/iam/v3/organisations/{}/",
        organisation["uuid"].as_str().unwrap()
    );
    assert_eq!(
        &world.client.get(&path).await.expect(200).body,
        organisation
    );
}

#[tokio::test]
async fn applications_and_environments() {
    let world = World::new().await;
    let commands = json!([{ "label": "Migrate", "command": "python manage.py migrate" }]);
    let body = json!({ "slug": "shop", "name": "A shop", "release_commands": commands, "plan_group": null, "app_template": null });
    let made = world.client.post("/apps/v3/applications/", &body).await;
    let detail = made.expect(201).body.clone();
    assert_keys(
        &detail,
        &format!("{APPLICATION} release_commands plan_group environments test_status live_status"),
    );
    assert_keys(&detail["test_status"], "uuid site_url");
    assert_eq!(
        (
            &detail["release_commands"],
            &detail["plan_group"],
            &detail["removing"]
        ),
        (&commands, &json!("standard"), &json!(false))
    );
    assert_eq!(
        detail["environments"][0],
        json!({ "uuid": detail["test_status"]["uuid"], "slug": "test" })
    );
    let created = detail["created_at"].as_str().unwrap();
    assert!(
        created.ends_with('Z') && created.parse::<jiff::Timestamp>().is_ok(),
        "{created}"
    );
    let id = detail["uuid"].as_str().unwrap();

    let list = world.client.get("/apps/v3/applications/?slug=shop").await;
    assert_keys(&list.body, "count next previous results");
    assert_keys(&list.results()[0], APPLICATION);
    assert_eq!(
        world
            .client
            .get("/apps/v3/applications/?slug=other")
            .await
            .body["count"],
        0
    );

    let repository = world
        .client
        .get(&format!(
            "/apps/v3/repositories/{}/",
            detail["repository"].as_str().unwrap()
        ))
        .await;
    let url = format!("http://{}/git/shop.git", world.address);
    assert_eq!(
        repository.expect(200).body,
        json!({
            "uuid": id, "dsn": url, "state": "CLONED", "url": url,
            "auth_info": null, "key_type": null, "username": null, "failure": null,
        })
    );

    let path = format!("/apps/v3/applications/{id}/");
    let other = json!([{ "label": "Warm", "command": "./warm" }]);
    assert_eq!(
        world
            .client
            .patch(&path, &json!({ "release_commands": other }))
            .await
            .expect(200)
            .body["release_commands"],
        other
    );

    let body = json!({ "application": id, "slug": "stage", "branch": "develop" });
    let stage = world.client.post("/apps/v3/environments/", &body).await;
    assert_keys(
        &stage.expect(201).body,
        &format!("{ENVIRONMENT} stage_status"),
    );
    let environments = world
        .client
        .get(&format!("/apps/v3/environments/?application={id}"))
        .await;
    let slugs: Vec<_> = environments
        .results()
        .iter()
        .map(|row| row["slug"].as_str().unwrap())
        .collect();
    assert_eq!(slugs, ["test", "live", "stage"]);
    assert_eq!(environments.results()[2], stage.body);
    let named = world
        .client
        .get(&format!(
            "/apps/v3/environments/?application={id}&slug=live"
        ))
        .await;
    assert_eq!(
        named.results()[0]["live_status"]["uuid"],
        named.results()[0]["uuid"]
    );
    let missing = world
        .client
        .get(&format!(
            "/apps/v3/environments/?application={id}&slug=nope"
        ))
        .await;
    assert_eq!(
        missing.refusal(404, "not_found"),
        "Environment with the name 'nope' does not exist."
    );
    let path = format!(
        "/apps/v3/environments/{}/",
        stage.body["uuid"].as_str().unwrap()
    );
    assert_eq!(
        world
            .client
            .patch(&path, &json!({ "branch": "main" }))
            .await
            .expect(200)
            .body["branch"],
        "main"
    );
    assert_eq!(
        world.client.get(&path).await.expect(200).body["branch"],
        "main"
    );
}

#[tokio::test]
async fn a_service_from_adding_to_removal() {
    let world = World::new().await;
    let client = &world.client;
    let demo = world.demo("shop").await;
    let added = world.add(&demo.test, "default").await;
    assert_keys(&added, INSTANCE);
    assert_eq!(
        (
            &added["prefix"],
            &added["service_status"],
            &added["cluster"]
        ),
        (&json!("DEFAULT"), &json!("NEW"), &json!("shared"))
    );
    assert!(
        added["variables"]
            .as_array()
            .unwrap()
            .contains(&json!("DATABASE_URL")),
        "{added:#}"
    );
    let path = format!(
        "/apps/v3/service-instances/{}",
        added["uuid"].as_str().unwrap()
    );
    let state = async || {
        client.get(&path).await.expect(200).body["service_status"]
            .as_str()
            .unwrap()
            .to_owned()
    };

    let provisioning = client.post(&format!("{path}/provision/"), &json!({})).await;
    assert_keys(&provisioning.expect(202).body, OPERATION);
    assert_eq!(provisioning.body["kind"], "provisioning");
    assert_eq!(provisioning.body["subject"]["id"], added["uuid"]);
    world
        .finished(provisioning.body["uuid"].as_str().unwrap())
        .await;
    assert_eq!(state().await, "PENDING_ATTACHMENT");

    let plan = client
        .post(
            "/apps/v3/deployments/plan/",
            &json!({ "environment": demo.test, "image": "shop:1" }),
        )
        .await;
    assert_keys(
        &plan.expect(200).body,
        "source source_error running code_changes action instances variables",
    );
    assert_eq!(
        (&plan.body["action"], &plan.body["source_error"]),
        (&json!("create"), &json!(null))
    );
    assert_eq!(plan.body["instances"][0]["action"], "attach");
    assert_keys(&plan.body["instances"][0], "uuid service prefix action");
    assert_keys(&plan.body["variables"][0], "name source change");
    let nothing = client
        .post(
            "/apps/v3/deployments/plan/",
            &json!({ "environment": demo.test }),
        )
        .await;
    assert!(
        nothing.expect(200).body["source_error"]
            .as_str()
            .unwrap()
            .contains("empty"),
        "{:#}",
        nothing.body
    );

    let deployment = world.deploy(&demo.test).await;
    assert_keys(&deployment, &format!("{DEPLOYMENT} environment_variables"));
    assert_eq!(
        (
            &deployment["status"],
            &deployment["percent"],
            &deployment["number"]
        ),
        (&json!("COMPLETED"), &json!(100), &json!(1))
    );
    assert!(
        deployment["environment_variables"]
            .as_array()
            .unwrap()
            .contains(&json!("DATABASE_URL"))
    );
    assert_eq!(state().await, "ATTACHED");

    let renamed = client.patch(&path, &json!({ "prefix": "second" })).await;
    assert_eq!(
        (
            &renamed.expect(200).body["prefix"],
            &renamed.body["url_scheme"]
        ),
        (&json!("SECOND"), &json!(null))
    );
    assert_eq!(renamed.body["inject_profile"], "none");
    let change = json!({ "inject_profile": "libpq" });
    let renamed = client.patch(&path, &change).await;
    assert_eq!(renamed.expect(200).body["inject_profile"], "libpq");
    let names = renamed.body["variables"].as_array().unwrap();
    assert!(names.contains(&json!("PGUSER")), "{}", renamed.text);
    let both = json!({ "inject_profile": "none", "prefix": "third" });
    let refused = client.patch(&path, &both).await;
    assert!(refused.field("inject_profile").contains("by itself"));
    for both in [
        json!({ "public": true, "prefix": "third" }),
        json!({ "public": true, "inject_profile": "none" }),
        json!({ "media_domain": "media.example.com", "public": true }),
    ] {
        let refused = client.patch(&path, &both).await;
        let text = &refused.expect(400).text;
        assert!(text.contains("by itself"), "{text}");
    }
    let alone = json!({ "media_domain_is_cdn": true });
    let refused = client.patch(&path, &alone).await;
    assert!(
        refused
            .field("media_domain_is_cdn")
            .contains("together with it")
    );
    let change = json!({ "inject_profile": "none" });
    let taken = client.patch(&path, &change).await;
    assert_eq!(taken.expect(200).body["inject_profile"], "none");
    assert_eq!(
        client
            .post(&format!("{path}/detach/"), &json!({}))
            .await
            .expect(200)
            .body["service_status"],
        "PENDING_DETACHMENT"
    );
    assert_eq!(
        client
            .post(&format!("{path}/cancel/"), &json!({}))
            .await
            .expect(200)
            .body["service_status"],
        "ATTACHED"
    );
    client
        .post(&format!("{path}/detach/"), &json!({}))
        .await
        .expect(200);
    world.deploy(&demo.test).await;
    assert_eq!(state().await, "DETACHED");
    assert_eq!(
        client
            .post(&format!("{path}/attach/"), &json!({}))
            .await
            .expect(200)
            .body["service_status"],
        "PENDING_ATTACHMENT"
    );

    let removal = client.delete(&format!("{path}/?confirm=SECOND")).await;
    assert_eq!(removal.expect(202).body["kind"], "removal");
    world.finished(removal.body["uuid"].as_str().unwrap()).await;
    client.get(&path).await.refusal(404, "not_found");
    assert_eq!(
        client
            .get(&format!(
                "/apps/v3/service-instances/?environment={}",
                demo.test
            ))
            .await
            .body["count"],
        0
    );
}

#[tokio::test]
async fn an_application_goes_with_everything_in_it() {
    let world = World::new().await;
    let demo = world.demo("shop").await;
    world.add(&demo.test, "DEFAULT").await;
    world.deploy(&demo.test).await;
    let path = format!("/apps/v3/applications/{}/", demo.application);
    assert!(
        world
            .client
            .delete(&path)
            .await
            .field("confirm")
            .contains("'shop'")
    );
    let removal = world.client.delete(&format!("{path}?confirm=shop")).await;
    world
        .finished(removal.expect(202).body["uuid"].as_str().unwrap())
        .await;
    world.client.get(&path).await.refusal(404, "not_found");
    world.demo("shop").await;
}

#[tokio::test]
async fn variables_are_in_the_shape_of_the_contract() {
    let world = World::new().await;
    let demo = world.demo("shop").await;
    let set = world
        .client
        .post(
            "/apps/v3/environment-variables/",
            &json!({ "environment": demo.test, "name": "A", "value": "1" }),
        )
        .await;
    assert_keys(&set.expect(201).body, VARIABLE);
    let list = world
        .client
        .get(&format!(
            "/apps/v3/environment-variables/?environment={}&name=A",
            demo.test
        ))
        .await;
    assert_eq!(list.results(), &vec![set.body]);
}

#[tokio::test]
async fn what_is_public_and_where() {
    let world = World::new().await;
    let (client, demo) = (&world.client, world.demo("shop").await);
    let body = json!({ "environment": demo.test, "service": "postgres-15-shared", "public": true });
    let added = client.post("/apps/v3/service-instances/", &body).await;
    let instance = &added.expect(201).body;
    assert_keys(instance, INSTANCE);
    assert_eq!(instance["public"], true);
    let id = instance["uuid"].as_str().unwrap().to_owned();
    let path = format!("/apps/v3/service-instances/{id}");
    // Recorded only, there is nothing to be done.
    for public in [false, true] {
        let set = client.patch(&path, &json!({ "public": public })).await;
        let set = &set.expect(200).body;
        assert_eq!(
            (&set["public"], &set["operation"]),
            (&json!(public), &json!(null))
        );
        assert_eq!(set["media_host"].is_string(), public);
    }
    let begun = client.post(&format!("{path}/provision/"), &json!({})).await;
    let ended = async |operation: &serde_json::Value| {
        let id = operation.as_str().unwrap();
        let path = format!("/apps/v3/operations/{id}/?wait=30");
        client.get(&path).await.expect(200).body["state"].clone()
    };
    assert_eq!(ended(&begun.expect(202).body["uuid"]).await, "succeeded");
    let set = client
        .patch(&path, &json!({ "media_domain": "Media.example.com" }))
        .await;
    let set = &set.expect(200).body;
    assert_eq!(set["media_domain"], "media.example.com");
    assert_eq!(set["media_domain_is_cdn"], false);
    let set = client.patch(&path, &json!({ "public": false })).await;
    let set = &set.expect(200).body;
    assert_eq!(
        (&set["public"], &set["media_host"]),
        (&json!(false), &json!(null))
    );
    assert_eq!(ended(&set["operation"]).await, "succeeded");
    let cdn = json!({ "media_domain": "cdn.example.net", "media_domain_is_cdn": true });
    let text = client.patch(&path, &cdn).await.refusal(400, "not_public");
    assert!(text.contains("set-public"), "{text}");
    let none = client
        .patch(&path, &json!({ "media_domain": "none" }))
        .await;
    assert_eq!(none.expect(200).body["media_domain"], json!(null));
}
