//! What applications are told, used by the libraries that they use.

use std::process::{Command, Stdio};

use secrecy::ExposeSecret;
use windlass_model::profile::Profile;

use crate::fixture::{Endpoint, binding, name, value, variables};
use crate::server::shared;

#[tokio::test]
async fn the_names_are_those_of_the_field() {
    let server = shared().await;
    let fixture = Endpoint::new(server);
    let spec = fixture.provisioned().await;
    let credential = fixture.credential(&spec, &binding(1)).await;
    let variables = variables(&fixture.driver, &spec, &credential, None);
    let part = |part: &str| value(&variables, &format!("DEFAULT_STORAGE_{part}")).to_owned();
    assert_eq!(part("BUCKET"), name(spec.instance));
    assert_eq!(part("REGION"), "us-east-1");
    assert_eq!(part("ENDPOINT_URL"), server.storage);
    assert_eq!(part("ADDRESSING_STYLE"), "path");
    let (id, bucket) = (part("ACCESS_KEY_ID"), part("BUCKET"));
    let (_, host) = server.storage.split_once("://").expect("a URL");
    let secret = windlass_model::percent::encode(&part("SECRET_ACCESS_KEY"));
    let dsn = format!(
        "s3://{id}:{secret}@{bucket}.{host}/?auth=s3v4&addressing_style=path&acl=private&qs_auth=true\
         &region_name=us-east-1"
    );
    assert_eq!(part("DSN"), dsn);
    let sensitive: Vec<_> = variables
        .iter()
        .filter(|variable| variable.is_sensitive)
        .map(|variable| variable.name.to_string())
        .collect();
    let wanted = ["DEFAULT_STORAGE_DSN", "DEFAULT_STORAGE_SECRET_ACCESS_KEY"];
    assert_eq!(sensitive, wanted);
    fixture.destroy(&spec).await;
}

/// boto3 as an application configures it from the parts, and by the environment alone.
#[tokio::test]
async fn python_writes_reads_and_is_refused() {
    let fixture = Endpoint::new(shared().await);
    let spec = fixture.provisioned().await;
    let credential = fixture.credential(&spec, &binding(1)).await;
    let here = concat!(env!("CARGO_MANIFEST_DIR"), "/tests");
    let libraries = format!("{here}/../../../scripts/prepare-libraries");
    let python = Command::new(libraries).output().expect("it can be run");
    assert!(python.status.success(), "the libraries are made ready");
    let python = String::from_utf8(python.stdout).expect("a path");
    let variables = variables(&fixture.driver, &spec, &credential, Some(Profile::Aws));
    let ended = Command::new(python.trim())
        .arg(format!("{here}/support/s3.py"))
        .envs(variables.iter().map(|variable| {
            let value = variable.value.expose_secret().to_owned();
            (variable.name.to_string(), value)
        }))
        .stdin(Stdio::null())
        .output()
        .expect("python runs");
    let (out, err) = (
        String::from_utf8_lossy(&ended.stdout),
        String::from_utf8_lossy(&ended.stderr),
    );
    assert!(ended.status.success(), "{out}{err}");
    assert_eq!(
        out.trim(),
        "written, read, listed, linked, in parts, refused, by the environment"
    );
    fixture.destroy(&spec).await;
}
