//! A database moves to a newer server, as the guide on upgrades says.

use crate::support::app::App;
use crate::support::database::Login;
use crate::support::installation::Installation;
use crate::support::{docker, leftovers};

#[test]
fn the_data_moves_to_another_server_and_one_deployment_swaps_the_prefixes() {
    let on = Installation::start();
    let app = App::create(&on, "shop");
    app.windlass(&["service", "add", "postgres"]).good();
    app.deploy("test");
    let old = login(&app, "DEFAULT_DATABASE_DSN");
    old.sql("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
        .expect("the owner's database");

    // Beside the old one, which the site goes on using; a deployment gives the application both.
    app.windlass(&["service", "add", "postgres-15-private", "--prefix", "NEW"])
        .good();
    app.windlass(&["service", "provision", "NEW"]).good();
    let watch = app.watch("test");
    app.deploy("test");
    let new = login(&app, "NEW_DATABASE_DSN");
    assert_ne!(old.server, new.server);
    let dump = format!(
        "pg_dump --format=custom --no-owner --no-privileges --dbname={}",
        url(&old)
    );
    let restore = format!(
        "pg_restore --no-owner --no-privileges --exit-on-error --dbname={}",
        url(&new)
    );
    // The application's own network reaches both servers, and nothing else does.
    docker::run(&[
        "run",
        "--rm",
        "--network",
        &format!("container:{}", app.container("test")),
        "postgres:15",
        "bash",
        "-c",
        &format!("set -o pipefail; {dump} | {restore}"),
    ]);

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

fn url(login: &Login) -> String {
    let Login {
        user,
        password,
        server,
        database,
    } = login;
    format!("postgres://{user}:{password}@{server}/{database}")
}
