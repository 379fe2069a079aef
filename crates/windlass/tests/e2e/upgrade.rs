//! A database moves to a newer server, as the guide on upgrades says.

use std::process::Command;

use crate::support::app::App;
use crate::support::database::Login;
use crate::support::installation::Installation;
use crate::support::leftovers;

/// What the data moves to. Without the newer version's image, a private server in the place of the shared one.
const VERSION: &str = if cfg!(feature = "long") { "17" } else { "15" };
const GUIDE: &str = include_str!("../../../../docs/guides/services.md");
/// What the guide has its reader run to copy the data.
const COPY: &str = r#"
    docker run --rm --network "container:$WEB" --env-file <(docker exec "$WEB" env | grep _DATABASE_DSN=) \
        postgres:17 bash -c 'set -o pipefail
        pg_dump --format=custom --no-owner --no-privileges --dbname="$DEFAULT_DATABASE_DSN" |
            pg_restore --no-owner --no-privileges --exit-on-error --dbname="$NEW_DATABASE_DSN"'
"#;

#[test]
fn the_data_moves_to_another_server_and_one_deployment_swaps_the_prefixes() {
    let on = Installation::start();
    let app = App::create(&on, "shop");
    app.windlass(&["service", "add", "postgres"]).good();
    app.deploy("test");
    let old = login(&app, "DEFAULT_DATABASE_DSN");
    assert_eq!(version(&old), "15");
    old.sql(
        "CREATE EXTENSION pg_trgm;
         CREATE TABLE kept (n int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, word text);
         CREATE INDEX words ON kept USING gin (word gin_trgm_ops);
         INSERT INTO kept (word) SELECT 'harbour ' || i FROM generate_series(1, 1000) i;
         CREATE VIEW longest AS SELECT word FROM kept ORDER BY length(word) DESC LIMIT 1",
    )
    .expect("the owner's database");

    // Beside the old one, which the site goes on using; a deployment gives the application both.
    let (newer, image) = (
        format!("postgres-{VERSION}-private"),
        format!("postgres:{VERSION}"),
    );
    app.windlass(&["service", "add", &newer, "--prefix", "NEW"])
        .good();
    app.windlass(&["service", "provision", "NEW"]).good();
    let watch = app.watch("test");
    app.deploy("test");
    let new = login(&app, "NEW_DATABASE_DSN");
    assert_ne!(old.server, new.server);
    assert_eq!(version(&new), VERSION);
    assert!(GUIDE.contains(COPY), "the guide says what is done here");
    // The application's own network reaches both servers, and nothing else does.
    let copied = Command::new("bash")
        .args(["-c", &COPY.replace("postgres:17", &image)])
        .env("WEB", app.container("test"))
        .output()
        .expect("bash can be run");
    assert!(copied.status.success(), "{copied:?}");

    app.windlass(&["service", "rename", "DEFAULT", "OLD"])
        .good();
    app.windlass(&["service", "rename", "NEW", "DEFAULT"])
        .good();
    app.windlass(&["service", "detach", "OLD"]).good();
    assert_eq!(
        login(&app, "DEFAULT_DATABASE_DSN").database,
        old.database,
        "nothing changes before the deployment"
    );
    app.deploy("test");
    let now = login(&app, "DEFAULT_DATABASE_DSN");
    assert_eq!((&now.server, &now.database), (&new.server, &new.database));
    assert_eq!(now.sql("SELECT count(*) FROM kept").as_deref(), Ok("1000"));
    assert_eq!(
        now.sql("SELECT word FROM longest").as_deref(),
        Ok("harbour 1000")
    );
    let next = now.sql("INSERT INTO kept (word) VALUES ('one more') RETURNING n");
    let next = next.expect("the owner's database");
    assert_eq!(next.lines().next(), Some("1001"), "the sequence goes on");
    assert_eq!(app.variable("test", "OLD_DATABASE_DSN"), None);
    old.is_refused();
    assert!(watch.end() > 0, "the site answered all the while");

    app.windlass(&["service", "remove", "OLD", "--yes"]).good();
    leftovers::none(&on);
}

fn login(app: &App<'_>, variable: &str) -> Login {
    let url = app.variable("test", variable);
    Login::of(&url.unwrap_or_else(|| panic!("the application has {variable}")))
}

/// The major version of a server.
fn version(login: &Login) -> String {
    let number = login.sql("SHOW server_version").expect("everybody may ask");
    number.split('.').next().unwrap_or_default().to_owned()
}
