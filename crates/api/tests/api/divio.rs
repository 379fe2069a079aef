//! What divio-cli asks of the API before it goes on: plan groups, repositories elsewhere, copies, build modes. The client
//! itself is run by the tests of the binary.

use serde_json::json;

use crate::support::{IMAGE, World, assert_keys};

const REPOSITORIES: &str = "/apps/v3/repositories/";

#[tokio::test]
async fn there_is_one_plan_group_with_every_region() {
    let world = World::new().await;
    let list = "/billing/v3/application-plan-groups/";
    let groups = world.client.get(list).await.results().clone();
    assert_eq!(groups.len(), 1);
    assert_keys(&groups[0], "uuid name regions");
    let regions = world
        .client
        .get("/apps/v3/regions/")
        .await
        .results()
        .clone();
    assert_eq!(groups[0]["regions"], json!([regions[0]["uuid"]]));
    let one = world.client.get(&format!("{list}standard")).await;
    assert_eq!(one.expect(200).body, groups[0]);
    let text = world.client.get(&format!("{list}none/")).await;
    let text = text.refusal(404, "not_found");
    assert!(text.contains("'none'"), "{text}");
    let stranger =
        "/billing/v3/application-plan-groups/?organisation=01900000-0000-7000-8000-000000000000";
    assert_eq!(world.client.get(stranger).await.results().len(), 0);
    let body = json!({ "slug": "shop", "name": "Shop", "plan_group": "other" });
    let refused = world.client.post("/apps/v3/applications/", &body).await;
    assert!(refused.field("plan_group").contains("'standard'"));
}

#[tokio::test]
async fn the_index_and_the_old_paths_answer() {
    let world = World::new().await;
    let open = world.client.authorized(None);
    let index = open.get("/apps/v3/").await;
    let applications = index.expect(200).body["applications"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        applications.ends_with("/apps/v3/applications/"),
        "{applications}"
    );
    let page = open.get("/account/desktop-app/access-token/").await;
    assert!(page.expect(200).text.contains("windlass token create"));
    for path in ["applications/?id=7", "addons/?package_name=x"] {
        let path = format!("/legacy/v3/{path}");
        assert_eq!(world.client.get(&path).await.results().len(), 0);
        open.get(&path).await.expect(401);
    }
    assert_eq!(
        world
            .client
            .get("/apps/v3/app-templates/")
            .await
            .results()
            .len(),
        0
    );
    for path in [
        "/apps/v3/app-templates/none",
        "/templates/none.zip",
        "/templates/none",
    ] {
        world.client.get(path).await.refusal(404, "not_found");
    }
}

#[tokio::test]
async fn repositories_are_checked_before_they_are_registered() {
    let world = World::new().await;
    let me = world.client.get("/iam/v3/organisations/").await;
    let organisation = me.results()[0]["uuid"].clone();
    // What a client asks before it has everything: nothing is registered, and only what is given is wrong.
    for url in [
        "https://git.example/shop.git",
        "ssh://git@git.example/shop.git",
        "git@git.example:shop.git",
    ] {
        let asked = world
            .client
            .post(REPOSITORIES, &json!({ "url": url }))
            .await;
        assert_eq!(asked.field("organisation"), "This field is required.");
        assert!(asked.body["url"].is_null(), "{url}: {}", asked.text);
    }
    for url in [
        "",
        "shop",
        "file:///etc",
        "/etc",
        "ext::sh -c id",
        "https://me:hunter2@git.example/a",
    ] {
        let asked = world
            .client
            .post(REPOSITORIES, &json!({ "url": url }))
            .await;
        assert!(!asked.field("url").is_empty(), "{url}");
        assert!(!asked.text.contains("hunter2"), "{}", asked.text);
    }
    let wrong = [
        (
            json!({ "key_type": "DSA", "url": "git@git.example:a" }),
            "key_type",
        ),
        (
            json!({ "key_type": "RSA", "url": "https://git.example/a" }),
            "key_type",
        ),
        (
            json!({ "username": "me", "url": "https://git.example/a" }),
            "password",
        ),
        (
            json!({ "password": "x", "url": "https://git.example/a" }),
            "username",
        ),
        (
            json!({ "username": "a\nb", "password": "x", "url": "https://git.example/a" }),
            "username",
        ),
        (
            json!({ "organisation": "01900000-0000-7000-8000-000000000000", "url": "https://git.example/a" }),
            "organisation",
        ),
    ];
    for (mut body, field) in wrong {
        if body["organisation"].is_null() {
            body["organisation"] = organisation.clone();
        }
        let refused = world.client.post(REPOSITORIES, &body).await;
        assert!(!refused.field(field).is_empty(), "{body}");
    }

    let body = json!({ "organisation": organisation, "url": "git@git.example:shop.git", "key_type": "ECDSA" });
    let made = world.client.post(REPOSITORIES, &body).await;
    let made = &made.expect(201).body;
    assert_keys(
        made,
        "uuid dsn state url auth_info key_type username failure",
    );
    assert!(
        made["auth_info"]
            .as_str()
            .unwrap()
            .starts_with("ecdsa-sha2-"),
        "{made}"
    );
    assert!(!made.to_string().contains("PRIVATE KEY"), "{made}");
    assert_eq!(made["state"], "CLONING");
    let path = format!("{REPOSITORIES}{}/", made["uuid"].as_str().unwrap());
    assert_eq!(world.client.get(&path).await.expect(200).body, *made);
    let stranger = world.stranger().await;
    stranger.get(&path).await.refusal(404, "not_found");
    stranger
        .post(&format!("{path}check/"), &json!({}))
        .await
        .refusal(404, "not_found");
    stranger.delete(&path).await.refusal(404, "not_found");
    let theirs = json!({ "slug": "shop", "name": "x", "repository": made["uuid"] });
    let refused = stranger.post("/apps/v3/applications/", &theirs).await;
    assert_eq!(
        refused.field("repository"),
        "this repository does not exist"
    );

    let own = json!({ "slug": "shop", "name": "x", "repository": made["uuid"], "branch": "main" });
    let shop = world.client.post("/apps/v3/applications/", &own).await;
    assert_eq!(shop.expect(201).body["repository"], made["uuid"]);
    let id = shop.body["uuid"].as_str().unwrap();
    world
        .client
        .get(&format!("{REPOSITORIES}{id}/"))
        .await
        .refusal(404, "not_found");
    let second = json!({ "slug": "second", "name": "x", "repository": made["uuid"] });
    let refused = world.client.post("/apps/v3/applications/", &second).await;
    assert!(
        refused.expect(400).text.contains("another application"),
        "{}",
        refused.text
    );
    let text = world.client.delete(&path).await.refusal(400, "conflict");
    assert!(text.contains("'shop'"), "{text}");
    let template = json!({
        "slug": "third", "name": "x", "repository": made["uuid"], "app_template": "https://git.example/a.zip",
    });
    let refused = world.client.post("/apps/v3/applications/", &template).await;
    assert!(refused.field("app_template").contains("own repository"));
}

#[tokio::test]
async fn an_environment_is_made_like_another() {
    let world = World::new().await;
    let demo = world.demo("shop").await;
    world.add(&demo.test, "DEFAULT").await;
    world.deploy(&demo.test).await;
    let body = json!({ "environment": demo.test, "variables": [
        { "name": "OPEN", "value": "yes" },
        { "name": "HIDDEN", "value": "s3cret", "is_sensitive": true },
    ] });
    let variables = "/apps/v3/environment-variables/";
    world.client.post(variables, &body).await.expect(201);
    let path = format!("/apps/v3/environments/{}/copy/", demo.test);
    let made = world
        .client
        .post(&path, &json!({ "new_slug": "review" }))
        .await;
    let made = &made.expect(201).body;
    assert_eq!(
        (&made["slug"], &made["branch"]),
        (&json!("review"), &json!("main"))
    );
    assert!(made["running_release"].is_null());
    let review = made["uuid"].as_str().unwrap();
    let list = format!("{variables}?environment={review}&reveal=true&name=");
    for (name, value, is_sensitive) in [("OPEN", "yes", false), ("HIDDEN", "s3cret", true)] {
        let rows = world
            .client
            .get(&format!("{list}{name}"))
            .await
            .results()
            .clone();
        assert_eq!(
            (&rows[0]["value"], &rows[0]["is_sensitive"]),
            (&json!(value), &json!(is_sensitive))
        );
    }
    let instances = world
        .client
        .get(&format!("/apps/v3/service-instances/?environment={review}"))
        .await;
    let instances = instances.results();
    assert_eq!(instances.len(), 1);
    assert_eq!(
        (&instances[0]["prefix"], &instances[0]["service_status"]),
        (&json!("DEFAULT"), &json!("NEW"))
    );
    // Each is its own from here on.
    let set = json!({ "environment": demo.test, "name": "OPEN", "value": "no" });
    world.client.post(variables, &set).await.expect(201);
    let rows = world
        .client
        .get(&format!("{list}OPEN"))
        .await
        .results()
        .clone();
    assert_eq!(rows[0]["value"], "yes");
    world.deploy(review).await;

    let taken = world
        .client
        .post(&path, &json!({ "new_slug": "review" }))
        .await;
    assert!(taken.field("slug").contains("'review'"), "{}", taken.text);
    let wrong = world
        .client
        .post(&path, &json!({ "new_slug": "Re-View" }))
        .await;
    assert!(wrong.field("new_slug").contains("not allowed"));
    assert_eq!(
        world.client.post(&path, &json!({})).await.field("new_slug"),
        "This field is required."
    );
    let stranger = world.stranger().await;
    stranger
        .post(&path, &json!({ "new_slug": "mine" }))
        .await
        .refusal(404, "not_found");
}

#[tokio::test]
async fn build_modes_are_about_code() {
    let world = World::new().await;
    let demo = world.demo("shop").await;
    for mode in ["ADOPT", "FORCE"] {
        let body = json!({ "environment": demo.test, "image": IMAGE, "build_mode": mode });
        let refused = world.client.post("/apps/v3/deployments/", &body).await;
        assert!(refused.field("build_mode").contains("ready image"));
    }
    let body = json!({ "environment": demo.test, "image": IMAGE, "build_mode": "auto" });
    let refused = world.client.post("/apps/v3/deployments/", &body).await;
    assert!(
        refused.field("build_mode").contains("ADOPT"),
        "{}",
        refused.text
    );
    let body = json!({ "environment": demo.test, "image": IMAGE, "build_mode": "AUTO" });
    world
        .client
        .post("/apps/v3/deployments/", &body)
        .await
        .expect(201);
}
