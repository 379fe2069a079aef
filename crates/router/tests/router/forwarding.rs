//! What passes between client and upstream: heads, bodies, framing.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use windlass_delivery::routing::{Route, RouterControl};

use crate::support::{
    Answer, Body, Client, Place, RunningRouter, Upstream, full, get, publish, raw, read_head,
    route, table, within,
};

type Seen = Arc<Mutex<Vec<(String, HeaderMap, Bytes)>>>;

/// An upstream that keeps what it got.
async fn recorder() -> (Upstream, Seen) {
    let seen = Seen::default();
    let kept = Arc::clone(&seen);
    let upstream = Upstream::start(move |request| {
        let kept = Arc::clone(&kept);
        async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await.unwrap().to_bytes();
            let line = format!("{} {}", head.method, head.uri);
            kept.lock().unwrap().push((line, head.headers, body));
            let mut response = Response::new(full("ok"));
            for (name, value) in [
                ("connection", "x-internal"),
                ("x-internal", "1"),
                ("keep-alive", "timeout=5"),
                ("x-stays", "1"),
            ] {
                response.headers_mut().insert(name, value.parse().unwrap());
            }
            response
        }
    })
    .await;
    (upstream, seen)
}

fn channel_body() -> (mpsc::Sender<Bytes>, Body) {
    let (sender, receiver) = mpsc::channel::<Bytes>(1);
    let frames = futures::stream::unfold(receiver, |mut receiver| async move {
        let bytes = receiver.recv().await?;
        Some((Ok(Frame::data(bytes)), receiver))
    });
    (
        sender,
        BodyExt::boxed(StreamBody::new(SyncStream::new(frames))),
    )
}

/// `BoxBody` asks for `Sync`, which an unfolding stream is not; it is only ever polled by one task.
struct SyncStream(Mutex<std::pin::Pin<Box<dyn futures::Stream<Item = Item> + Send>>>);

type Item = Result<Frame<Bytes>, std::convert::Infallible>;

impl SyncStream {
    fn new(stream: impl futures::Stream<Item = Item> + Send + 'static) -> Self {
        Self(Mutex::new(Box::pin(stream)))
    }
}

impl futures::Stream for SyncStream {
    type Item = Item;

    fn poll_next(
        self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Item>> {
        self.0.lock().unwrap().poll_next_unpin(context)
    }
}

#[tokio::test]
async fn forwarding_headers_cannot_be_spoofed() {
    let place = Place::new();
    let router = place.start();
    let (upstream, seen) = recorder().await;
    publish(&place, 1, &[upstream.address]).await;
    let request = Request::get("/x?y=1")
        .header("host", "App.localhost:8080")
        .header("x-forwarded-for", "6.6.6.6")
        .header("x_forwarded_for", "6.6.6.6")
        .header("x-forwarded-proto", "https")
        .header("x-forwarded-host", "evil")
        .header("x-real-ip", "6.6.6.6")
        .header("forwarded", "for=6.6.6.6")
        .header("connection", "x-forwarded-for, x-forwarded-proto, host")
        .body(full(""))
        .unwrap();
    Client::connect(router.address).await.send(request).await;
    {
        let seen = seen.lock().unwrap();
        let (line, headers, _) = &seen[0];
        assert_eq!(line, "GET /x?y=1");
        assert_eq!(headers["host"], "App.localhost:8080");
        assert_eq!(headers["x-forwarded-for"], "127.0.0.1");
        assert_eq!(headers["x-forwarded-proto"], "http");
        assert_eq!(headers["x-forwarded-host"], "App.localhost:8080");
        assert!(!format!("{headers:?}").contains("6.6.6.6"), "{headers:?}");
    }
    router.stop().await;
}

/// An upstream that tells tenants apart by the host is told the table's, whatever the client says.
#[tokio::test]
async fn a_route_says_what_host_its_upstreams_are_told() {
    let place = Place::new();
    let router = place.start();
    let (upstream, seen) = recorder().await;
    let media = Route {
        upstream_host: Some("svc-1".to_owned()),
        ..route("media.example.com", &[upstream.address])
    };
    let own = route("app.localhost", &[upstream.address]);
    let (control, table) = (place.control(), table(1, vec![media, own]));
    within(control.publish(&table)).await.unwrap();
    let mut client = Client::connect(router.address).await;
    for (host, uri) in [
        ("Media.Example.com:8080", "/a"),
        ("app.localhost", "/b"),
        ("media.example.com", "/c"),
        ("app.localhost", "http://media.example.com/d"),
    ] {
        let request = Request::get(uri)
            .header("host", host)
            .header("x-forwarded-host", "svc-2")
            .body(full(""))
            .unwrap();
        assert_eq!(client.send(request).await.status(), StatusCode::OK, "{uri}");
    }
    {
        let seen = seen.lock().unwrap();
        let told = |(line, headers, _): &(String, HeaderMap, Bytes)| {
            let hosts: Vec<_> = headers.get_all("host").iter().cloned().collect();
            assert_eq!(hosts.len(), 1, "{line}");
            assert_ne!(headers["x-forwarded-host"], "svc-2");
            format!("{line} {}", hosts[0].to_str().unwrap())
        };
        let told: Vec<_> = seen.iter().map(told).collect();
        let wanted = [
            "GET /a svc-1",
            "GET /b app.localhost",
            "GET /c svc-1",
            "GET /d svc-1",
        ];
        assert_eq!(told, wanted);
    }
    router.stop().await;
}

#[tokio::test]
async fn forwarding_headers_of_a_trusted_proxy_are_kept() {
    let place = Place::new();
    let mut settings = place.settings();
    settings.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    let router = RunningRouter::start(settings);
    let (upstream, seen) = recorder().await;
    publish(&place, 1, &[upstream.address]).await;
    let request = Request::get("/")
        .header("host", "app.localhost")
        .header("x-forwarded-for", "9.9.9.9")
        .header("x-forwarded-proto", "https")
        .body(full(""))
        .unwrap();
    Client::connect(router.address).await.send(request).await;
    {
        let seen = seen.lock().unwrap();
        assert_eq!(seen[0].1["x-forwarded-for"], "9.9.9.9, 127.0.0.1");
        assert_eq!(seen[0].1["x-forwarded-proto"], "https");
    }
    router.stop().await;
}

#[tokio::test]
async fn hop_by_hop_headers_end_at_the_router() {
    let place = Place::new();
    let router = place.start();
    let (upstream, seen) = recorder().await;
    publish(&place, 1, &[upstream.address]).await;
    let request = Request::get("/")
        .header("host", "app.localhost")
        .header("connection", "keep-alive, x-hop")
        .header("x-hop", "1")
        .header("keep-alive", "timeout=9")
        .header("te", "trailers")
        .header("proxy-connection", "keep-alive")
        .header("upgrade", "h2c")
        .header("x-stays", "1")
        .body(full(""))
        .unwrap();
    let response = Client::connect(router.address).await.send(request).await;
    for name in ["connection", "x-internal", "keep-alive"] {
        assert!(!response.headers().contains_key(name), "{name}");
    }
    assert_eq!(response.headers()["x-stays"], "1");
    {
        let seen = seen.lock().unwrap();
        let headers = &seen[0].1;
        for name in [
            "connection",
            "x-hop",
            "keep-alive",
            "te",
            "proxy-connection",
            "upgrade",
        ] {
            assert!(!headers.contains_key(name), "{name}");
        }
        assert_eq!(headers["x-stays"], "1");
    }
    router.stop().await;
}

#[tokio::test]
async fn bodies_stream_both_ways_at_once() {
    let place = Place::new();
    let router = place.start();
    // Echoes every frame as it comes, so an answer is there before the request has ended.
    let upstream = Upstream::start(|request: Request<_>| async move {
        let frames = request
            .into_body()
            .into_data_stream()
            .map(|bytes| Ok(Frame::data(bytes.unwrap())));
        Response::new(BodyExt::boxed(StreamBody::new(SyncStream::new(frames))))
    })
    .await;
    publish(&place, 1, &[upstream.address]).await;
    // GET with a body, too: its length is unknown, so it must be passed on as chunked.
    for method in ["POST", "GET"] {
        let (sender, body) = channel_body();
        let request = Request::builder()
            .method(method)
            .uri("/")
            .header("host", "app.localhost")
            .header("transfer-encoding", "chunked")
            .body(body)
            .unwrap();
        let mut client = Client::connect(router.address).await;
        let response = client.send(request).await;
        assert_eq!(response.status(), StatusCode::OK);
        let mut received = response.into_body().into_data_stream();
        for index in 0..50 {
            let sent = Bytes::from(format!("frame {index}"));
            within(sender.send(sent.clone())).await.unwrap();
            assert_eq!(within(received.next()).await.unwrap().unwrap(), sent);
        }
        drop(sender);
        assert!(within(received.next()).await.is_none());
    }
    router.stop().await;
}

#[tokio::test]
async fn large_bodies_arrive_whole() {
    let place = Place::new();
    let router = place.start();
    let (upstream, seen) = recorder().await;
    publish(&place, 1, &[upstream.address]).await;
    let large: Bytes = (0..5_000_000_u32)
        .map(|index| u8::try_from(index % 251).unwrap())
        .collect::<Vec<_>>()
        .into();
    let mut client = Client::connect(router.address).await;
    assert_eq!(client.post("app.localhost", large.clone()).await.text, "ok");
    assert_eq!(client.get("app.localhost", "/").await.text, "ok");
    {
        let seen = seen.lock().unwrap();
        assert_eq!(seen[0].1["content-length"], "5000000");
        assert!(seen[0].2 == large);
    }
    router.stop().await;
}

#[tokio::test]
async fn expect_continue_is_answered_by_the_router() {
    let place = Place::new();
    let router = place.start();
    let (upstream, seen) = recorder().await;
    publish(&place, 1, &[upstream.address]).await;
    let mut stream = TcpStream::connect(router.address).await.unwrap();
    stream
        .write_all(b"POST / HTTP/1.1\r\nHost: app.localhost\r\nContent-Length: 4\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut interim = [0; 25];
    within(stream.read_exact(&mut interim)).await.unwrap();
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"data").await.unwrap();
    let mut answer = String::new();
    within(stream.read_to_string(&mut answer)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    {
        let seen = seen.lock().unwrap();
        assert_eq!(seen[0].2, "data");
        assert!(!seen[0].1.contains_key("expect"));
    }
    router.stop().await;
}

#[tokio::test]
async fn ambiguous_framing_never_reaches_an_upstream_as_two_requests() {
    let place = Place::new();
    let router = place.start();
    let (upstream, seen) = recorder().await;
    publish(&place, 1, &[upstream.address]).await;
    let smuggled = "GET /smuggled HTTP/1.1\r\nHost: app.localhost\r\n\r\n";
    for framing in [
        "Content-Length: 4\r\nContent-Length: 5\r\n",
        "Content-Length: +4\r\n",
        "Content-Length: 4, 5\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding : chunked\r\n",
        "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
    ] {
        let answer = raw(
            router.address,
            &format!("POST / HTTP/1.1\r\nHost: app.localhost\r\n{framing}Connection: close\r\n\r\n0\r\n\r\n{smuggled}"),
        )
        .await;
        let status = answer.get(9..12).unwrap_or_default();
        assert!(["400", "501"].contains(&status), "{framing}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
    }
    assert_eq!(upstream.connections(), 0);

    // Both lengths at once: chunked wins, the other is not passed on, and nothing that follows on the
    // connection is a request (RFC 9112, 6.1).
    for framing in [
        "Content-Length: 60\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 60\r\n",
    ] {
        let answer = raw(
            router.address,
            &format!("POST /both HTTP/1.1\r\nHost: app.localhost\r\n{framing}\r\n4\r\nbody\r\n0\r\n\r\n{smuggled}"),
        )
        .await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
    }
    {
        let seen = seen.lock().unwrap();
        assert_eq!(seen.len(), 2);
        for (line, headers, body) in seen.iter() {
            assert_eq!(line, "POST /both");
            assert!(!headers.contains_key("content-length"));
            assert_eq!(body, "body");
        }
    }
    router.stop().await;
}

#[tokio::test]
async fn heads_that_are_too_large_or_too_slow_are_ended() {
    let place = Place::new();
    let mut settings = place.settings();
    settings.timeouts.request_header = Duration::from_millis(200);
    let router = RunningRouter::start(settings);
    let (upstream, _) = recorder().await;
    publish(&place, 1, &[upstream.address]).await;
    let padding = "a".repeat(80 * 1024);
    let answer = raw(
        router.address,
        &format!("GET / HTTP/1.1\r\nHost: app.localhost\r\nX-Padding: {padding}\r\n\r\n"),
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    // Never completed: `raw` returns only because the router closes the connection.
    raw(router.address, "GET / HTTP/1.1\r\nHost: app").await;
    assert_eq!(upstream.connections(), 0);
    router.stop().await;
}

#[tokio::test]
async fn an_idle_connection_is_closed_but_not_one_that_is_still_answered() {
    let place = Place::new();
    let mut settings = place.settings();
    settings.timeouts.request_header = Duration::from_millis(100);
    let router = RunningRouter::start(settings);
    // Longer than the time-out before the head and before the body's end.
    let upstream = Upstream::start(|_| async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let (sender, body) = channel_body();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(300)).await;
            sender.send(Bytes::from_static(b"late")).await.unwrap();
        });
        Response::new(body)
    })
    .await;
    publish(&place, 1, &[upstream.address]).await;
    let mut stream = TcpStream::connect(router.address).await.unwrap();
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: app.localhost\r\n\r\n")
        .await
        .unwrap();
    let mut answer = String::new();
    // Ends only because the router closes the connection after the answer.
    within(stream.read_to_string(&mut answer)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.ends_with("4\r\nlate\r\n0\r\n\r\n"), "{answer}");
    router.stop().await;
}

#[tokio::test]
async fn silent_upstream_is_a_gateway_timeout_but_a_slow_upload_is_not() {
    let place = Place::new();
    let mut settings = place.settings();
    settings.timeouts.response_header = Duration::from_millis(300);
    let router = RunningRouter::start(settings);

    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    publish(&place, 1, &[silent.local_addr().unwrap()]).await;
    let answer = get(router.address, "app.localhost", "/").await;
    assert_eq!(answer.status, StatusCode::GATEWAY_TIMEOUT);

    let (upstream, seen) = recorder().await;
    publish(&place, 2, &[upstream.address]).await;
    let (sender, body) = channel_body();
    let request = Request::post("/")
        .header("host", "app.localhost")
        .body(body)
        .unwrap();
    let upload = tokio::spawn(async move {
        // Longer than the time-out in all, never that long without a byte. The pace is what is
        // tested, not a wait for something.
        for _ in 0..10 {
            tokio::time::sleep(Duration::from_millis(60)).await;
            sender.send(Bytes::from_static(b"x")).await.unwrap();
        }
    });
    let response = Client::connect(router.address).await.send(request).await;
    assert_eq!(Answer::read(response).await.text, "ok");
    upload.await.unwrap();
    assert_eq!(seen.lock().unwrap()[0].2.len(), 10);
    router.stop().await;
}

/// Answers every connection with these bytes and closes it.
async fn answering(bytes: &'static [u8]) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            read_head(&mut stream).await;
            stream.write_all(bytes).await.unwrap();
        }
    });
    address
}

#[tokio::test]
async fn old_clients_and_old_upstreams_are_served() {
    let place = Place::new();
    let router = place.start();
    let upstream =
        answering(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
            .await;
    publish(&place, 1, &[upstream]).await;
    let answer = raw(
        router.address,
        "GET / HTTP/1.0\r\nHost: app.localhost\r\n\r\n",
    )
    .await;
    assert!(answer.starts_with("HTTP/1.0 200 OK\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\nhello"), "{answer}");

    let upstream = answering(b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nhello").await;
    publish(&place, 2, &[upstream]).await;
    let mut client = Client::connect(router.address).await;
    for _ in 0..3 {
        assert_eq!(client.get("app.localhost", "/").await.text, "hello");
    }
    router.stop().await;
}

#[tokio::test]
async fn an_answer_that_breaks_off_does_not_look_whole() {
    let place = Place::new();
    let router = place.start();
    for (generation, cut) in [
        (
            1,
            &b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"[..],
        ),
        (
            2,
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        ),
    ] {
        publish(&place, generation, &[answering(cut).await]).await;
        let request = Request::get("/")
            .header("host", "app.localhost")
            .body(full(""))
            .unwrap();
        let mut client = Client::connect(router.address).await;
        // The router may notice before it has passed on the head.
        if let Ok(response) = client.try_send(request).await {
            within(response.into_body().collect()).await.unwrap_err();
        }
    }
    router.stop().await;
}
