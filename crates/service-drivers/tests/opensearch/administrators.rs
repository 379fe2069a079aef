//! Administrators that do and that do not do, and servers that cannot be used.

use std::time::Duration;

use secrecy::ExposeSecret;
use serde_json::json;
use tokio::net::TcpListener;
use windlass_services::{Access, Driver, Endpoint, Error, Tls, password};

use crate::fixture::{Opensearch, spec};
use crate::imposter::{Imposter, answer};
use crate::server::shared;

#[tokio::test]
async fn a_user_who_may_not_administer_is_told_so() {
    let server = shared().await;
    for roles in [&["readall_and_monitor"][..], &[]] {
        let fixture = Opensearch::new(server, server.user(roles, &[]).await);
        let error = fixture.driver.prepare(&fixture.access).await;
        let error = error.expect_err("it may not administer");
        if roles.is_empty() {
            assert!(matches!(error, Error::Unauthorized { .. }), "{error:?}");
        } else {
            assert!(matches!(error, Error::Unsupported { .. }), "{error:?}");
            let remedy = "map it to the role 'all_access'";
            assert!(error.to_string().contains(remedy), "{error}");
        }
        let error = fixture.driver.provision(&fixture.access, &spec()).await;
        let error = error.expect_err("it may not administer");
        assert!(matches!(error, Error::Unauthorized { .. }), "{error:?}");
        assert!(error.to_string().contains("No permission"), "{error}");
    }
}

#[tokio::test]
async fn another_administrator_can_do_the_same() {
    let server = shared().await;
    let fixture = Opensearch::new(server, server.user(&[], &["admin"]).await);
    let prepared = fixture.driver.prepare(&fixture.access).await;
    prepared.expect("an administrator");
    let (spec, binding) = fixture.made().await;
    let tenant = fixture.tenant(&spec, &binding);
    let index = format!("{}-data", crate::fixture::name(spec.instance));
    tenant.write(&index, "key", "value").await.expect("write");
    fixture.destroy(&spec).await;
}

#[tokio::test]
async fn refusals_name_what_is_wrong() {
    let server = shared().await;
    let fixture = Opensearch::new(server, server.administrator.clone());
    let prepare = async |access: Access| {
        let prepared = fixture.driver.prepare(&access).await;
        prepared.expect_err("this access does not work")
    };
    let access = || fixture.access.clone();

    for tls in [Tls::Require, Tls::Verify] {
        let error = prepare(Access { tls, ..access() }).await;
        assert!(matches!(error, Error::Unsupported { .. }), "{error:?}");
        assert!(error.to_string().contains("without TLS"), "{error}");
    }
    let wrong = password::generate();
    let error = prepare(Access {
        password: wrong,
        ..access()
    })
    .await;
    assert!(matches!(error, Error::Unauthorized { .. }), "{error:?}");
    assert!(error.to_string().contains("wrong password"), "{error}");
    let endpoint = Endpoint {
        host: "no-such-host.invalid".to_owned(),
        port: 9200,
    };
    let error = prepare(Access {
        endpoint,
        ..access()
    })
    .await;
    assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
    let place = "no-such-host.invalid:9200";
    assert!(error.to_string().contains(place), "{error}");
}

#[tokio::test]
async fn a_server_that_never_answers_is_unreachable_after_the_time_out() {
    // It accepts the connection, as the kernel does for it, and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let server = shared().await;
    let endpoint = Endpoint {
        host: "127.0.0.1".to_owned(),
        port: silent.local_addr().expect("an address").port(),
    };
    let access = Access {
        endpoint,
        ..server.administrator.clone()
    };
    let fixture = Opensearch::new(server, access);
    let spec = spec();
    let call = fixture.driver.provision(&fixture.access, &spec);
    let answer = tokio::time::timeout(Duration::from_mins(1), call).await;
    let error = answer
        .expect("there is a time-out")
        .expect_err("nobody answers");
    assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
    let words = "gave no answer within 30s";
    assert!(error.to_string().contains(words), "{error}");
}

fn greeting(distribution: Option<&str>, number: &str) -> String {
    let mut version = json!({ "number": number });
    if let Some(distribution) = distribution {
        version["distribution"] = distribution.into();
    }
    answer("200 OK", &json!({ "version": version }).to_string())
}

#[tokio::test]
async fn versions_that_are_not_supported_are_refused() {
    let server = shared().await;
    for (distribution, number, words) in [
        (
            Some("opensearch"),
            "1.3.20",
            "OpenSearch 1.3.20; versions 2.12 to 2.x are supported",
        ),
        (Some("opensearch"), "2.11.1", "OpenSearch 2.11.1;"),
        (Some("opensearch"), "3.0.0", "OpenSearch 3.0.0;"),
        (None, "8.19.0", "Elasticsearch 8.19.0;"),
        (Some("another"), "2.19.0", "another server's 2.19.0;"),
    ] {
        let greeting = greeting(distribution, number);
        let imposter = Imposter::start(&server.administrator, vec![("GET / ", greeting)]).await;
        let fixture = Opensearch::new(server, imposter.access.clone());
        let error = fixture.driver.prepare(&fixture.access).await;
        let error = error.expect_err("not supported");
        assert!(matches!(error, Error::Unsupported { .. }), "{error:?}");
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[tokio::test]
async fn servers_without_a_lock_are_refused() {
    let server = shared().await;
    let own = || greeting(Some("opensearch"), "2.19.4");
    let empty = || answer("200 OK", "{}");
    let locked = || answer("401 Unauthorized", "Unauthorized");
    let looks = |rest: Vec<(&'static str, String)>| {
        let mut answers = vec![
            ("GET /_cat", answer("200 OK", "[]")),
            ("GET /_data_stream", empty()),
            ("GET /_plugins", empty()),
        ];
        answers.extend(rest);
        answers
    };
    let missing = answer(
        "400 Bad Request",
        r#"{"error":"no handler found for uri [/_plugins/_security/api/roles/svc-]"}"#,
    );
    for (answers, words) in [
        (
            vec![("GET /_plugins", missing), ("GET / ", own())],
            "it has no security plugin that works: no handler found",
        ),
        (
            looks(vec![("GET / ", own())]),
            "it answers without a password",
        ),
        (
            // "admin:admin", and nobody.
            looks(vec![
                ("Basic YWRtaW46YWRtaW4=", own()),
                ("Basic ", own()),
                ("GET / ", locked()),
            ]),
            "the user 'admin' logs in with the password that everybody knows",
        ),
    ] {
        let imposter = Imposter::start(&server.administrator, answers).await;
        let fixture = Opensearch::new(server, imposter.access.clone());
        let error = fixture.driver.prepare(&fixture.access).await;
        let error = error.expect_err("everybody can come in");
        assert!(matches!(error, Error::Unsupported { .. }), "{error:?}");
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[tokio::test]
async fn another_program_at_the_address_is_not_taken_for_an_empty_server() {
    let server = shared().await;
    let moved = "HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n";
    for (wrong, unreachable) in [
        (answer("404 Not Found", "<h1>Not Found</h1>"), false),
        (answer("200 OK", "<h1>Welcome</h1>"), false),
        (moved.to_owned(), false),
        ("SSH-2.0-OpenSSH_9.2\r\n".to_owned(), true),
        (answer("503 Service Unavailable", ""), true),
    ] {
        let imposter = Imposter::start(&server.administrator, vec![("HTTP/1.1", wrong)]).await;
        let fixture = Opensearch::new(server, imposter.access.clone());
        let spec = spec();
        let (driver, access) = (&fixture.driver, &fixture.access);
        for result in [
            driver.destroy(access, spec.instance).await,
            driver.unbind(access, spec.instance, 1).await,
            driver.provision(access, &spec).await,
            driver.prepare(access).await,
        ] {
            let error = result.expect_err("this is no OpenSearch");
            let is_unreachable = matches!(error, Error::Unreachable { .. });
            assert_eq!(is_unreachable, unreachable, "{error:?}");
        }
    }
}

#[tokio::test]
async fn the_server_keeps_no_password_and_lets_no_other_node_in() {
    let server = shared().await;
    let password = server.administrator.password.expose_secret();
    for file in ["/proc/1/environ", "/proc/1/cmdline"] {
        let text = server.exec(&["cat", file]);
        assert!(text.contains("opensearch"), "{file} is the server's");
        assert!(!text.contains(password), "{file} holds the password");
    }
    let search = format!("grep -rlF {password} /usr/share/opensearch/config || true");
    let found = server.exec(&["sh", "-c", &search]);
    assert_eq!(found, "", "only its hash is there");
    let modes = server.exec(&[
        "sh",
        "-c",
        "cd /usr/share/opensearch/config; stat -c %a *.p12 opensearch.yml",
    ]);
    assert!(
        modes.split_whitespace().all(|mode| mode == "600"),
        "{modes}"
    );
    // 9300 in hexadecimal, listening: at the loopback address alone.
    let sockets = server.exec(&[
        "sh",
        "-c",
        "cat /proc/net/tcp /proc/net/tcp6 | grep ':2454 ' | grep ' 0A '",
    ]);
    let is_local = |line: &str| line.contains("0100007F:2454");
    assert!(sockets.lines().all(is_local), "{sockets}");
}
