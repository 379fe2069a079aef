//! What tenants may not do, and what they do must not stand in the way of revoking.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::{Method, StatusCode};
use lapin::BasicProperties;
use lapin::options::{BasicGetOptions, BasicPublishOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use windlass_services::{Driver, InstanceSpec};

use crate::amqp::{Amqp, parse};
use crate::fixture::{Rabbitmq, name, value};
use crate::server::shared;

#[tokio::test]
async fn the_management_api_is_closed_to_tenants() {
    let server = shared().await;
    let fixture = Rabbitmq::new(server, server.administrator.clone());
    let (spec, binding) = fixture.made().await;
    let name = name(spec.instance);
    let user = format!("{name}-1");
    let own = (user.as_str(), binding.password.expose_secret());
    let policy = json!({ "pattern": ".*", "definition": { "max-length": 1 } });
    for (method, path, body) in [
        (Method::GET, "whoami".to_owned(), Value::Null),
        (Method::GET, "vhosts".to_owned(), Value::Null),
        (Method::GET, "users".to_owned(), Value::Null),
        (Method::DELETE, format!("vhosts/{name}"), Value::Null),
        (
            Method::DELETE,
            format!("vhost-limits/{name}/max-connections"),
            Value::Null,
        ),
        (Method::PUT, format!("policies/{name}/mine"), policy),
        (
            Method::PUT,
            format!("users/{user}"),
            json!({ "password": "x", "tags": "administrator" }),
        ),
    ] {
        let (status, answer) = server.ask(own, method, &path, body).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{path}: {answer}");
    }
    fixture.destroy(&spec).await;
}

#[tokio::test]
async fn queues_have_limits_that_a_tenant_cannot_lift() {
    let server = shared().await;
    let fixture = Rabbitmq::new(server, server.administrator.clone());
    let (spec, binding) = fixture.made().await;
    let name = name(spec.instance);
    let limits = server.look(&format!("vhost-limits/{name}")).await;
    let expected = json!({ "max-connections": 20, "max-queues": 1000 });
    assert_eq!(limits[0]["value"], expected, "{limits}");

    // As few as can be tried.
    let policy =
        json!({ "pattern": ".*", "definition": { "max-length-bytes": 10 }, "apply-to": "queues" });
    server
        .put(&format!("operator-policies/{name}/windlass"), policy)
        .await;
    server
        .put(
            &format!("vhost-limits/{name}/max-queues"),
            json!({ "value": 1 }),
        )
        .await;
    let tenant = fixture.tenant(&spec, &binding).await;
    let channel = tenant.channel().await.expect("a channel");
    let mut more = FieldTable::default();
    more.insert("x-max-length-bytes".into(), AMQPValue::LongLongInt(1 << 40));
    let declared = channel
        .queue_declare("large".into(), QueueDeclareOptions::durable(), more)
        .await;
    declared.expect("it may say so");
    for message in ["12345678", "abcdefgh"] {
        let sent = channel
            .basic_publish(
                "".into(),
                "large".into(),
                BasicPublishOptions::default(),
                message.as_bytes(),
                BasicProperties::default(),
            )
            .await;
        sent.expect("it is sent");
    }
    let got = channel
        .basic_get("large".into(), BasicGetOptions::default())
        .await;
    let got = got.expect("an answer").expect("the newest message is kept");
    assert_eq!(got.delivery.data, b"abcdefgh", "the oldest has gone");
    let declared = channel
        .queue_declare(
            "another".into(),
            QueueDeclareOptions::durable(),
            FieldTable::default(),
        )
        .await;
    let refused = declared.expect_err("one queue is the limit").to_string();
    assert!(refused.contains("queue limit"), "{refused}");
    // What was changed by hand is set again.
    fixture
        .driver
        .provision(&fixture.access, &spec)
        .await
        .expect("provision");
    let limits = server.look(&format!("vhost-limits/{name}")).await;
    assert_eq!(limits[0]["value"], expected, "{limits}");
    fixture.destroy(&spec).await;
}

#[tokio::test]
async fn one_that_connects_all_the_time_is_shut_out_by_unbind() {
    let server = shared().await;
    let fixture = Rabbitmq::new(server, server.administrator.clone());
    let (spec, binding) = fixture.made().await;
    let url = value(&fixture.variables(&spec, &binding), "BROKER_URL").to_owned();
    let (revoked, late) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicBool::new(false)),
    );
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let (url, revoked, late) = (url.clone(), Arc::clone(&revoked), Arc::clone(&late));
            tokio::spawn(async move {
                let mut open = Vec::new();
                loop {
                    let begins_late = revoked.load(Ordering::SeqCst);
                    match Amqp::connect(parse(&url)).await {
                        Ok(connection) => {
                            late.fetch_or(begins_late, Ordering::SeqCst);
                            open.push(connection);
                        }
                        Err(_) if begins_late => return open,
                        Err(_) => {}
                    }
                    open.truncate(2);
                }
            })
        })
        .collect();
    let tenant = fixture.tenant(&spec, &binding).await;
    fixture
        .driver
        .unbind(&fixture.access, spec.instance, 1)
        .await
        .expect("unbind");
    revoked.store(true, Ordering::SeqCst);
    assert!(!tenant.is_alive().await, "its connections have ended");
    for task in tasks {
        for connection in task.await.expect("the task ends") {
            assert!(!connection.is_alive().await, "all of them");
        }
    }
    assert!(!late.load(Ordering::SeqCst), "none was let in later");
    fixture.destroy(&spec).await;
}

#[tokio::test]
async fn a_client_that_does_not_say_goodbye_is_revoked_all_the_same() {
    let server = shared().await;
    let fixture = Rabbitmq::new(server, server.administrator.clone());
    let (spec, binding) = fixture.made().await;
    let user = format!("{}-1", name(spec.instance));
    let mut deaf = deaf(&fixture, &spec, &user, binding.password.expose_secret()).await;
    let usage = fixture.driver.usage(&fixture.access, spec.instance).await;
    assert_eq!(usage.expect("usage").connections, 1);
    let begin = Instant::now();
    fixture
        .driver
        .unbind(&fixture.access, spec.instance, 1)
        .await
        .expect("unbind");
    println!("a deaf client is gone after {:?}", begin.elapsed());
    // The server has closed the connection, after words that this client did not heed.
    let mut rest = Vec::new();
    let ended = timeout(Duration::from_secs(10), deaf.read_to_end(&mut rest)).await;
    assert!(ended.is_ok(), "the connection has ended");
    fixture.destroy(&spec).await;
}

/// A connection by hand, which never answers again once it is open.
async fn deaf(fixture: &Rabbitmq, spec: &InstanceSpec, user: &str, password: &str) -> TcpStream {
    let address = windlass_services::conformance::Fixture::applications(fixture);
    let mut connection = TcpStream::connect((address.host.as_str(), address.port))
        .await
        .expect("a connection");
    connection
        .write_all(b"AMQP\0\0\x09\x01")
        .await
        .expect("the header is sent");
    next(&mut connection, (10, 10)).await;
    let mut start_ok = vec![0, 10, 0, 11, 0, 0, 0, 0];
    short_text(&mut start_ok, "PLAIN");
    let answer = format!("\0{user}\0{password}");
    start_ok.extend(u32::try_from(answer.len()).expect("short").to_be_bytes());
    start_ok.extend(answer.as_bytes());
    short_text(&mut start_ok, "en_US");
    send(&mut connection, &start_ok).await;
    next(&mut connection, (10, 30)).await;
    // No channels beyond the server's own limit, frames of 128 KiB, no heartbeat.
    send(
        &mut connection,
        &[0, 10, 0, 31, 0x07, 0xff, 0, 2, 0, 0, 0, 0],
    )
    .await;
    let mut open = vec![0, 10, 0, 40];
    short_text(&mut open, &name(spec.instance));
    open.extend([0, 0]);
    send(&mut connection, &open).await;
    next(&mut connection, (10, 41)).await;
    connection
}

fn short_text(frame: &mut Vec<u8>, text: &str) {
    frame.push(u8::try_from(text.len()).expect("short"));
    frame.extend(text.as_bytes());
}

/// A method in a frame of channel 0.
async fn send(connection: &mut TcpStream, method: &[u8]) {
    let mut frame = vec![1, 0, 0];
    frame.extend(u32::try_from(method.len()).expect("short").to_be_bytes());
    frame.extend(method);
    frame.push(0xce);
    connection
        .write_all(&frame)
        .await
        .expect("the frame is sent");
}

/// Reads a frame with that method.
async fn next(connection: &mut TcpStream, (class, method): (u16, u16)) {
    let mut head = [0; 7];
    connection.read_exact(&mut head).await.expect("a frame");
    let length = u32::from_be_bytes([head[3], head[4], head[5], head[6]]);
    let mut body = vec![0; usize::try_from(length).expect("a length") + 1];
    connection.read_exact(&mut body).await.expect("its body");
    let found = (
        u16::from_be_bytes([body[0], body[1]]),
        u16::from_be_bytes([body[2], body[3]]),
    );
    assert_eq!(found, (class, method), "the server's method");
}
