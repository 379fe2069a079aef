//! TLS: which certificate a client gets, what passes through, and what is refused.

use std::io;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{self, AlertDescription, HandshakeKind};
use windlass_delivery::routing::{OwnRoute, RouterControl};
use windlass_router::{Settings, TlsSettings};

use crate::authority::{Authority, connect};
use crate::support::{
    Client, Place, RunningRouter, Upstream, full, get, publish, raw, route, table, until, within,
};
use crate::upgrades::echo_server;

const HOST: &str = "app.localhost";

fn settings(place: &Place, authority: &Authority) -> Settings {
    let mut settings = place.settings();
    let mut tls = TlsSettings::new(
        vec!["127.0.0.1:0".parse().unwrap()],
        authority.directory().to_owned(),
    );
    tls.look_every = Duration::from_millis(5);
    settings.tls = Some(tls);
    settings
}

async fn client(router: &RunningRouter, authority: &Authority) -> Client {
    let stream = connect(router.tls(), HOST, authority.trusting(&["http/1.1"])).await;
    Client::over(stream.unwrap()).await
}

/// What an upstream sees of a request: its forwarding headers.
async fn mirror() -> Upstream {
    Upstream::start(|request| async move {
        let headers = request.headers();
        let names = [
            "host",
            "x-forwarded-proto",
            "x-forwarded-host",
            "x-forwarded-for",
            "forwarded",
        ];
        let seen = names.map(|name| {
            let value = headers.get(name).map(|value| value.to_str().unwrap());
            format!("{name}={}\n", value.unwrap_or("-"))
        });
        Response::new(full(seen.concat()))
    })
    .await
}

fn alert(error: &io::Error) -> Option<AlertDescription> {
    match error.get_ref()?.downcast_ref()? {
        rustls::Error::AlertReceived(alert) => Some(*alert),
        _ => None,
    }
}

/// Runs a program with nothing to read, and gives all that it wrote.
async fn program(name: &str, arguments: &[&str]) -> String {
    let ran = tokio::process::Command::new(name)
        .args(arguments)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let ran = within(ran).await.unwrap();
    format!(
        "{}{}",
        String::from_utf8_lossy(&ran.stdout),
        String::from_utf8_lossy(&ran.stderr)
    )
}

#[tokio::test]
async fn the_certificate_is_that_of_the_name_then_that_of_the_wildcard() {
    let (place, authority) = (Place::new(), Authority::new());
    let wildcard = authority.issue(&["*.paas.example", "paas.example"]);
    let exact = authority.issue(&["shop-live.paas.example"]);
    authority.install("a-wildcard", &wildcard);
    authority.install("shop", &exact);
    let router = RunningRouter::start(settings(&place, &authority));
    for (name, expected) in [
        ("shop-live.paas.example", &exact),
        ("SHOP-live.PAAS.example", &exact),
        ("shop-test.paas.example", &wildcard),
        ("paas.example", &wildcard),
    ] {
        let shown = within(authority.shown(router.tls(), name)).await.unwrap();
        assert_eq!(shown, expected.der, "{name}");
    }
    for name in ["a.b.paas.example", "example", "other.example"] {
        let server = ServerName::try_from(name).unwrap();
        let config = Arc::new(authority.trusting(&[]));
        let stream = TcpStream::connect(router.tls()).await.unwrap();
        let refused = within(TlsConnector::from(config).connect(server, stream)).await;
        let refused = refused.unwrap_err();
        assert_eq!(
            alert(&refused),
            Some(AlertDescription::UnrecognisedName),
            "{name}: {refused}"
        );
    }
    let mut nameless = authority.trusting(&[]);
    nameless.enable_sni = false;
    let refused = within(connect(router.tls(), "paas.example", nameless))
        .await
        .unwrap_err();
    assert_eq!(
        alert(&refused),
        Some(AlertDescription::MissingExtension),
        "{refused}"
    );
    router.stop().await;
}

#[tokio::test]
async fn the_default_pair_is_for_who_names_no_host_that_is_known() {
    let (place, authority) = (Place::new(), Authority::new());
    authority.install("default", &authority.issue(&["fallback.example"]));
    authority.install("shop", &authority.issue(&["shop.example"]));
    let router = RunningRouter::start(settings(&place, &authority));
    let address = router.tls().to_string();
    for (asked, expected) in [
        (&["-servername", "shop.example"][..], "CN = shop.example"),
        (
            &["-servername", "fallback.example"],
            "CN = fallback.example",
        ),
        (&["-servername", "unknown.example"], "CN = fallback.example"),
        (&["-noservername"], "CN = fallback.example"),
    ] {
        let mut arguments = vec!["s_client", "-connect", &address];
        arguments.extend(asked);
        let said = program("openssl", &arguments).await;
        let said = said.replace("CN=", "CN = ");
        assert!(said.contains(expected), "{asked:?}: {said}");
    }
    router.stop().await;
}

#[tokio::test]
async fn requests_pass_with_the_scheme_of_the_connection_and_connections_are_kept() {
    let (place, authority) = (Place::new(), Authority::new());
    authority.install("app", &authority.issue(&[HOST]));
    let router = RunningRouter::start(settings(&place, &authority));
    let upstream = mirror().await;
    publish(&place, 1, &[upstream.address]).await;
    let mut encrypted = client(&router, &authority).await;
    for _ in 0..50 {
        let request = Request::get("/")
            // As it is: signatures of S3 are made over it.
            .header("host", "app.localhost:8443")
            .header("x-forwarded-proto", "http")
            .header("x-forwarded-for", "192.0.2.1")
            .header("forwarded", "proto=http")
            .body(full(""))
            .unwrap();
        let answer = encrypted.send(request).await;
        let text = within(answer.into_body().collect())
            .await
            .unwrap()
            .to_bytes();
        assert_eq!(
            String::from_utf8_lossy(&text),
            "host=app.localhost:8443\nx-forwarded-proto=https\nx-forwarded-host=app.localhost:8443\nx-forwarded-for=127.0.0.1\nforwarded=-\n"
        );
    }
    assert_eq!(upstream.connections(), 1);
    let plain = get(router.address, HOST, "/").await.text;
    assert!(plain.contains("x-forwarded-proto=http\n"), "{plain}");
    router.stop().await;
}

#[tokio::test]
async fn usual_clients_are_served_by_either_version() {
    let (place, authority) = (Place::new(), Authority::new());
    authority.install("app", &authority.issue(&[HOST]));
    let router = RunningRouter::start(settings(&place, &authority));
    let upstream = Upstream::start(|request| async move {
        let body = request.into_body().collect().await.unwrap().to_bytes();
        Response::new(full(format!("{} bytes\n", body.len())))
    })
    .await;
    publish(&place, 1, &[upstream.address]).await;
    let large = authority.file("large");
    std::fs::write(&large, vec![b'x'; 3_000_000]).unwrap();
    let upload = format!("@{}", large.display());
    let trusted = authority.file("authority.pem");
    let resolve = format!("{HOST}:{}:127.0.0.1", router.tls().port());
    let url = format!("https://{HOST}:{}/", router.tls().port());
    for version in [&["--tlsv1.3"][..], &["--tls-max", "1.2"]] {
        let mut arguments = vec![
            "--silent",
            "--show-error",
            "--cacert",
            trusted.to_str().unwrap(),
        ];
        arguments.extend(["--resolve", &resolve, "--data-binary", &upload]);
        // Offers HTTP/2 besides, as it does by itself.
        arguments.extend(["--write-out", "%{http_version} %{http_code}", &url]);
        arguments.extend(version);
        let said = program("curl", &arguments).await;
        assert_eq!(said, "3000000 bytes\n1.1 200", "{version:?}");
    }
    let refused = connect(router.tls(), HOST, authority.trusting(&["h2"])).await;
    let refused = refused.unwrap_err();
    assert_eq!(
        alert(&refused),
        Some(AlertDescription::NoApplicationProtocol),
        "{refused}"
    );
    router.stop().await;
}

#[tokio::test]
async fn sessions_are_resumed_by_any_worker_and_after_a_renewal() {
    let (place, authority) = (Place::new(), Authority::new());
    authority.install("app", &authority.issue(&[HOST]));
    let router = RunningRouter::start(settings(&place, &authority));
    let upstream = Upstream::saying("hi").await;
    publish(&place, 1, &[upstream.address]).await;
    let config = authority.trusting(&["http/1.1"]);
    let mut open = Vec::new();
    for round in 0..6 {
        if round == 3 {
            let renewed = authority.issue(&[HOST]);
            authority.install("app", &renewed);
            until(async || authority.shown(router.tls(), HOST).await.unwrap() == renewed.der).await;
        }
        let stream = connect(router.tls(), HOST, config.clone()).await.unwrap();
        let kind = stream.get_ref().1.handshake_kind();
        let resumed = kind == Some(HandshakeKind::Resumed);
        assert_eq!(resumed, round > 0, "{round}: {kind:?}");
        // The ticket comes with the first answer. Kept open, so that the next one goes to another worker.
        let mut client = Client::over(stream).await;
        assert_eq!(client.get(HOST, "/").await.text, "hi");
        open.push(client);
    }
    router.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn renewals_under_load_lose_no_request() {
    let (place, authority) = (Place::new(), Arc::new(Authority::new()));
    authority.install("app", &authority.issue(&[HOST]));
    let router = RunningRouter::start(settings(&place, &authority));
    let upstream = Upstream::saying("hi").await;
    publish(&place, 1, &[upstream.address]).await;
    let address = router.tls();
    let (stop, served) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicU64::new(0)),
    );
    let load: Vec<_> = (0..4)
        .map(|number| {
            let (stop, served) = (Arc::clone(&stop), Arc::clone(&served));
            let authority = Arc::clone(&authority);
            tokio::spawn(async move {
                let mut kept = None;
                while !stop.load(Ordering::SeqCst) {
                    if number % 2 == 0 || kept.is_none() {
                        let config = authority.trusting(&["http/1.1"]);
                        let stream = connect(address, HOST, config).await.unwrap();
                        kept = Some(Client::over(stream).await);
                    }
                    let answer = kept.as_mut().unwrap().get(HOST, "/").await;
                    assert_eq!(
                        (answer.status, answer.text.as_str()),
                        (StatusCode::OK, "hi")
                    );
                    served.fetch_add(1, Ordering::SeqCst);
                }
            })
        })
        .collect();
    for _ in 0..10 {
        let renewed = authority.issue(&[HOST]);
        authority.install("app", &renewed);
        until(async || authority.shown(address, HOST).await.unwrap() == renewed.der).await;
        let before = served.load(Ordering::SeqCst);
        until(async || served.load(Ordering::SeqCst) > before + 4).await;
    }
    stop.store(true, Ordering::SeqCst);
    for client in load {
        within(client).await.unwrap();
    }
    router.stop().await;
}

#[tokio::test]
async fn handshakes_that_hang_hold_up_nobody_and_are_ended() {
    let (place, authority) = (Place::new(), Authority::new());
    authority.install("app", &authority.issue(&[HOST]));
    let mut settings = settings(&place, &authority);
    settings.workers = NonZeroUsize::new(1);
    settings.timeouts.handshake = Duration::from_millis(500);
    let router = RunningRouter::start(settings);
    let upstream = Upstream::saying("hi").await;
    publish(&place, 1, &[upstream.address]).await;
    let mut hanging = Vec::new();
    // Nothing, the type of a record, and the head of one that never comes.
    for sent in [&b""[..], b"\x16", b"\x16\x03\x01\x02\x00"].repeat(10) {
        let mut stream = TcpStream::connect(router.tls()).await.unwrap();
        stream.write_all(sent).await.unwrap();
        hanging.push(stream);
    }
    assert_eq!(
        client(&router, &authority).await.get(HOST, "/").await.text,
        "hi"
    );
    for mut stream in hanging {
        let mut rest = Vec::new();
        // Ends only because the router closes the connection; an answer is an alert at the most.
        let _ = within(stream.read_to_end(&mut rest)).await;
        assert!(rest.len() <= 7, "{rest:?}");
    }
    router.stop().await;
}

#[tokio::test]
async fn a_handshake_that_hangs_does_not_hold_up_the_stop() {
    let (place, authority) = (Place::new(), Authority::new());
    authority.install("app", &authority.issue(&[HOST]));
    let mut settings = settings(&place, &authority);
    settings.timeouts.handshake = Duration::from_hours(1);
    settings.timeouts.shutdown = Duration::from_hours(1);
    let router = RunningRouter::start(settings);
    let mut hanging = TcpStream::connect(router.tls()).await.unwrap();
    hanging.write_all(b"\x16\x03\x01").await.unwrap();
    until(async || router_connections(&place).await == 1).await;
    router.stop().await;
}

async fn router_connections(place: &Place) -> u64 {
    match place.control().status().await.unwrap() {
        windlass_delivery::routing::RouterState::Running(status) => status.connections,
        windlass_delivery::routing::RouterState::Absent => 0,
    }
}

#[tokio::test]
async fn plain_requests_to_the_port_of_tls_are_told_so() {
    let (place, authority) = (Place::new(), Authority::new());
    authority.install("app", &authority.issue(&[HOST]));
    let router = RunningRouter::start(settings(&place, &authority));
    let upstream = Upstream::saying("hi").await;
    publish(&place, 1, &[upstream.address]).await;
    let body = "x".repeat(10_000);
    for request in [
        "GET / HTTP/1.1\r\nHost: app.localhost\r\n\r\n".to_owned(),
        format!("POST / HTTP/1.1\r\nHost: app.localhost\r\nContent-Length: 10000\r\n\r\n{body}"),
    ] {
        let mut stream = TcpStream::connect(router.tls()).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let mut chunk = [0; 1024];
        // Until it ends the answer: it waits for the client to leave first.
        while let count @ 1.. = within(stream.read(&mut chunk)).await.unwrap() {
            answer.extend_from_slice(&chunk[..count]);
        }
        let answer = String::from_utf8(answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
        assert!(answer.contains("HTTPS"), "{answer}");
    }
    assert_eq!(upstream.connections(), 0);
    // And what is neither.
    let answer = raw_bytes(router.tls(), b"\x00\x01\x02 nothing known").await;
    assert!(
        answer.is_empty() || answer[0] == 21,
        "an alert or nothing: {answer:?}"
    );
    router.stop().await;
}

async fn raw_bytes(router: SocketAddr, sent: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(router).await.unwrap();
    stream.write_all(sent).await.unwrap();
    let mut answer = Vec::new();
    let _ = within(stream.read_to_end(&mut answer)).await;
    answer
}

#[tokio::test]
async fn websockets_pass() {
    let (place, authority) = (Place::new(), Authority::new());
    authority.install("app", &authority.issue(&[HOST]));
    let router = RunningRouter::start(settings(&place, &authority));
    let (address, served) = echo_server().await;
    publish(&place, 1, &[address]).await;
    let config = authority.trusting(&["http/1.1"]);
    let mut stream = connect(router.tls(), HOST, config).await.unwrap();
    stream
        .write_all(b"GET /chat HTTP/1.1\r\nHost: app.localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k\r\nSec-WebSocket-Version: 13\r\n\r\n")
        .await
        .unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\nhello") {
        head.push(within(stream.read_u8()).await.unwrap());
    }
    assert!(head.starts_with(b"HTTP/1.1 101 "));
    for index in 0..20_u8 {
        // Larger than one record of TLS.
        let frame = vec![index; 20_000 + usize::from(index)];
        stream.write_all(&frame).await.unwrap();
        stream.flush().await.unwrap();
        let mut echoed = vec![0; frame.len()];
        within(stream.read_exact(&mut echoed)).await.unwrap();
        assert!(echoed == frame);
    }
    within(stream.shutdown()).await.unwrap();
    let head = within(served).await.unwrap().to_ascii_lowercase();
    assert!(head.contains("x-forwarded-proto: https\r\n"), "{head}");
    router.stop().await;
}

#[tokio::test]
async fn plain_requests_are_sent_to_https_where_there_is_a_certificate() {
    let (place, authority) = (Place::new(), Authority::new());
    authority.install("app", &authority.issue(&[HOST]));
    for (port, shown, trusted) in [(443, "", false), (8443, ":8443", false), (443, "", true)] {
        let mut settings = settings(&place, &authority);
        settings.tls.as_mut().unwrap().redirect_to = Some(port);
        if trusted {
            settings.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
        }
        let router = RunningRouter::start(settings);
        let upstream = mirror().await;
        let hosts = ["app.localhost", "elsewhere.example"];
        let entries = hosts.map(|host| route(host, &[upstream.address]));
        let generation = u64::from(port) + u64::from(trusted) * 10_000;
        within(place.control().publish(&table(generation, entries.into())))
            .await
            .unwrap();

        let moved = get(router.address, "App.localhost:8080", "/a?b=c").await;
        assert_eq!(moved.status, StatusCode::PERMANENT_REDIRECT);
        assert_eq!(
            moved.headers["location"],
            format!("https://app.localhost{shown}/a?b=c")
        );
        let moved = raw(
            router.address,
            "OPTIONS * HTTP/1.1\r\nHost: app.localhost\r\nConnection: close\r\n\r\n",
        )
        .await;
        assert!(
            moved.contains(&format!("location: https://app.localhost{shown}/\r\n")),
            "{moved}"
        );

        // No certificate: a redirect would lead nowhere.
        let answer = get(router.address, "elsewhere.example", "/").await;
        assert_eq!(answer.status, StatusCode::OK);
        let answer = client(&router, &authority).await.get(HOST, "/").await;
        assert_eq!(answer.status, StatusCode::OK);
        // What a client says of its connection counts only from a trusted peer.
        let request = Request::get("/")
            .header("host", HOST)
            .header("x-forwarded-proto", "https")
            .body(full(""))
            .unwrap();
        let answer = Client::connect(router.address).await.send(request).await;
        let expected = if trusted {
            StatusCode::OK
        } else {
            StatusCode::PERMANENT_REDIRECT
        };
        assert_eq!(answer.status(), expected);
        router.stop().await;
    }
}

#[tokio::test]
async fn the_servers_own_hosts_are_routed() {
    let (place, authority) = (Place::new(), Authority::new());
    authority.install("wildcard", &authority.issue(&["*.paas.example"]));
    let router = RunningRouter::start(settings(&place, &authority));
    let upstream = mirror().await;
    let mut table = table(1, vec![route("shop-live.paas.example", &[])]);
    table.own = vec![OwnRoute {
        host: "api.paas.example".to_owned(),
        upstreams: vec![upstream.address],
    }];
    within(place.control().publish(&table)).await.unwrap();
    let config = authority.trusting(&["http/1.1"]);
    let stream = connect(router.tls(), "api.paas.example", config)
        .await
        .unwrap();
    let answer = Client::over(stream)
        .await
        .get("api.paas.example", "/")
        .await;
    assert!(
        answer
            .text
            .starts_with("host=api.paas.example\nx-forwarded-proto=https\n")
    );
    // The table is read again from its file.
    router.stop().await;
    let router = RunningRouter::start(settings(&place, &authority));
    let answer = get(router.address, "api.paas.example", "/").await;
    assert_eq!(answer.status, StatusCode::OK);
    drop(upstream);
    until(async || {
        let away = get(router.address, "api.paas.example", "/").await;
        away.status == StatusCode::BAD_GATEWAY && away.text.contains("The Windlass server")
    })
    .await;
    router.stop().await;
}

#[tokio::test]
async fn a_directory_that_cannot_be_read_is_refused_at_the_start() {
    let (place, authority) = (Place::new(), Authority::new());
    let mut settings = settings(&place, &authority);
    settings.tls.as_mut().unwrap().certificates = authority.file("missing");
    let refused = windlass_router::Router::bind(settings).unwrap_err();
    assert!(
        refused.to_string().contains("missing; make it"),
        "{refused}"
    );
}
