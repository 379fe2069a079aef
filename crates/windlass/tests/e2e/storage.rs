//! Object storage by its public name, through the router.

use std::time::Duration;

use crate::support::app::App;
use crate::support::installation::{Installation, free_address};
use crate::support::{http, tls, wait};

const DOCKERFILE: &str = include_str!("types/Dockerfile");
const APP: &str = include_str!("types/app.py");
/// Two passes of what keeps the routes, on a busy machine.
const ROUTED: Duration = Duration::from_mins(1);

#[test]
fn a_bucket_is_reached_by_its_public_name_with_a_signature_and_not_without() {
    let on = Installation::start();
    let app = App::empty(&on, "shop", &[]);
    app.write("Dockerfile", DOCKERFILE);
    app.write("app.py", APP);
    app.push_version("1");
    for service in ["s3-2.5-shared", "s3-2.5-private"] {
        app.windlass(&["service", "add", service]).good();
        app.windlass(&["service", "provision", "DEFAULT"]).good();
        app.deploy("test");
        let put = app.ask("test", "/put/kept");
        assert_eq!(put.status, 200, "{}", put.text());
        let host = app.variable("test", "DEFAULT_STORAGE_CUSTOM_DOMAIN");
        let host = host.expect("a public name");
        let bucket = app.variable("test", "DEFAULT_STORAGE_BUCKET");
        let bucket = bucket.expect("a bucket");
        assert_eq!(host, format!("{bucket}.s3.local.localhost"));

        let port = on.sites().port();
        let links = app.ask("test", &format!("/link/{port}")).json();
        let link = links["DEFAULT_STORAGE_DSN"].as_str().expect("a link");
        let named = format!("{host}:{port}");
        let path = link.strip_prefix(&format!("http://{named}"));
        let path = path.unwrap_or_else(|| panic!("{link} does not begin with {named}"));
        let get = |path: &str| http::once(on.sites(), "GET", path, &named, &[], b"");
        let answer = wait::until("the bucket is routed", ROUTED, || {
            get(path).ok().filter(|answer| answer.status == 200)
        });
        assert_eq!(answer.text(), "kept");
        let (unsigned, _) = path.split_once('?').expect("a signature");
        assert_eq!(get(unsigned).expect("an answer").status, 403);

        app.windlass(&["service", "detach", "DEFAULT"]).good();
        app.deploy("test");
        assert_eq!(
            get(path).expect("an answer").status,
            403,
            "its key is revoked"
        );
        app.windlass(&["service", "remove", "DEFAULT", "--yes"])
            .good();
        wait::until("the bucket is routed no more", ROUTED, || {
            get(unsigned).ok().filter(|answer| answer.status == 404)
        });
    }
}

#[test]
fn signed_requests_reach_a_bucket_by_tls_at_its_own_name() {
    let domain = "paas.localhost";
    let directory = tempfile::tempdir().expect("a directory");
    let names = [format!("*.{domain}"), format!("*.s3.local.{domain}")];
    let names = names.each_ref().map(String::as_str);
    let certificate = tls::make_certificate(directory.path(), &names);
    let address = free_address();
    let on = Installation::encrypted(domain, address, directory.path());
    let app = App::empty(&on, "shop", &[]);
    app.write("Dockerfile", DOCKERFILE);
    app.write("app.py", APP);
    app.push_version("1");
    app.windlass(&["service", "add", "s3-2.5-shared"]).good();
    app.deploy("test");
    let port = address.port();
    let site = |path: &str| {
        let url = format!("https://shop-test.{domain}:{port}{path}");
        let (status, body) = tls::curl(&certificate, &url, &[]);
        assert_eq!(status, "200", "{body}");
        body
    };
    site("/put/kept");
    let links: serde_json::Value =
        serde_json::from_str(&site(&format!("/link/{port}"))).expect("links");
    let link = links["DEFAULT_STORAGE_DSN"].as_str().expect("a link");
    // What is signed is the name with its port, not how it is spoken to.
    let link = link.replacen("http://", "https://", 1);
    let bucket = app
        .variable("test", "DEFAULT_STORAGE_BUCKET")
        .expect("a bucket");
    assert!(
        link.starts_with(&format!("https://{bucket}.s3.local.{domain}:{port}/")),
        "{link}"
    );
    let body = wait::until("the bucket is routed", ROUTED, || {
        let (status, body) = tls::curl(&certificate, &link, &[]);
        (status == "200").then_some(body)
    });
    assert_eq!(body, "kept");
    let (unsigned, _) = link.split_once('?').expect("a signature");
    assert_eq!(tls::curl(&certificate, unsigned, &[]).0, "403");
}
