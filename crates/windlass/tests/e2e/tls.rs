//! Sites and the API by TLS, with a certificate that is made as the guide says.

use std::fs;

use crate::support::app::App;
use crate::support::installation::{Installation, free_address};
use crate::support::tls;

const DOMAIN: &str = "paas.localhost";

#[test]
fn sites_and_the_api_answer_by_tls_with_one_certificate_and_sites_go_on_without_the_server() {
    let directory = tempfile::tempdir().expect("a directory");
    let certificate = tls::make_certificate(directory.path(), &[&format!("*.{DOMAIN}")]);
    let address = free_address();
    let mut on = Installation::encrypted(DOMAIN, address, directory.path());
    let curl = |name: &str, path: &str, more: &[&str]| {
        let url = format!("https://{name}.{DOMAIN}:{}{path}", address.port());
        tls::curl(&certificate, &url, more)
    };

    let app = App::create(&on, "shop");
    let deployed = app.windlass(&["deploy", "test"]);
    let said = deployed.all();
    deployed.good();
    let url = format!("https://shop-test.{DOMAIN}:{}/", address.port());
    assert!(said.contains(&url), "{said}");
    let (status, site) = curl("shop-test", "/", &[]);
    assert_eq!(status, "200", "{site}");
    assert!(
        site.contains("\"version\": \"1\"") || site.contains("\"version\":\"1\""),
        "{site}"
    );

    let token = format!("Authorization: Token {}", on.token());
    for name in ["api", "control"] {
        assert_eq!(curl(name, "/health", &[]).0, "200");
        assert_eq!(curl(name, "/iam/v3/me/", &[]).0, "401");
        let (status, me) = curl(name, "/iam/v3/me/", &["--header", &token]);
        assert_eq!(status, "200", "{me}");
    }

    // git by the same way, with what was pushed.
    let resolve = format!(
        "http.curloptResolve=api.{DOMAIN}:{}:127.0.0.1",
        address.port()
    );
    let trust = format!("http.sslCAInfo={certificate}");
    let from = format!(
        "https://git:{}@api.{DOMAIN}:{}/git/shop.git",
        on.token(),
        address.port()
    );
    let clone = directory.path().join("clone");
    let into = clone.to_str().expect("a path");
    let verb = ["clone", "--quiet", "--branch", "main", &from, into];
    tls::run(
        "git",
        &[&["-c", &resolve, "-c", &trust][..], &verb].concat(),
    );
    assert_eq!(
        fs::read_to_string(clone.join("version")).expect("a file"),
        "1"
    );

    let plain = crate::support::http::once(
        on.sites(),
        "GET",
        "/a?b",
        &format!("shop-test.{DOMAIN}"),
        &[],
        b"",
    );
    let plain = plain.expect("the router answers");
    assert_eq!(plain.status, 308, "{}", plain.text());
    assert_eq!(plain.header("location"), Some(format!("{url}a?b").as_str()));

    on.kill_server();
    assert_eq!(curl("shop-test", "/", &[]).0, "200");
    assert_eq!(curl("api", "/health", &[]).0, "502");
}
