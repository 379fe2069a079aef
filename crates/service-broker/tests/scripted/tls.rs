//! Encrypted connections.

use std::sync::Arc;

use rcgen::{CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use windlass_service_broker::{Broker, Failure, Registration};

use crate::fixture::{catalogue, registration, settings};
use crate::script::{Script, json};

/// An authority in PEM, and a server with a certificate of it for that name.
fn authority(name: &str) -> (String, TlsAcceptor) {
    let mut params = CertificateParams::new(Vec::new()).expect("no names");
    params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    let issuer = CertifiedIssuer::self_signed(params, key).expect("an authority");
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new([name.to_owned()]).expect("a name");
    let certificate = params.signed_by(&key, &issuer).expect("a certificate");
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::Pkcs8(key.serialize_der().into()),
        )
        .expect("a server");
    (issuer.pem(), TlsAcceptor::from(Arc::new(config)))
}

async fn fetch(registration: &Registration, tls: TlsAcceptor) -> Result<(), Failure> {
    let script = Script::encrypted([json(200, &catalogue())], tls);
    let broker = Broker::with_dialer(registration, settings(), Arc::clone(&script) as _);
    let fetched = broker.expect("a client").catalogue(None).await;
    match fetched {
        Ok(_) => {
            assert_eq!(script.seen().len(), 1);
            Ok(())
        }
        Err(windlass_service_broker::broker::CatalogueError::Failed(error)) => Err(error.failure),
        Err(other) => panic!("{other}"),
    }
}

#[tokio::test(start_paused = true)]
async fn the_brokers_own_authority_is_trusted_and_no_other() {
    let (pem, tls) = authority("broker.example");
    let (other, _) = authority("broker.example");
    let mut registration = registration("https://broker.example:8443/");
    registration.ca_pem = Some(pem);
    fetch(&registration, tls.clone()).await.expect("trusted");
    for ca_pem in [Some(other), None] {
        registration.ca_pem = ca_pem;
        let failure = fetch(&registration, tls.clone()).await;
        let failure = failure.expect_err("not trusted");
        assert!(matches!(failure, Failure::NotSent(_)), "{failure}");
        assert!(failure.to_string().contains("certificate"), "{failure}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_name_is_checked() {
    let (pem, tls) = authority("another.example");
    let mut registration = registration("https://broker.example/");
    registration.ca_pem = Some(pem);
    let failure = fetch(&registration, tls).await.expect_err("another name");
    assert!(
        failure.to_string().contains("not valid for name"),
        "{failure}"
    );
}

#[tokio::test(start_paused = true)]
async fn addresses_have_certificates_too() {
    let (pem, tls) = authority("10.1.2.3");
    let mut registration = registration("https://10.1.2.3/");
    registration.ca_pem = Some(pem);
    fetch(&registration, tls).await.expect("trusted");
}

#[test]
fn what_is_no_authority_is_refused() {
    for pem in [
        "",
        "no PEM",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ] {
        for url in ["https://broker.example", "http://broker.example"] {
            let mut registration = registration(url);
            registration.ca_pem = Some(pem.to_owned());
            assert!(Broker::new(&registration, settings()).is_err(), "{pem}");
        }
    }
}
