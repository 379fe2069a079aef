//! divio-cli against an installation that it knows by its domain, over TLS: what it can do with a URL, and what it
//! cannot.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};

use crate::divio_templates;
use crate::support::divio::Divio;
use crate::support::installation::Installation;
use crate::support::tls;

const ZONE: &str = "divio.paas.test";

/// An address of this machine that nobody else takes: the client knows no port but that of HTTPS.
fn own_address() -> Ipv4Addr {
    let [high, low, ..] = std::process::id().to_be_bytes()[2..] else {
        unreachable!("a process's number has four bytes")
    };
    Ipv4Addr::new(127, 53, high, low)
}

#[test]
fn a_domain_is_logged_in_to_and_out_of() {
    let files = tempfile::tempdir().expect("a directory");
    let templates = divio_templates::directory(files.path());
    let templates = templates.to_str().expect("a path of the test");
    let certificates = files.path().join("certificates");
    fs::create_dir(&certificates).expect("a directory");
    let certificate = tls::make_certificate(&certificates, &[&format!("*.{ZONE}")]);
    let ip = own_address();
    let on = Installation::at_domain(
        ZONE,
        SocketAddr::from((ip, 443)),
        &certificates,
        &["--templates", templates],
    );
    let divio = Divio::at_domain(&on, ZONE, &ip.to_string(), &certificate);

    let said = divio.run(&["login", "--check"]);
    said.refused(1, &["not logged in"]);
    let said = divio.run(&["login", "wl_wrong"]);
    assert_eq!(said.code, 1, "{}", said.all());
    let said = divio.run(&["login", on.token()]).good();
    assert!(said.contains("Logged in as"), "{said}");
    let netrc = fs::read_to_string(on.user.home.join(".netrc")).expect("it was written");
    for machine in ["control", "api"] {
        assert!(
            netrc.contains(&format!("machine {machine}.{ZONE}")),
            "{netrc}"
        );
    }
    let said = divio.run(&["login", "--check"]).good();
    assert!(said.contains(&format!("to {ZONE}")), "{said}");
    divio.run(&["doctor", "-c", "login"]).good();

    let said = divio.run(&["app-template", "list"]).good();
    assert!(said.contains("shop") && said.contains("A shop"), "{said}");
    let templates = divio.json(&["app-template", "list", "--json"]);
    let url = format!("https://api.{ZONE}/templates/shop.zip");
    assert_eq!(templates[0]["url"], url.as_str(), "{templates}");

    let organisations = divio.json(&["organisations", "list", "--json"]);
    let organisation = organisations[0]["uuid"].as_str().expect("an id");
    let regions = divio.json(&["regions", "list", "--json"]);
    let region = regions[0]["uuid"].as_str().expect("an id");
    let services = divio.json(&["services", "list", "-r", region, "--json"]);
    assert!(services.as_array().is_some_and(|all| all.len() > 10));
    let create = ["app", "create", "-I", "-n", "Shop", "-s", "shop"];
    let place = [
        "-o",
        organisation,
        "-p",
        "standard",
        "-r",
        region,
        "-t",
        &url,
    ];
    let said = divio.run(&[&create[..], &place].concat()).good();
    let made = on.list("/apps/v3/applications/?slug=shop");
    let id = made[0]["uuid"].as_str().expect("an id");
    let dashboard = format!("https://control.{ZONE}/o/{organisation}/app/{id}");
    assert!(said.contains(&dashboard), "{said}");
    let all = divio.json(&[
        "app",
        "service-instances",
        "list",
        "--remote-id",
        id,
        "--json",
    ]);
    assert_eq!(all[0]["service_status"], "NEW", "{all}");
    // Pages follow each other by the name that was asked.
    let said = divio
        .run(&["services", "list", "-r", region, "--limit", "2"])
        .good();
    assert!(said.contains("limit is currently set at 2"), "{said}");

    divio.run(&["logout", "--non-interactive"]).good();
    let netrc = fs::read_to_string(on.user.home.join(".netrc")).expect("a file");
    assert!(!netrc.contains(ZONE), "{netrc}");
    let said = divio.run(&["app", "list"]);
    said.refused(1, &["Invalid token"]);
    let said = divio.run(&["login", "--check"]);
    assert_eq!(said.code, 1, "{}", said.all());
}
