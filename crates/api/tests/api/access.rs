//! Nothing but five operations answers without a valid token, and nothing of others is seen with one.

use serde_json::{Value, json};

use crate::support::{BROKER, Client, World, assert_keys};

/// Every operation of the document: method, path with an id, and whether it is open.
async fn operations(client: &Client) -> Vec<(String, String, bool)> {
    let document = client.authorized(None).get("/openapi.json").await;
    document.expect(200);
    let mut all = Vec::new();
    for (path, item) in document.body["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let is_open = operation["security"] == json!([{}]);
            let mut path = path.clone();
            for name in ["{id}", "{user}", "{invitation}"] {
                path = path.replace(name, "0192f0c1-2345-7000-8000-000000000001");
            }
            all.push((method.to_uppercase(), path, is_open));
        }
    }
    assert!(all.len() > 40, "the document has all operations");
    all
}

#[tokio::test]
async fn every_operation_needs_a_valid_token() {
    let world = World::new().await;
    let mut open = Vec::new();
    for (method, path, is_open) in operations(&world.client).await {
        if is_open {
            open.push(path);
            continue;
        }
        for authorization in [
            None,
            Some("Token wl_wrong"),
            Some("Bearer wl_wrong"),
            Some("Token "),
            Some("Basic YTpi"),
            Some("x"),
        ] {
            let client = world.client.authorized(authorization);
            let answer = client
                .send(
                    method.parse().unwrap(),
                    &path,
                    &[("content-type", "application/json")],
                    "{}",
                )
                .await;
            answer.expect(401);
            assert_eq!(answer.body["code"], "unauthenticated", "{method} {path}");
            assert_keys(&answer.body, "code detail request_id");
            assert_eq!(
                answer.headers["www-authenticate"],
                "Token realm=\"windlass\""
            );
        }
    }
    let wanted = [
        "/account/desktop-app/access-token/",
        "/apps/v3/",
        "/health",
        "/iam/v3/invitations/register/",
        "/openapi.json",
    ];
    assert_eq!(open, wanted);
    let health = world.client.authorized(None).get("/health").await;
    assert_eq!(health.expect(200).body, json!({ "status": "ok" }));
}

#[tokio::test]
async fn both_schemes_are_taken() {
    let world = World::new().await;
    for scheme in ["Token", "Bearer", "token", "BEARER"] {
        let client = world
            .client
            .authorized(Some(&format!("{scheme} {}", world.token)));
        let me = client.get("/iam/v3/me/").await;
        assert_keys(&me.expect(200).body, "uuid email first_name last_name");
        assert_eq!(me.body["email"], "admin@localhost");
    }
}

#[tokio::test]
async fn request_ids_are_made_here() {
    let world = World::new().await;
    let ask = || {
        world.client.send(
            http::Method::GET,
            "/iam/v3/me/",
            &[("x-request-id", "mine")],
            "",
        )
    };
    let (first, second) = (ask().await, ask().await);
    assert_ne!(first.headers["x-request-id"], "mine");
    assert_ne!(
        first.headers["x-request-id"],
        second.headers["x-request-id"]
    );
}

#[tokio::test]
async fn objects_of_others_do_not_exist() {
    let world = World::new().await;
    let demo = world.demo("shop").await;
    let instance = world.add(&demo.test, "DEFAULT").await["uuid"]
        .as_str()
        .unwrap()
        .to_owned();
    let set = json!({ "environment": demo.test, "name": "A", "value": "1" });
    let variable = world
        .client
        .post("/apps/v3/environment-variables/", &set)
        .await;
    let variable = variable.expect(201).body["uuid"]
        .as_str()
        .unwrap()
        .to_owned();
    let deployment = world.deploy(&demo.test).await;
    let (operation, deployment) = (
        deployment["operation"].as_str().unwrap(),
        deployment["uuid"].as_str().unwrap(),
    );
    let organisation = world.client.get("/iam/v3/organisations/").await.results()[0]["uuid"]
        .as_str()
        .unwrap()
        .to_owned();
    let registered = json!({ "name": "acme", "url": BROKER, "password": "let me in" });
    let registered = world
        .client
        .post("/apps/v3/service-brokers/", &registered)
        .await;
    let broker = registered.expect(201).body["uuid"]
        .as_str()
        .unwrap()
        .to_owned();
    let token = world.client.get("/iam/v3/tokens/").await.results()[0]["uuid"]
        .as_str()
        .unwrap()
        .to_owned();
    let stranger = world.stranger().await;

    let of = |path: &str| {
        let id = match path.split('/').nth(3).unwrap() {
            "applications" | "repositories" => &demo.application,
            "environments" => &demo.test,
            "service-instances" => &instance,
            "environment-variables" => &variable,
            "deployments" => deployment,
            "operations" => operation,
            "service-brokers" => &broker,
            "organisations" => &organisation,
            "tokens" => &token,
            other => panic!("no object of {other}"),
        };
        path.replace("0192f0c1-2345-7000-8000-000000000001", id)
    };
    let bodies = json!({
        "release_commands": [], "branch": "main", "prefix": "OTHER", "value": "2", "release": 1, "step": "build", "reason": "none",
        "role": "viewer", "email": "a@example.org", "name": "ci", "new_slug": "copy",
    });
    let none = json!({});
    let mut walked = 0;
    for (method, path, _) in operations(&world.client).await {
        let has_id = path.contains("0192f0c1");
        // The catalogue is everyone's.
        let catalogue = ["/regions/", "/services/", "templates/", "plan-groups/"];
        if !has_id || catalogue.iter().any(|part| path.contains(part)) {
            continue;
        }
        let path = of(&path);
        // These take their own fields only.
        let body = if path.contains("/service-brokers/") || path.ends_with("/rotate/") {
            &none
        } else {
            &bodies
        };
        let answer = stranger
            .json(method.parse().unwrap(), &path, &[], body)
            .await;
        answer.refusal(404, "not_found");
        walked += 1;
    }
    assert!(walked > 25, "{walked}");

    for path in [
        format!("/apps/v3/environments/?application={}", demo.application),
        format!("/apps/v3/service-instances/?environment={}", demo.test),
        format!("/apps/v3/environment-variables/?environment={}", demo.test),
        format!(
            "/apps/v3/environment-variables/?application={}",
            demo.application
        ),
        format!("/apps/v3/deployments/?application={}", demo.application),
        format!("/apps/v3/deployments/?environment={}", demo.test),
    ] {
        stranger.get(&path).await.refusal(404, "not_found");
    }
    for (path, body) in [
        (
            "/apps/v3/environments/",
            json!({ "application": demo.application, "slug": "stage" }),
        ),
        (
            "/apps/v3/service-instances/",
            json!({ "environment": demo.test, "service": "postgres-15-shared" }),
        ),
        ("/apps/v3/environment-variables/", set.clone()),
        (
            "/apps/v3/environment-variables/unset/",
            json!({ "environment": demo.test, "names": ["A"] }),
        ),
        (
            "/apps/v3/deployments/",
            json!({ "environment": demo.test, "image": "shop:1" }),
        ),
        (
            "/apps/v3/deployments/plan/",
            json!({ "environment": demo.test, "image": "shop:1" }),
        ),
    ] {
        stranger.post(path, &body).await.refusal(404, "not_found");
    }
    for path in [
        "/apps/v3/applications/",
        "/apps/v3/applications/?slug=shop",
        "/apps/v3/operations/",
    ] {
        assert_eq!(
            stranger.get(path).await.results(),
            &Vec::<Value>::new(),
            "{path}"
        );
    }
    assert_eq!(
        world
            .client
            .get("/apps/v3/applications/?organisation=0192f0c1-2345-7000-8000-000000000001")
            .await
            .body["count"],
        0
    );
}
