//! What applications are told, used by the library that they use.

use std::process::{Command, Stdio};

use secrecy::ExposeSecret;
use windlass_services::Driver;

use crate::fixture::{Azure, binding, name, value, variables};
use crate::server::{ACCOUNT, shared};

#[tokio::test]
async fn the_names_are_those_of_the_field() {
    let fixture = Azure::new(shared().await);
    let spec = fixture.provisioned().await;
    let binding = binding(1);
    let bind = async || {
        let bound = fixture.driver.bind(&fixture.access, &spec, &binding).await;
        bound.expect("bind").expect("a credential")
    };
    let credential = bind().await;
    assert_eq!(credential.expose_secret(), bind().await.expose_secret());
    let variables = variables(&fixture.driver, &spec, &credential);
    let given = |part: &str| value(&variables, &format!("DEFAULT_STORAGE_{part}")).to_owned();
    assert_eq!(given("ACCOUNT_NAME"), ACCOUNT);
    assert_eq!(given("CONTAINER"), name(spec.instance));
    let port = fixture.access.endpoint.port;
    let endpoint = format!("http://127.0.0.1:{port}/{ACCOUNT}");
    assert_eq!(given("ENDPOINT_URL"), endpoint);
    let signature = given("SAS_TOKEN");
    assert!(signature.starts_with("sv="), "no question mark before it");
    assert!(given("DSN").starts_with("az://shop:"));
    let sensitive: Vec<_> = variables
        .iter()
        .filter(|variable| variable.is_sensitive)
        .map(|variable| variable.name.to_string())
        .collect();
    assert_eq!(
        sensitive,
        ["DEFAULT_STORAGE_DSN", "DEFAULT_STORAGE_SAS_TOKEN"]
    );
    fixture.destroy(&spec).await;
}

/// Microsoft's library for Python, as an application configures it from the parts.
#[tokio::test]
async fn python_writes_reads_and_is_refused() {
    let fixture = Azure::new(shared().await);
    let spec = fixture.provisioned().await;
    let bound = fixture
        .driver
        .bind(&fixture.access, &spec, &binding(1))
        .await;
    let credential = bound.expect("bind").expect("a credential");
    let here = concat!(env!("CARGO_MANIFEST_DIR"), "/tests");
    let libraries = format!("{here}/../../../scripts/prepare-libraries");
    let python = Command::new(libraries).output().expect("it can be run");
    assert!(python.status.success(), "the libraries are made ready");
    let python = String::from_utf8(python.stdout).expect("a path");
    let ended = Command::new(python.trim())
        .arg(format!("{here}/azure/application.py"))
        .envs(
            variables(&fixture.driver, &spec, &credential)
                .iter()
                .map(|variable| {
                    let value = variable.value.expose_secret().to_owned();
                    (variable.name.to_string(), value)
                }),
        )
        .stdin(Stdio::null())
        .output()
        .expect("python runs");
    let (out, err) = (
        String::from_utf8_lossy(&ended.stdout),
        String::from_utf8_lossy(&ended.stderr),
    );
    assert!(ended.status.success(), "{out}{err}");
    assert_eq!(out.trim(), "written, read, listed, in blocks, refused");
    fixture.destroy(&spec).await;
}
