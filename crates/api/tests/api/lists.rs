//! Lists in pages: each object once, in order, by following `next` as it is.

use serde_json::{Value, json};

use crate::support::World;

/// Every object, one page after the other.
async fn walked(world: &World, path: &str, size: u32) -> Vec<Value> {
    let separator = if path.contains('?') { '&' } else { '?' };
    let mut next = Some(format!("{path}{separator}page_size={size}"));
    let mut rows = Vec::new();
    while let Some(url) = next {
        let page = world.client.get(&url).await;
        let results = page.results();
        assert!(results.len() <= usize::try_from(size).unwrap(), "{url}");
        assert_eq!(page.body["previous"], Value::Null);
        rows.extend(results.iter().cloned());
        next = page.body["next"].as_str().map(str::to_owned);
        if let Some(next) = &next {
            assert!(
                next.starts_with(&format!("http://{}/", world.address)),
                "{next}"
            );
        }
        assert!(rows.len() < 500, "{path} has no end");
    }
    rows
}

#[tokio::test]
async fn every_list_can_be_walked() {
    let world = World::new().await;
    let demo = world.demo("shop").await;
    for slug in ["alpha", "beta"] {
        world.demo(slug).await;
    }
    for slug in ["stage", "preview"] {
        world
            .client
            .post(
                "/apps/v3/environments/",
                &json!({ "application": demo.application, "slug": slug }),
            )
            .await
            .expect(201);
    }
    for prefix in ["B", "DEFAULT", "A"] {
        world.add(&demo.test, prefix).await;
    }
    let variables = json!({ "environment": demo.test, "variables": [{ "name": "ONE", "value": "1" }, { "name": "TWO", "value": "2" }] });
    world
        .client
        .post("/apps/v3/environment-variables/", &variables)
        .await
        .expect(201);
    for _ in 0..3 {
        world.deploy(&demo.test).await;
    }
    let mut lengths = Vec::new();
    for path in [
        "/iam/v3/organisations/".to_owned(),
        "/apps/v3/regions/".to_owned(),
        "/apps/v3/services/?region=local&".to_owned(),
        "/apps/v3/applications/".to_owned(),
        format!("/apps/v3/environments/?application={}", demo.application),
        format!("/apps/v3/service-instances/?environment={}", demo.test),
        format!(
            "/apps/v3/environment-variables/?application={}",
            demo.application
        ),
        format!("/apps/v3/deployments/?application={}", demo.application),
        format!("/apps/v3/environments/{}/releases/", demo.test),
        "/apps/v3/operations/?state=succeeded&state=rolled_back".to_owned(),
    ] {
        let whole = world.client.get(&path).await;
        assert_eq!(whole.body["next"], Value::Null, "{path}");
        assert_eq!(
            whole.body["count"].as_u64().unwrap(),
            u64::try_from(whole.results().len()).unwrap(),
            "{path}"
        );
        for size in [1, 2] {
            assert_eq!(
                &walked(&world, &path, size).await,
                whole.results(),
                "{path} by {size}"
            );
        }
        lengths.push(whole.results().len());
    }
    assert!(
        lengths[1..].iter().filter(|length| **length >= 2).count() >= 8,
        "{lengths:?}"
    );
    let instances = world
        .client
        .get(&format!(
            "/apps/v3/service-instances/?environment={}",
            demo.test
        ))
        .await;
    let prefixes: Vec<_> = instances
        .results()
        .iter()
        .map(|row| row["prefix"].as_str().unwrap())
        .collect();
    assert_eq!(prefixes, ["DEFAULT", "A", "B"]);
}

#[tokio::test]
async fn page_sizes_and_cursors_are_checked() {
    let world = World::new().await;
    world.demo("shop").await;
    for size in ["0", "-1", "x", "1.5"] {
        assert!(
            world
                .client
                .get(&format!("/apps/v3/applications/?page_size={size}"))
                .await
                .field("page_size")
                .contains("1 to")
        );
    }
    world
        .client
        .get("/apps/v3/applications/?page_size=100000")
        .await
        .expect(200);
    for path in ["/apps/v3/applications/", "/apps/v3/operations/"] {
        world
            .client
            .get(&format!("{path}?cursor=nonsense"))
            .await
            .refusal(400, "refused");
    }
    world
        .client
        .get("/apps/v3/services/?cursor=nonsense")
        .await
        .field("cursor");
}

#[tokio::test]
async fn links_lead_to_the_name_that_was_asked() {
    let world = World::new().await;
    world.demo("alpha").await;
    world.demo("beta").await;
    let client = world
        .client
        .authorized(Some(&format!("Token {}", world.token)));
    let page = client
        .get("/apps/v3/applications/?page_size=1&organisation=")
        .await;
    let next = page.body["next"].as_str().unwrap();
    assert!(
        next.starts_with(&format!("http://{}/apps/v3/applications/?", world.address)),
        "{next}"
    );
    assert!(
        next.contains("page_size=1") && next.contains("cursor="),
        "{next}"
    );
}
