//! Keep-alive on both sides, and upstreams that close when it suits them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use http::StatusCode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use crate::support::{
    Client, Place, RunningRouter, Upstream, get, publish, read_head, until, within,
};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

async fn read_request(stream: &mut TcpStream) -> String {
    let head = read_head(stream).await;
    if head.starts_with("POST") {
        let mut body = [0; 4];
        within(stream.read_exact(&mut body)).await.unwrap();
    }
    head
}

#[tokio::test]
async fn connections_are_reused_on_both_sides() {
    let place = Place::new();
    let router = place.start();
    let upstream = Upstream::saying("hi").await;
    publish(&place, 1, &[upstream.address]).await;
    let mut client = Client::connect(router.address).await;
    for _ in 0..50 {
        assert_eq!(client.get("app.localhost", "/").await.text, "hi");
        assert_eq!(client.post("app.localhost", "data").await.text, "hi");
    }
    assert_eq!(upstream.connections(), 1);
    router.stop().await;
}

#[tokio::test]
async fn connections_to_an_upstream_that_left_the_table_are_closed() {
    let place = Place::new();
    let router = place.start();
    let (old, new) = (Upstream::saying("old").await, Upstream::saying("new").await);
    publish(&place, 1, &[old.address]).await;
    let mut client = Client::connect(router.address).await;
    assert_eq!(client.get("app.localhost", "/").await.text, "old");
    assert_eq!(old.open(), 1);
    publish(&place, 2, &[new.address]).await;
    until(async || old.open() == 0).await;
    assert_eq!(client.get("app.localhost", "/").await.text, "new");
    router.stop().await;
}

#[tokio::test]
async fn unused_upstream_connections_are_closed_after_a_time() {
    let place = Place::new();
    let mut settings = place.settings();
    settings.timeouts.pool_idle = std::time::Duration::from_millis(50);
    let router = RunningRouter::start(settings);
    let upstream = Upstream::saying("hi").await;
    publish(&place, 1, &[upstream.address]).await;
    assert_eq!(get(router.address, "app.localhost", "/").await.text, "hi");
    until(async || upstream.open() == 0).await;
    assert_eq!(get(router.address, "app.localhost", "/").await.text, "hi");
    router.stop().await;
}

/// Answers one request on each connection and closes it without having said so.
async fn closes_after_each_answer() -> (SocketAddr, mpsc::UnboundedReceiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (closed, receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            read_request(&mut stream).await;
            stream.write_all(OK).await.unwrap();
            drop(stream);
            let _ = closed.send(());
        }
    });
    (address, receiver)
}

#[tokio::test]
async fn upstream_that_closes_kept_connections_costs_no_request() {
    let place = Place::new();
    let router = place.start();
    let (address, mut closed) = closes_after_each_answer().await;
    publish(&place, 1, &[address]).await;
    let mut client = Client::connect(router.address).await;
    // At once: the close races with the next request, which may have to be repeated.
    for _ in 0..100 {
        assert_eq!(
            client.get("app.localhost", "/").await.status,
            StatusCode::OK
        );
        within(closed.recv()).await.unwrap();
    }
    // What may not be repeated must find out beforehand that the connection is closed.
    for _ in 0..100 {
        assert_eq!(
            client.post("app.localhost", "data").await.status,
            StatusCode::OK
        );
        within(closed.recv()).await.unwrap();
    }
    router.stop().await;
}

/// Answers the first request of each connection and closes on the second one without an answer.
async fn closes_on_the_second_request() -> (SocketAddr, Arc<AtomicU64>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let requests = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&requests);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            read_request(&mut stream).await;
            counted.fetch_add(1, Ordering::SeqCst);
            stream.write_all(OK).await.unwrap();
            if !read_request(&mut stream).await.is_empty() {
                counted.fetch_add(1, Ordering::SeqCst);
            }
        }
    });
    (address, requests)
}

#[tokio::test]
async fn only_what_may_be_repeated_is_repeated() {
    let place = Place::new();
    let router = place.start();
    let (address, requests) = closes_on_the_second_request().await;
    publish(&place, 1, &[address]).await;
    let mut client = Client::connect(router.address).await;
    assert_eq!(
        client.get("app.localhost", "/").await.status,
        StatusCode::OK
    );
    assert_eq!(
        client.get("app.localhost", "/").await.status,
        StatusCode::OK
    );
    assert_eq!(requests.load(Ordering::SeqCst), 3, "one of them twice");

    assert_eq!(
        client.post("app.localhost", "data").await.status,
        StatusCode::BAD_GATEWAY
    );
    assert_eq!(requests.load(Ordering::SeqCst), 4, "sent once");
    router.stop().await;
}

#[tokio::test]
async fn connections_over_the_limit_wait() {
    let place = Place::new();
    let mut settings = place.settings();
    settings.workers = std::num::NonZeroUsize::new(1);
    settings.max_connections = 1;
    let router = RunningRouter::start(settings);
    let upstream = Upstream::saying("hi").await;
    publish(&place, 1, &[upstream.address]).await;
    let mut first = Client::connect(router.address).await;
    assert_eq!(first.get("app.localhost", "/").await.text, "hi");

    let address = router.address;
    let mut second = tokio::spawn(async move { get(address, "app.localhost", "/").await.text });
    for _ in 0..20 {
        assert_eq!(first.get("app.localhost", "/").await.text, "hi");
    }
    let waited = tokio::time::timeout(std::time::Duration::from_millis(50), &mut second).await;
    assert!(waited.is_err(), "served although the limit was reached");
    drop(first);
    assert_eq!(within(second).await.unwrap(), "hi");
    router.stop().await;
}
