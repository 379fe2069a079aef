//! What everybody may read, and what they may not.

use std::net::SocketAddr;

use http::{Method, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use windlass_model::id::InstanceId;
use windlass_services::{Access, Driver, Error};

use crate::fixture::{Garage, name, spec};
use crate::hostile_tenants::{CORS, WEBSITE};
use crate::s3::send;
use crate::server::{Server, shared};

/// The server at its own address, where all of its ports are.
fn direct(server: &Server) -> Access {
    let mut access = server.administrator.clone();
    access.endpoint.host = server.address();
    access.endpoint.port = 3903;
    access.application_port = 3900;
    access
}

async fn fixture() -> Garage {
    let server = shared().await;
    Garage::new(server, direct(server))
}

/// What somebody without credentials is answered at the web endpoint: status and all else. The request is sent as it
/// is written here.
async fn ask(garage: &Garage, method: &str, host: &str, path: &str) -> (u16, String) {
    let address: SocketAddr = format!("{}:3902", garage.access.endpoint.host)
        .parse()
        .expect("an address");
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {host}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("an answer");
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.split(' ').nth(1).and_then(|code| code.parse().ok());
    (status.expect("a status"), answer)
}

async fn read(garage: &Garage, host: &str, path: &str) -> (u16, String) {
    ask(garage, "GET", host, path).await
}

async fn set_public(garage: &Garage, instance: InstanceId, public: bool) {
    let set = garage.driver.set_public(&garage.access, instance, public);
    set.await.expect("it is set");
}

#[tokio::test]
async fn a_public_bucket_is_read_by_everybody_and_a_private_one_by_nobody() {
    let garage = fixture().await;
    let (mine, own) = garage.made().await;
    let (theirs, other) = garage.made().await;
    let (tenant, victim) = (garage.tenant(&mine, &own), garage.tenant(&theirs, &other));
    for (s3, what) in [(&tenant, "mine"), (&victim, "theirs")] {
        assert!(s3.put("a/key", what).await.status.is_success());
    }
    let (bucket, others) = (name(mine.instance), name(theirs.instance));
    for host in [&bucket, &others] {
        assert_eq!(
            read(&garage, host, "/a/key").await.0,
            404,
            "private as made"
        );
    }

    // Twice is as well as once.
    for _ in 0..2 {
        set_public(&garage, mine.instance, true).await;
    }
    let (status, answer) = read(&garage, &bucket, "/a/key").await;
    assert_eq!(status, 200, "{answer}");
    assert!(answer.ends_with("mine"), "{answer}");
    let (status, answer) = ask(&garage, "HEAD", &bucket, "/a/key").await;
    assert_eq!(status, 200, "{answer}");
    assert!(
        answer.to_lowercase().contains("content-length: 4"),
        "{answer}"
    );

    // No list of it, and nothing of the other, by whatever path or host.
    for (host, path) in [
        (bucket.as_str(), "/"),
        (&bucket, "/?list-type=2"),
        (&bucket, "/a/"),
        (&bucket, &format!("/{others}/a/key")),
        (&bucket, &format!("/../{others}/a/key")),
        (&bucket, &format!("/%2e%2e/{others}/a/key")),
        (&bucket, &format!("/..%2f{others}/a/key")),
        (&bucket, &format!("//{others}/a/key")),
        (&others, "/a/key"),
        (&others, &format!("/{bucket}/a/key")),
        (&format!("{others}.s3.garage.localhost"), "/a/key"),
        (&format!("{bucket}.{others}"), "/a/key"),
        (&format!("{others}:80"), "/a/key"),
        ("", "/a/key"),
        ("*", "/a/key"),
    ] {
        let (status, answer) = read(&garage, host, path).await;
        assert!((400..500).contains(&status), "{host} {path}: {answer}");
        for hidden in ["theirs", "mine", "<Key>"] {
            assert!(!answer.ends_with(hidden), "{host} {path}: {answer}");
        }
    }
    let absolute = format!("http://{others}/a/key");
    let (_, answer) = read(&garage, &bucket, &absolute).await;
    assert!(!answer.contains("theirs"), "{answer}");

    // Reading is all.
    for method in ["PUT", "POST", "DELETE", "PATCH"] {
        let (status, answer) = ask(&garage, method, &bucket, "/a/key").await;
        assert!((400..500).contains(&status), "{method}: {answer}");
    }
    assert_eq!(tenant.get("a/key").await.body, "mine");

    // S3 itself goes on refusing whoever has no key.
    let mut anonymous = tenant.endpoint();
    for path in [format!("/{bucket}/a/key"), format!("/{bucket}")] {
        anonymous.set_path(&path);
        let answer = send(Method::GET, anonymous.clone(), "").await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{answer:?}");
    }

    for _ in 0..2 {
        set_public(&garage, mine.instance, false).await;
    }
    let (status, answer) = read(&garage, &bucket, "/a/key").await;
    assert_eq!(status, 404, "{answer}");
    assert_eq!(tenant.get("a/key").await.body, "mine");

    // What was public and is removed is gone.
    set_public(&garage, mine.instance, true).await;
    garage.destroy(&mine).await;
    assert_eq!(read(&garage, &bucket, "/a/key").await.0, 404);
    garage.destroy(&theirs).await;
}

#[tokio::test]
async fn a_path_that_ends_in_a_slash_gives_the_page_that_is_there() {
    let garage = fixture().await;
    let (spec, binding) = garage.made().await;
    let tenant = garage.tenant(&spec, &binding);
    set_public(&garage, spec.instance, true).await;
    let bucket = name(spec.instance);
    assert!(
        tenant
            .put("docs/index.html", "page")
            .await
            .status
            .is_success()
    );
    for path in ["/docs/", "/docs/index.html"] {
        let (status, answer) = read(&garage, &bucket, path).await;
        assert_eq!(status, 200, "{path}: {answer}");
        assert!(answer.ends_with("page"), "{path}: {answer}");
    }
    assert_eq!(read(&garage, &bucket, "/").await.0, 404);
    garage.destroy(&spec).await;
}

/// An application's key reads and writes; who may read besides is the platform's to say.
#[tokio::test]
async fn a_tenant_neither_opens_nor_closes_nor_turns_it_elsewhere() {
    let garage = fixture().await;
    let (spec, binding) = garage.made().await;
    let tenant = garage.tenant(&spec, &binding);
    assert!(tenant.put("key", "value").await.status.is_success());
    let bucket = name(spec.instance);
    for public in [false, true] {
        set_public(&garage, spec.instance, public).await;
        for (method, query, body) in [
            (Method::PUT, "website", WEBSITE),
            (Method::DELETE, "website", ""),
            (Method::PUT, "cors", CORS),
            (Method::DELETE, "", ""),
        ] {
            let answer = tenant.bucket_request(method.clone(), query, body).await;
            assert_eq!(
                answer.status,
                StatusCode::FORBIDDEN,
                "{method} {query} {answer:?}"
            );
        }
        let wanted = if public { 200 } else { 404 };
        assert_eq!(read(&garage, &bucket, "/key").await.0, wanted);
        let there = garage.server.bucket(&bucket).await;
        assert_eq!(there["websiteAccess"], public, "{there}");
    }
    garage.destroy(&spec).await;
}

#[tokio::test]
async fn provisioning_again_closes_what_an_earlier_try_opened() {
    let garage = fixture().await;
    let (spec, binding) = garage.made().await;
    let tenant = garage.tenant(&spec, &binding);
    assert!(tenant.put("key", "value").await.status.is_success());
    set_public(&garage, spec.instance, true).await;
    let again = garage.driver.provision(&garage.access, &spec).await;
    again.expect("it is provisioned");
    assert_eq!(read(&garage, &name(spec.instance), "/key").await.0, 404);
    garage.destroy(&spec).await;
}

#[tokio::test]
async fn a_server_without_a_web_endpoint_is_refused_in_words_that_help() {
    let server = shared().await;
    // Nothing listens at the web endpoint's port of this address.
    let garage = Garage::new(server, server.administrator.clone());
    let (spec, _) = garage.made().await;
    let error = garage
        .driver
        .set_public(&garage.access, spec.instance, true)
        .await
        .expect_err("nobody could read it");
    assert!(matches!(error, Error::Unsupported { .. }), "{error:?}");
    assert!(error.to_string().contains("[s3_web]"), "{error}");
    // Closing needs no such endpoint.
    set_public(&garage, spec.instance, false).await;
    garage.destroy(&spec).await;
}

#[tokio::test]
async fn what_is_not_there_or_not_ours_is_not_opened() {
    let garage = fixture().await;
    let absent = spec();
    for public in [true, false] {
        let set = garage
            .driver
            .set_public(&garage.access, absent.instance, public);
        let error = set.await.expect_err("there is none");
        assert!(matches!(error, Error::Missing { .. }), "{error:?}");
    }
    let body = serde_json::json!({ "globalAlias": name(absent.instance) });
    let made = garage.server.post("CreateBucket", body).await;
    let set = garage
        .driver
        .set_public(&garage.access, absent.instance, true);
    let error = set.await.expect_err("it is somebody else's");
    assert!(matches!(error, Error::Conflict { .. }), "{error:?}");
    let there = garage.server.bucket(&name(absent.instance)).await;
    assert_eq!(there["websiteAccess"], false, "{there}");
    let id = made["id"].as_str().expect("an id");
    garage
        .server
        .post(&format!("DeleteBucket?id={id}"), serde_json::Value::Null)
        .await;
}
