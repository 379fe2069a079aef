//! Sites and the API by TLS, with a certificate that is made as the guide says.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::app::App;
use crate::support::installation::{Installation, free_address};

const DOMAIN: &str = "paas.localhost";

/// Runs a program, which must end well.
#[track_caller]
fn run(program: &str, arguments: &[&str]) -> String {
    // What a machine behind a proxy sets would hide what is told here.
    let ran = Command::new(program)
        .args(arguments)
        .env("no_proxy", "*")
        .env_remove("GIT_SSL_CAINFO")
        .output();
    let ran = ran.expect("it can be run");
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert!(ran.status.success(), "{program} {arguments:?}: {said}");
    String::from_utf8(ran.stdout).expect("text")
}

fn make_certificate(directory: &Path) -> String {
    let path = |name: &str| directory.join(name).to_str().expect("a path").to_owned();
    let (key, certificate) = (path("wildcard.key"), path("wildcard.crt"));
    let made = [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
    ];
    let names = format!("subjectAltName=DNS:*.{DOMAIN}");
    let of = ["-days", "30", "-subj", "/CN=test", "-addext", &names];
    let plain = ["-addext", "basicConstraints=critical,CA:FALSE"];
    let into = ["-keyout", &key, "-out", &certificate];
    run("openssl", &[&made[..], &of, &plain, &into].concat());
    certificate
}

#[test]
fn sites_and_the_api_answer_by_tls_with_one_certificate_and_sites_go_on_without_the_server() {
    let directory = tempfile::tempdir().expect("a directory");
    let certificate = make_certificate(directory.path());
    let tls = free_address();
    let mut on = Installation::encrypted(DOMAIN, tls, directory.path());
    let curl = |name: &str, path: &str, more: &[&str]| {
        let port = tls.port();
        let resolve = format!("{name}.{DOMAIN}:{port}:127.0.0.1");
        let url = format!("https://{name}.{DOMAIN}:{port}{path}");
        let usual = ["--silent", "--show-error", "--cacert", &certificate];
        let what = ["--resolve", &resolve, "--write-out", "\n%{http_code}", &url];
        let said = run("curl", &[&usual[..], &what, more].concat());
        let (body, status) = said.rsplit_once('\n').expect("a status");
        (status.to_owned(), body.to_owned())
    };

    let app = App::create(&on, "shop");
    let deployed = app.windlass(&["deploy", "test"]);
    let said = deployed.all();
    deployed.good();
    let url = format!("https://shop-test.{DOMAIN}:{}/", tls.port());
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
    let resolve = format!("http.curloptResolve=api.{DOMAIN}:{}:127.0.0.1", tls.port());
    let trust = format!("http.sslCAInfo={certificate}");
    let from = format!(
        "https://git:{}@api.{DOMAIN}:{}/git/shop.git",
        on.token(),
        tls.port()
    );
    let clone = directory.path().join("clone");
    let into = clone.to_str().expect("a path");
    let verb = ["clone", "--quiet", "--branch", "main", &from, into];
    run(
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
