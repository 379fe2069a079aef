//! The server that Windlass runs itself.

use std::time::Duration;

use secrecy::SecretString;
use windlass_engine::ImageReference;
use windlass_services::{Error, ServerSpec, Volume};

use super::flavour::Flavour;
use super::session::ADMIN;

/// The user that the server makes at its first start.
const ADMINISTRATOR: &str = "windlass";

/// What FerretDB's one version is called as an image.
const FERRETDB: (&str, &str) = ("1.24", "1.24.2");

/// FerretDB's settings, the administrator apart.
const SETTINGS: [(&str, &str); 8] = [
    ("FERRETDB_HANDLER", "sqlite"),
    ("FERRETDB_SQLITE_URL", "file:/state/"),
    ("FERRETDB_STATE_DIR", "/state"),
    ("FERRETDB_LISTEN_ADDR", ":27017"),
    // Users of its own and SCRAM; without it, everybody is let in.
    ("FERRETDB_TEST_ENABLE_NEW_AUTH", "true"),
    // The administrator is made when this database is not there yet. Users are kept in it as well, so that who
    // drops it has both made again at the next start.
    ("FERRETDB_SETUP_DATABASE", ADMIN),
    // Metrics and profiles, for which no password is asked.
    ("FERRETDB_DEBUG_ADDR", "-"),
    ("FERRETDB_TELEMETRY", "disable"),
];

pub(super) fn spec(
    flavour: Flavour,
    version: &str,
    administrator_password: &SecretString,
) -> Result<ServerSpec, Error> {
    let is_tag = version
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
    if !is_tag || !flavour.supports(version) {
        return Err(Error::Unsupported {
            cluster: format!("{} '{}'", flavour.title(), version.escape_default()),
            reason: flavour.supported().to_owned(),
        });
    }
    let (image, names, path) = match flavour {
        Flavour::Mongodb => (
            format!("mongo:{version}"),
            ["MONGO_INITDB_ROOT_USERNAME", "MONGO_INITDB_ROOT_PASSWORD"],
            "/data/db",
        ),
        Flavour::Ferretdb => {
            let tag = if version == FERRETDB.0 {
                FERRETDB.1
            } else {
                version
            };
            (
                format!("ghcr.io/ferretdb/ferretdb:{tag}"),
                ["FERRETDB_SETUP_USERNAME", "FERRETDB_SETUP_PASSWORD"],
                "/state",
            )
        }
    };
    let secrets = [
        SecretString::from(ADMINISTRATOR),
        administrator_password.clone(),
    ];
    let settings: &[(&str, &str)] = match flavour {
        Flavour::Mongodb => &[],
        Flavour::Ferretdb => &SETTINGS,
    };
    let settings = settings
        .iter()
        .map(|(name, value)| ((*name).to_owned(), SecretString::from(*value)));
    Ok(ServerSpec {
        files: Vec::new(),
        image: ImageReference(image),
        port: 27017,
        command: None,
        environment: names
            .map(str::to_owned)
            .into_iter()
            .zip(secrets)
            .chain(settings)
            .collect(),
        volumes: vec![Volume {
            name: "data".to_owned(),
            path: path.to_owned(),
        }],
        administrator: ADMINISTRATOR.to_owned(),
        // MongoDB starts twice the first time: to make the administrator, and to serve.
        start_deadline: Duration::from_mins(2),
        // A checkpoint of all that is in memory.
        stop_grace: Duration::from_mins(1),
    })
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::{Flavour, spec};

    #[test]
    fn each_flavour_has_its_image() {
        for (flavour, version, image, path) in [
            (Flavour::Mongodb, "7", "mongo:7", "/data/db"),
            (Flavour::Mongodb, "6.0-jammy", "mongo:6.0-jammy", "/data/db"),
            (
                Flavour::Ferretdb,
                "1.24",
                "ghcr.io/ferretdb/ferretdb:1.24.2",
                "/state",
            ),
            (
                Flavour::Ferretdb,
                "1.24.1",
                "ghcr.io/ferretdb/ferretdb:1.24.1",
                "/state",
            ),
        ] {
            let server = spec(flavour, version, &"secret".to_owned().into()).expect("known");
            assert_eq!(server.image.0, image);
            assert_eq!(server.volumes[0].path, path);
        }
    }

    #[test]
    fn nobody_is_let_into_ferretdb_without_a_password() {
        let server = spec(Flavour::Ferretdb, "1.24", &"secret".to_owned().into()).expect("known");
        let is_on = |name: &str, wanted: &str| {
            let found = server.environment.iter().find(|(key, _)| key == name);
            found.is_some_and(|(_, value)| value.expose_secret() == wanted)
        };
        assert!(is_on("FERRETDB_TEST_ENABLE_NEW_AUTH", "true"));
        assert!(is_on("FERRETDB_DEBUG_ADDR", "-"));
    }

    #[test]
    fn other_versions_are_refused() {
        for version in ["", "5", "8", "latest", "7 --privileged", "7/../x"] {
            let error = spec(Flavour::Mongodb, version, &"secret".to_owned().into())
                .expect_err("not supported");
            assert!(
                error.to_string().contains("versions 6 and 7 are supported"),
                "{error}"
            );
        }
        spec(Flavour::Ferretdb, "2.7.0", &"secret".to_owned().into()).expect_err("not supported");
    }
}
