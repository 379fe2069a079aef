//! The line of a request in the log, and what is never in it.

use std::io::Write;
use std::sync::{Arc, Mutex};

use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

use crate::support::World;

/// What was logged.
#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Captured {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Captured {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn each_request_has_one_line_without_secrets() {
    let captured = Captured::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(captured.clone())
        .finish();
    // The runtime of a test has one thread, so this is the log of the whole server.
    let _guard = tracing::subscriber::set_default(subscriber);
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
    let text = captured.text();
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
