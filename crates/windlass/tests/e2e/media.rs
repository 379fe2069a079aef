//! What everybody may read of object storage, by its own name and by a user's domain, through the router.

use std::time::Duration;

use crate::support::app::App;
use crate::support::http::{self, Answer};
use crate::support::installation::Installation;
use crate::support::wait;

const DOCKERFILE: &str = include_str!("types/Dockerfile");
const APP: &str = include_str!("types/app.py");
/// Two passes of what keeps the routes, on a busy machine.
const ROUTED: Duration = Duration::from_mins(1);
const DOMAIN: &str = "media.example.com";

fn app<'a>(on: &'a Installation, slug: &str) -> App<'a> {
    let app = App::empty(on, slug, &[]);
    app.write("Dockerfile", DOCKERFILE);
    app.write("app.py", APP);
    app.push_version("1");
    app
}

/// Puts an object with a link that the application has signed, by the bucket's name for signed requests.
fn upload(on: &Installation, app: &App<'_>, content: &[u8]) {
    let port = on.sites().port();
    let links = app.ask("test", &format!("/upload/{port}")).json();
    let link = links["DEFAULT_STORAGE_DSN"].as_str().expect("a link");
    let rest = link.strip_prefix("http://").expect("a link");
    let (host, path) = rest.split_once('/').expect("a path");
    wait::until("the bucket is routed", ROUTED, || {
        http::once(on.sites(), "PUT", &format!("/{path}"), host, &[], content)
            .ok()
            .filter(|answer| answer.status == 200)
    });
}

#[test]
fn media_is_public_by_its_names_until_it_is_private_again() {
    let on = Installation::start();
    let (shop, other) = (app(&on, "shop"), app(&on, "other"));
    shop.windlass(&["service", "add", "s3-2.5-shared", "--public"])
        .good();
    other.windlass(&["service", "add", "s3-2.5-shared"]).good();
    for (app, content) in [(&shop, b"a picture"), (&other, b"a private")] {
        app.deploy("test");
        upload(&on, app, content);
    }
    let variable = |app: &App<'_>, name: &str| {
        let found = app.variable("test", &format!("DEFAULT_STORAGE_{name}"));
        found.unwrap_or_else(|| panic!("{name} is given"))
    };
    let (mine, others) = (variable(&shop, "BUCKET"), variable(&other, "BUCKET"));
    let host = variable(&shop, "CUSTOM_DOMAIN");
    assert_eq!(host, format!("{mine}.media.local.localhost"));
    let ask = |method: &str, host: &str, path: &str| -> Answer {
        http::once(on.sites(), method, path, host, &[], b"").expect("an answer")
    };

    let seen = ask("GET", &host, "/kept");
    assert_eq!((seen.status, seen.text().as_str()), (200, "a picture"));
    // Neither a list, nor a change, nor another's.
    for (method, host, path) in [
        ("GET", host.as_str(), "/"),
        ("GET", &host, "/?list-type=2"),
        ("PUT", &host, "/kept"),
        ("DELETE", &host, "/kept"),
        ("GET", &host, &format!("/{others}/kept")),
        ("GET", &host, &format!("/../{others}/kept")),
        ("GET", &format!("{others}.media.local.localhost"), "/kept"),
        ("GET", &format!("{mine}.s3.local.localhost"), "/kept"),
        ("GET", &format!("{others}.s3.local.localhost"), "/kept"),
        ("GET", &mine, "/kept"),
        ("GET", &others, "/kept"),
        ("GET", DOMAIN, "/kept"),
    ] {
        let answer = ask(method, host, path);
        let text = answer.text();
        assert!((400..500).contains(&answer.status), "{host}{path}: {text}");
        assert!(!text.contains("a picture") && !text.contains("a private"));
    }

    // A domain of the user's, at once; nobody else's then.
    let set =
        |app: &App<'_>, domain: &str| app.windlass(&["service", "set-domain", "DEFAULT", domain]);
    set(&other, DOMAIN).refused(1, &["set-public"]);
    let other_is = |verb: &str| other.windlass(&["service", verb, "DEFAULT"]).good();
    other_is("set-public");
    set(&shop, "Media.Example.com").good();
    let taken = set(&other, DOMAIN).refused(1, &["is taken"]);
    assert!(!taken.contains("shop"), "{taken}");
    other_is("set-private");
    for host in [DOMAIN, "MEDIA.example.com", "media.example.com:8080"] {
        assert_eq!(ask("GET", host, "/kept").text(), "a picture", "{host}");
    }
    assert_eq!(
        variable(&shop, "CUSTOM_DOMAIN"),
        host,
        "not before it is deployed"
    );
    shop.deploy("test");
    assert_eq!(variable(&shop, "CUSTOM_DOMAIN"), DOMAIN);
    let dsn = variable(&shop, "DSN");
    assert!(dsn.contains(&format!("domain={DOMAIN}&")), "{DOMAIN}");

    // Nothing is left of it when the command has ended.
    shop.windlass(&["service", "set-private", "DEFAULT"]).good();
    for host in [DOMAIN, &host] {
        let answer = ask("GET", host, "/kept");
        assert_eq!(answer.status, 404, "{host}: {}", answer.text());
    }
    let kept = shop.ask("test", "/").json();
    assert_eq!(
        kept["DEFAULT_STORAGE_DSN"], "a picture",
        "it has all it had"
    );

    // As before, with its domain; and gone with the instance.
    shop.windlass(&["service", "set-public", "DEFAULT"]).good();
    for host in [DOMAIN, &host] {
        assert_eq!(ask("GET", host, "/kept").text(), "a picture", "{host}");
    }
    shop.windlass(&["service", "unset-domain", "DEFAULT"])
        .good();
    assert_eq!(ask("GET", DOMAIN, "/kept").status, 404);
    shop.windlass(&["service", "detach", "DEFAULT"]).good();
    shop.deploy("test");
    shop.windlass(&["service", "remove", "DEFAULT", "--yes"])
        .good();
    assert_eq!(ask("GET", &host, "/kept").status, 404);
}
