//! Clients of the router's TLS, and certificates that are made as the guide says.

use std::path::Path;
use std::process::Command;

/// Runs a program, which must end well.
#[track_caller]
pub(crate) fn run(program: &str, arguments: &[&str]) -> String {
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

/// Makes a pair for these names in the directory, and gives the certificate's path.
pub(crate) fn make_certificate(directory: &Path, names: &[&str]) -> String {
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
    let names: Vec<String> = names.iter().map(|name| format!("DNS:{name}")).collect();
    let names = format!("subjectAltName={}", names.join(","));
    let of = ["-days", "30", "-subj", "/CN=test", "-addext", &names];
    let plain = ["-addext", "basicConstraints=critical,CA:FALSE"];
    let into = ["-keyout", &key, "-out", &certificate];
    run("openssl", &[&made[..], &of, &plain, &into].concat());
    certificate
}

/// The status and the body that curl gets from this machine for a URL, with the certificate as the one that it trusts.
#[track_caller]
pub(crate) fn curl(certificate: &str, url: &str, more: &[&str]) -> (String, String) {
    let authority = url.split('/').nth(2).expect("a URL");
    let resolve = format!("{authority}:127.0.0.1");
    let usual = ["--silent", "--show-error", "--cacert", certificate];
    let what = ["--resolve", &resolve, "--write-out", "\n%{http_code}", url];
    let said = run("curl", &[&usual[..], &what, more].concat());
    let (body, status) = said.rsplit_once('\n').expect("a status");
    (status.to_owned(), body.to_owned())
}
