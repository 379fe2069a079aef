//! WebSocket and other upgrades.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use windlass_delivery::routing::RouterControl;

use crate::support::{Place, Upstream, publish, raw, read_head, within};

/// Accepts one WebSocket handshake and echoes what follows.
pub(crate) async fn echo_server() -> (SocketAddr, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let served = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let head = read_head(&mut stream).await;
        // The first frame comes in the same segment as the answer.
        stream
            .write_all(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\nhello")
            .await
            .unwrap();
        let (mut reading, mut writing) = stream.split();
        tokio::io::copy(&mut reading, &mut writing).await.unwrap();
        head
    });
    (address, served)
}

async fn open(router: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(router).await.unwrap();
    stream
        .write_all(b"GET /chat HTTP/1.1\r\nHost: app.localhost\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k\r\nSec-WebSocket-Version: 13\r\n\r\n")
        .await
        .unwrap();
    let head = read_head(&mut stream).await.to_ascii_lowercase();
    assert!(head.starts_with("http/1.1 101 "), "{head}");
    assert!(head.contains("upgrade: websocket\r\n"), "{head}");
    assert!(head.contains("sec-websocket-accept: x\r\n"), "{head}");
    expect(&mut stream, b"hello").await;
    stream
}

async fn expect(stream: &mut TcpStream, expected: &[u8]) {
    let mut received = vec![0; expected.len()];
    within(stream.read_exact(&mut received)).await.unwrap();
    assert_eq!(received, expected);
}

#[tokio::test]
async fn websocket_echoes_through_the_router() {
    let place = Place::new();
    let router = place.start();
    let (address, served) = echo_server().await;
    publish(&place, 1, &[address]).await;
    let mut stream = open(router.address).await;
    for index in 0..20_u8 {
        let frame = vec![index; 1000 + usize::from(index)];
        stream.write_all(&frame).await.unwrap();
        expect(&mut stream, &frame).await;
    }
    drop(stream);
    let head = within(served).await.unwrap().to_ascii_lowercase();
    assert!(head.contains("connection: upgrade\r\n"), "{head}");
    assert!(head.contains("upgrade: websocket\r\n"), "{head}");
    assert!(head.contains("sec-websocket-key: k\r\n"), "{head}");
    assert!(head.contains("x-forwarded-for: 127.0.0.1\r\n"), "{head}");
    router.stop().await;
}

#[tokio::test]
async fn open_websocket_counts_as_in_flight_and_survives_a_switch() {
    let place = Place::new();
    let router = place.start();
    let (old, served) = echo_server().await;
    publish(&place, 1, &[old]).await;
    let mut stream = open(router.address).await;

    let new = Upstream::saying("new").await;
    publish(&place, 2, &[new.address]).await;
    let control = place.control();
    let drained = within(control.drain(&[old], Duration::from_millis(30)))
        .await
        .unwrap();
    assert_eq!(drained.in_flight, 1);
    stream.write_all(b"still here").await.unwrap();
    expect(&mut stream, b"still here").await;

    drop(stream);
    within(served).await.unwrap();
    let drained = within(control.drain(&[old], Duration::from_secs(10)))
        .await
        .unwrap();
    assert!(drained.is_complete());
    router.stop().await;
}

#[tokio::test]
async fn unasked_protocol_switch_is_a_bad_gateway() {
    let place = Place::new();
    let router = place.start();
    let (address, _served) = echo_server().await;
    publish(&place, 1, &[address]).await;
    // Cleartext HTTP/2 may not be asked for, so this goes out as an ordinary request.
    let answer = raw(
        router.address,
        "GET / HTTP/1.1\r\nHost: app.localhost\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n\r\n",
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 502 "), "{answer}");
    router.stop().await;
}
