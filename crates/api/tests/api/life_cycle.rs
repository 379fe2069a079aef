//! The life cycle through the API, and the shape of every object on the way.

use serde_json::json;

use crate::support::{World, assert_keys};

const APPLICATION: &str = "uuid slug name organisation region repository created_at removing";
const ENVIRONMENT: &str = "uuid slug application branch site_url last_deployment last_finished_deployment running_release";
const INSTANCE: &str = "uuid prefix type service_status region service service_identifier service_name environment cluster \
    attached provisioned in_running_release url_scheme variables last_error created_at updated_at";
const DEPLOYMENT: &str = "uuid environment number operation status percent success started_at ended_at commit actor failed_step \
    error hint release_number site_url";
const OPERATION: &str = "uuid kind state subject steps error cancel_requested_at created_at finished_at actor abandon_reason";
const VARIABLE: &str = "uuid environment name value is_sensitive source updated_at";

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
        let identifiers: Vec<_> = services
            .results()
            .iter()
            .map(|service| service["identifier"].as_str().unwrap())
            .collect();
        assert_eq!(identifiers, ["postgres-15-private", "postgres-15-shared"]);
        let shared = &services.results()[1];
        assert_keys(
            shared,
            "uuid name type description identifier region driver version cluster connection_limit",
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
        (&commands, &json!(null), &json!(false))
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
        json!({ "uuid": id, "dsn": url, "state": "CLONED", "url": url })
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
async fn releases_and_the_way_back() {
    let world = World::new().await;
    let client = &world.client;
    let demo = world.demo("shop").await;
    world.add(&demo.live, "DEFAULT").await;
    world.deploy(&demo.live).await;
    let second = world.deploy(&demo.live).await;
    let path = format!("/apps/v3/environments/{}", demo.live);

    let environment = client.get(&path).await.expect(200).body.clone();
    assert_keys(&environment, &format!("{ENVIRONMENT} live_status"));
    assert_eq!(environment["site_url"], "http://shop-live.localhost:8080/");
    assert_eq!(
        environment["live_status"]["site_url"],
        environment["site_url"]
    );
    assert_eq!(
        environment["last_finished_deployment"],
        json!({ "uuid": second["uuid"] })
    );

    let releases = client.get(&format!("{path}/releases/")).await;
    let release = &releases.results()[0];
    assert_keys(
        release,
        "uuid number commit image created_at is_running rollback_of deployment services processes",
    );
    assert_keys(&release["services"][0], "instance prefix");
    assert_keys(&release["processes"][0], "name command count port");
    assert_eq!(
        (
            &release["number"],
            &release["is_running"],
            &release["deployment"]
        ),
        (&json!(2), &json!(true), &second["uuid"])
    );

    let back = client
        .post(&format!("{path}/rollback/"), &json!({ "release": 1 }))
        .await;
    let back = world.ended(&back.expect(201).body).await;
    assert_eq!(
        (&back["success"], &back["release_number"]),
        (&json!(true), &json!(3))
    );
    let newest = &client.get(&format!("{path}/releases/")).await.results()[0].clone();
    assert_eq!(newest["rollback_of"], releases.results()[1]["uuid"]);
    let running = client
        .post(&format!("{path}/rollback/"), &json!({ "release": "3" }))
        .await;
    running.refusal(400, "running");
    client
        .post(&format!("{path}/rollback/"), &json!({ "release": 77 }))
        .await
        .refusal(404, "not_found");

    let list = client
        .get(&format!(
            "/apps/v3/deployments/?application={}&environment={}",
            demo.application, demo.live
        ))
        .await;
    let numbers: Vec<_> = list
        .results()
        .iter()
        .map(|row| row["number"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, [3, 2, 1]);
    assert_keys(&list.results()[0], DEPLOYMENT);

    let path = format!("/apps/v3/deployments/{}", second["uuid"].as_str().unwrap());
    let log = client.get(&format!("{path}/logs")).await;
    assert_keys(&log.expect(200).body, "uuid logs");
    assert!(!log.body["logs"].as_str().unwrap().is_empty());
    let hidden = client.get(&format!("{path}/environment-variables")).await;
    assert_keys(
        &hidden.expect(200).body,
        "uuid environment environment_variables",
    );
    let values = &hidden.body["environment_variables"];
    assert_eq!(
        (
            &values["STAGE"],
            &values["SECRET_KEY"],
            &values["DATABASE_URL"]
        ),
        (&json!("live"), &json!(null), &json!(null))
    );
    let shown = client
        .get(&format!("{path}/environment-variables?reveal=true"))
        .await;
    let values = &shown.body["environment_variables"];
    assert_eq!(values["SECRET_KEY"].as_str().unwrap().len(), 50);
    assert!(
        values["DATABASE_URL"]
            .as_str()
            .unwrap()
            .starts_with("simulated://"),
        "{values:#}"
    );
    client
        .post(&format!("{path}/cancel/"), &json!({}))
        .await
        .refusal(400, "finished");
}

#[tokio::test]
async fn operations() {
    let world = World::new().await;
    let client = &world.client;
    let demo = world.demo("shop").await;
    let deployment = world.deploy(&demo.test).await;
    let id = deployment["operation"].as_str().unwrap();
    let operation = client
        .get(&format!("/apps/v3/operations/{id}/"))
        .await
        .expect(200)
        .body
        .clone();
    assert_keys(&operation, OPERATION);
    assert_keys(
        &operation["steps"][0],
        "name state attempt pivot error started_at finished_at",
    );
    assert_eq!(
        (&operation["state"], &operation["actor"]),
        (&json!("succeeded"), &json!("admin@localhost"))
    );
    assert_eq!(
        client
            .get("/apps/v3/operations/?state=succeeded")
            .await
            .results()[0],
        operation
    );
    assert_eq!(
        client
            .get("/apps/v3/operations/?state=pending,running")
            .await
            .body["count"],
        0
    );
    assert!(
        client
            .get("/apps/v3/operations/?state=done")
            .await
            .field("state")
            .contains("needs_attention")
    );
    assert!(
        client
            .get(&format!("/apps/v3/operations/{id}/?wait=61"))
            .await
            .field("wait")
            .contains("60")
    );

    let events = client
        .get(&format!("/apps/v3/operations/{id}/events/?page_size=2"))
        .await;
    assert_keys(&events.body, "count next previous results");
    let numbers: Vec<_> = events
        .results()
        .iter()
        .map(|row| row["number"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, [1, 2]);
    assert_eq!(events.results()[0]["kind"], "step_started");
    let next = client.get(events.body["next"].as_str().unwrap()).await;
    assert_eq!(next.results()[0]["number"], 3);

    // What has ended cannot be changed, and each says why.
    for (verb, body) in [
        ("cancel", json!({})),
        ("retry", json!({})),
        ("skip", json!({ "step": "build", "reason": "by hand" })),
        ("abandon", json!({ "reason": "given up" })),
    ] {
        let answer = client
            .post(&format!("/apps/v3/operations/{id}/{verb}/"), &body)
            .await;
        assert!(!answer.refusal(400, "refused").is_empty(), "{verb}");
    }
    let empty = client
        .post(
            &format!("/apps/v3/operations/{id}/abandon/"),
            &json!({ "reason": " " }),
        )
        .await;
    assert!(empty.field("reason").contains("1 to 1000"));
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
