//! Which upstream answers, and what the router answers itself.

use std::collections::HashMap;

use http::{Request, StatusCode};
use windlass_delivery::routing::{Published, RouterControl};

use crate::support::{
    Client, Place, Upstream, dead_address, full, get, publish, raw, route, table, within,
};

#[tokio::test]
async fn hosts_lead_to_their_upstreams() {
    let place = Place::new();
    let router = place.start();
    let (one, two) = (Upstream::saying("one").await, Upstream::saying("two").await);
    let both = vec![
        route("one.localhost", &[one.address]),
        route("two.localhost", &[two.address]),
    ];
    let published = within(place.control().publish(&table(1, both)))
        .await
        .unwrap();
    assert_eq!(published, Published::InForce);

    for (host, expected) in [
        ("one.localhost", "one"),
        ("two.localhost", "two"),
        ("ONE.LocalHost", "one"),
        ("two.localhost:8080", "two"),
        ("two.localhost.", "two"),
    ] {
        let answer = get(router.address, host, "/").await;
        assert_eq!(
            (answer.status, answer.text.as_str()),
            (StatusCode::OK, expected),
            "{host}"
        );
    }
    let answer = raw(
        router.address,
        "GET http://two.localhost/ HTTP/1.1\r\nHost: one.localhost\r\nConnection: close\r\n\r\n",
    )
    .await;
    assert!(answer.ends_with("two"), "{answer}");
    router.stop().await;
}

#[tokio::test]
async fn unknown_host_says_what_to_do() {
    let place = Place::new();
    let router = place.start();
    let answer = get(router.address, "nobody.localhost", "/").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert!(answer.text.contains("nobody.localhost"));
    assert!(answer.text.contains("windlass app list"));
    assert_eq!(answer.headers["content-type"], "text/html; charset=utf-8");
    router.stop().await;
}

#[tokio::test]
async fn route_without_upstreams_is_not_deployed() {
    let place = Place::new();
    let router = place.start();
    publish(&place, 1, &[]).await;
    let answer = get(router.address, "app.localhost", "/").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.text.contains("windlass deploy"));
    router.stop().await;
}

#[tokio::test]
async fn dead_upstream_is_a_bad_gateway() {
    let place = Place::new();
    let router = place.start();
    publish(&place, 1, &[dead_address().await]).await;
    let answer = get(router.address, "app.localhost", "/").await;
    assert_eq!(answer.status, StatusCode::BAD_GATEWAY);
    assert!(answer.text.contains("windlass logs"));
    router.stop().await;
}

#[tokio::test]
async fn several_upstreams_share_the_load() {
    let place = Place::new();
    let router = place.start();
    let upstreams = [
        Upstream::saying("a").await,
        Upstream::saying("b").await,
        Upstream::saying("c").await,
    ];
    publish(&place, 1, &upstreams.each_ref().map(|up| up.address)).await;
    let mut client = Client::connect(router.address).await;
    let mut seen: HashMap<String, u32> = HashMap::new();
    for _ in 0..30 {
        *seen
            .entry(client.get("app.localhost", "/").await.text)
            .or_default() += 1;
    }
    assert_eq!(seen.len(), 3);
    assert!(seen.values().all(|count| *count == 10), "{seen:?}");
    router.stop().await;
}

#[tokio::test]
async fn a_dead_upstream_among_several_costs_no_request() {
    let place = Place::new();
    let router = place.start();
    let alive = Upstream::saying("alive").await;
    publish(
        &place,
        1,
        &[dead_address().await, alive.address, dead_address().await],
    )
    .await;
    let mut client = Client::connect(router.address).await;
    for _ in 0..20 {
        assert_eq!(client.get("app.localhost", "/").await.text, "alive");
        // Nothing of the request was sent to the dead ones, so this holds for every method.
        assert_eq!(client.post("app.localhost", "data").await.text, "alive");
    }
    router.stop().await;
}

#[tokio::test]
async fn head_keeps_the_length_and_has_no_body() {
    let place = Place::new();
    let router = place.start();
    let upstream = Upstream::saying("four").await;
    publish(&place, 1, &[upstream.address]).await;
    let mut client = Client::connect(router.address).await;
    for _ in 0..2 {
        let request = Request::head("/")
            .header("host", "app.localhost")
            .body(full(""))
            .unwrap();
        let response = client.send(request).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-length"], "4");
    }
    assert_eq!(client.get("app.localhost", "/").await.text, "four");
    router.stop().await;
}

#[tokio::test]
async fn malformed_and_ambiguous_hosts_are_refused() {
    let place = Place::new();
    let router = place.start();
    let upstream = Upstream::saying("reached").await;
    publish(&place, 1, &[upstream.address]).await;
    for head in [
        "GET / HTTP/1.1\r\n",
        "GET / HTTP/1.1\r\nHost: app.localhost\r\nHost: app.localhost\r\n",
        "GET / HTTP/1.1\r\nHost: user@app.localhost\r\n",
        "GET / HTTP/1.1\r\nHost: app.localhost, other\r\n",
        "GET http://user@app.localhost/ HTTP/1.1\r\nHost: app.localhost\r\n",
    ] {
        let answer = raw(router.address, &format!("{head}Connection: close\r\n\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{head}: {answer}");
    }
    let answer = raw(
        router.address,
        "CONNECT app.localhost:443 HTTP/1.1\r\nHost: app.localhost:443\r\nConnection: close\r\n\r\n",
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 405 "), "{answer}");
    assert_eq!(upstream.connections(), 0);
    router.stop().await;
}
