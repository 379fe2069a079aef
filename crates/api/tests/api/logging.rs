//! The line of a request in the log, and what is never in it.

use serde_json::json;

use crate::support::{World, logged};

#[tokio::test]
async fn each_request_has_one_line_without_secrets() {
    let world = World::new().await;
    let demo = world.demo("shop").await;
    let path = "/apps/v3/environment-variables/";
    let body = json!({ "environment": demo.test, "name": "KEY", "value": "s3cret-value", "is_sensitive": true });
    let set = world.client.post(path, &body).await;
    set.expect(201);
    world
        .client
        .get(&format!(
            "{path}?environment={}&name=SECRET_QUERY&reveal=true",
            demo.test
        ))
        .await
        .expect(200);
    let id = set.headers["x-request-id"].to_str().unwrap();
    let text = logged();
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| line.contains(id) && line.contains("http.status"))
        .collect();
    assert_eq!(lines.len(), 1, "{text}");
    for part in [
        "http.method=POST",
        "http.route=\"/apps/v3/environment-variables/\"",
        "http.status=201",
        "duration_ms=",
        "actor=\"admin@localhost\"",
    ] {
        assert!(lines[0].contains(part), "{part}: {}", lines[0]);
    }
    for secret in ["s3cret-value", "SECRET_QUERY", world.token.as_str()] {
        assert!(!text.contains(secret), "{secret} is in the log");
    }
}
