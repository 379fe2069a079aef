//! Bodies: JSON, forms, and what is neither.

use http::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::World;

const JSON: (&str, &str) = ("content-type", "application/json");
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

#[tokio::test]
async fn forms_are_taken_as_json_is() {
    let world = World::new().await;
    let made = world
        .client
        .send(
            Method::POST,
            "/apps/v3/applications",
            &[FORM],
            "slug=shop&name=A+shop%21",
        )
        .await;
    assert_eq!(made.expect(201).body["name"], "A shop!");
    let test = made.body["test_status"]["uuid"].as_str().unwrap();
    let form = format!("environment={test}&name=KEY&value=a%26b&is_sensitive=true");
    let set = world
        .client
        .send(
            Method::POST,
            "/apps/v3/environment-variables/",
            &[FORM],
            &form,
        )
        .await;
    assert_eq!(set.expect(201).body["is_sensitive"], true);
    let shown = world
        .client
        .get(&format!(
            "/apps/v3/environment-variables/?environment={test}&name=KEY&reveal=1"
        ))
        .await;
    assert_eq!(shown.results()[0]["value"], "a&b");
    let names = format!("environment={test}&names=KEY&names=NOPE");
    let unset = world
        .client
        .send(
            Method::POST,
            "/apps/v3/environment-variables/unset/",
            &[FORM],
            &names,
        )
        .await;
    assert!(unset.refusal(404, "not_found").contains("NOPE"));
    // `curl -d '{...}'` says that it sends a form.
    let json = json!({ "environment": test, "name": "B", "value": "1" }).to_string();
    world
        .client
        .send(
            Method::POST,
            "/apps/v3/environment-variables/",
            &[FORM],
            &json,
        )
        .await
        .expect(201);
    let wrong = format!("environment={test}&name=KEY&value=1&is_sensitive=perhaps");
    let wrong = world
        .client
        .send(
            Method::POST,
            "/apps/v3/environment-variables/",
            &[FORM],
            &wrong,
        )
        .await;
    assert!(wrong.field("is_sensitive").contains("true or false"));
}

#[tokio::test]
async fn the_body_of_a_get_is_not_looked_at() {
    let world = World::new().await;
    for body in ["{}", "not JSON at all"] {
        world
            .client
            .send(Method::GET, "/iam/v3/me/", &[JSON], body)
            .await
            .expect(200);
    }
    let demo = world.demo("shop").await;
    let instance = world.add(&demo.test, "DEFAULT").await;
    let path = format!(
        "/apps/v3/service-instances/{}/provision/",
        instance["uuid"].as_str().unwrap()
    );
    let begun = world.client.send(Method::POST, &path, &[], "").await;
    world
        .finished(begun.expect(202).body["uuid"].as_str().unwrap())
        .await;
}

#[tokio::test]
async fn what_is_not_json_is_refused() {
    let world = World::new().await;
    for body in ["{", "nonsense", "{\"slug\": \"a\",}", "\u{1F600}"] {
        let answer = world
            .client
            .send(Method::POST, "/apps/v3/applications/", &[JSON], body)
            .await;
        assert!(
            answer.refusal(400, "malformed").contains("not JSON"),
            "{}",
            answer.text
        );
    }
    for body in ["[]", "1", "null", "\"text\""] {
        let answer = world
            .client
            .send(Method::POST, "/apps/v3/applications/", &[JSON], body)
            .await;
        assert!(
            answer.refusal(400, "malformed").contains("JSON object"),
            "{}",
            answer.text
        );
    }
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    world
        .client
        .send(Method::POST, "/apps/v3/applications/", &[JSON], &deep)
        .await
        .refusal(400, "malformed");
    let wrong = world
        .client
        .post("/apps/v3/applications/", &json!({ "slug": { "a": 1 } }))
        .await;
    assert_eq!(wrong.field("slug"), "a string is expected");
}

#[tokio::test]
async fn what_is_too_large_is_refused() {
    let world = World::with(|settings| settings.max_body_bytes = 1000).await;
    let body = json!({ "slug": "shop", "name": "x".repeat(1000) }).to_string();
    let answer = world
        .client
        .send(Method::POST, "/apps/v3/applications/", &[JSON], &body)
        .await;
    assert!(
        answer.refusal(413, "too_large").contains("1000 bytes"),
        "{}",
        answer.text
    );
    assert_eq!(
        world.client.get("/apps/v3/applications/").await.body["count"],
        0
    );
}

/// Sends a text as it is, and reads what comes until the server closes.
async fn raw(world: &World, text: &str, leave: bool) -> String {
    let mut stream = TcpStream::connect(world.address).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    if leave {
        return String::new();
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn a_body_that_is_cut_off_does_nothing() {
    let world =
        World::with(|settings| settings.body_timeout = std::time::Duration::from_millis(300)).await;
    let body = json!({ "slug": "shop", "name": "A shop" }).to_string();
    let head = |length: usize| {
        format!(
            "POST /apps/v3/applications/ HTTP/1.1\r\nHost: x\r\nAuthorization: Token {}\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}",
            world.token
        )
    };
    raw(&world, &head(body.len() + 10), true).await;
    // One that stops sending, but stays: it is told so, and its connection closed.
    let answer = raw(&world, &head(body.len() + 10), false).await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.contains("\"code\":\"timeout\""), "{answer}");
    assert_eq!(
        world.client.get("/apps/v3/applications/").await.body["count"],
        0
    );
    // The body was whole up to there, so with its true length it makes an application.
    let answer = raw(&world, &head(body.len()), false).await;
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
}
