//! Endpoints that are spoken to by TLS.

use secrecy::ExposeSecret;
use tempfile::TempDir;
use tokio_rustls::rustls::RootCertStore;
use windlass_service_drivers::s3_endpoint::S3EndpointDriver;
use windlass_services::{Driver, Error};

use crate::fixture::{binding, spec};
use crate::server::Server;

#[tokio::test]
async fn certificates_are_checked() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("made");
    let directory = TempDir::new().expect("a directory");
    let (certificate, key) = (directory.path().join("cert"), directory.path().join("key"));
    std::fs::write(&certificate, made.cert.pem()).expect("it is written");
    std::fs::write(&key, made.signing_key.serialize_pem()).expect("it is written");
    let text = |path: &std::path::Path| path.to_str().expect("text").to_owned();
    let further = ["--cert", &text(&certificate), "--key", &text(&key)];
    let server = Server::start("https", &further, true);
    let access = &server.administrator;

    let strict = S3EndpointDriver::new();
    let error = strict.prepare(access).await.expect_err("nobody knows it");
    assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
    assert!(error.to_string().contains("certificate"), "{error}");

    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).expect("it is one");
    let driver = S3EndpointDriver::trusting(roots).expect("it is taken");
    driver.prepare(access).await.expect("prepare");
    let spec = spec();
    driver.provision(access, &spec).await.expect("provision");
    let bound = driver.bind(access, &spec, &binding(1)).await;
    let credential = bound.expect("bind").expect("a credential");
    assert!(credential.expose_secret().starts_with("https://"));
    driver
        .destroy(access, spec.instance)
        .await
        .expect("destroy");
}
