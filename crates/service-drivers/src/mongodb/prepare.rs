//! Checking a server.

use bson::{Bson, Document, doc};
use windlass_services::{Access, Error};

use super::flavour::Flavour;
use super::limits::LOOK;
use super::session::{ADMIN, Session, asks_for_login};

/// What the administrator does, in MongoDB's words, to any database or to the server.
const NEEDED: [&str; 15] = [
    "viewUser",
    "createUser",
    "dropUser",
    "changePassword",
    "changeCustomData",
    "grantRole",
    "revokeRole",
    "listDatabases",
    "dropDatabase",
    "insert",
    "update",
    "dropCollection",
    "dbStats",
    "inprog",
    "killAnySession",
];

pub(super) async fn prepare(access: &Access, flavour: Flavour) -> Result<(), Error> {
    let mut session = Session::open(access).await?;
    let build = session.run(LOOK, ADMIN, doc! { "buildInfo": 1 }).await?;
    let mut objection = objection(&build, &session.hello, flavour);
    if objection.is_none() && flavour == Flavour::Mongodb {
        objection = missing_rights(&mut session).await?;
    }
    if objection.is_none() {
        objection = is_open(access).await?;
    }
    let cluster = access.description.clone();
    match objection {
        None => Ok(()),
        Some(reason) => Err(Error::Unsupported { cluster, reason }),
    }
}

/// Why the server cannot be used, if so.
fn objection(build: &Document, hello: &Document, flavour: Flavour) -> Option<String> {
    // FerretDB tells the version of MongoDB that it stands for, and its own beside it: in a field of its own, from
    // version 2 on in a document.
    let ferretdb = build.get_str("ferretdbVersion").ok().or_else(|| {
        let own = build.get_document("ferretdb").ok()?;
        own.get_str("version").ok()
    });
    let (found, version) = if let Some(version) = ferretdb {
        (Flavour::Ferretdb, version.trim_start_matches('v'))
    } else {
        let version = build.get_str("version").unwrap_or("of an unknown version");
        (Flavour::Mongodb, version)
    };
    if found != flavour || !flavour.supports(version) {
        return Some(format!(
            "it runs {} {version}; of {}, {}",
            found.title(),
            flavour.title(),
            flavour.supported()
        ));
    }
    if !hello.get_bool("isWritablePrimary").unwrap_or_default() {
        return Some(
            "it is not the primary of its replica set; name the server that writes".into(),
        );
    }
    None
}

async fn missing_rights(session: &mut Session<'_>) -> Result<Option<String>, Error> {
    let asked = doc! { "connectionStatus": 1, "showPrivileges": true };
    let status = session.run(LOOK, ADMIN, asked).await?;
    let lacking = lacking(&status);
    let user = &session.access.user;
    Ok((!lacking.is_empty()).then(|| {
        format!(
            "the administrator '{user}' may not do {} everywhere; let another one run: \
             db.grantRolesToUser(\"{user}\", [\"root\"])",
            lacking.join(", ")
        )
    }))
}

fn lacking(status: &Document) -> Vec<&'static str> {
    let privileges = status
        .get_document("authInfo")
        .and_then(|info| info.get_array("authenticatedUserPrivileges"));
    let privileges = privileges.map(Vec::as_slice).unwrap_or_default();
    let everywhere = privileges.iter().filter_map(|privilege| {
        let privilege = privilege.as_document()?;
        let resource = privilege.get_document("resource").ok()?;
        let is_everywhere = resource.get_bool("anyResource").unwrap_or_default()
            || resource.get_bool("cluster").unwrap_or_default()
            || resource.get_str("db").is_ok_and(str::is_empty);
        let actions = privilege.get_array("actions").ok()?;
        is_everywhere.then(|| actions.iter().filter_map(Bson::as_str))
    });
    let allowed: Vec<&str> = everywhere.flatten().collect();
    let mut lacking = NEEDED.to_vec();
    lacking.retain(|needed| !allowed.contains(needed) && !allowed.contains(&"anyAction"));
    lacking
}

/// Whether those who give no password can do something: then users mean nothing.
async fn is_open(access: &Access) -> Result<Option<String>, Error> {
    let mut anonymous = Session::open_anonymous(access).await?;
    let asked = doc! { "usersInfo": 1 };
    match anonymous.try_run(LOOK, ADMIN, asked).await {
        Err(failure) if asks_for_login(&failure) => Ok(None),
        Err(failure) => Err(failure.of_command(access)),
        Ok(_) => Ok(Some(
            "it asks nobody for a password; start it with authentication (MongoDB: --auth)".into(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use bson::{Document, doc};

    use super::super::flavour::Flavour::{Ferretdb, Mongodb};
    use super::{NEEDED, lacking, objection};

    fn primary() -> Document {
        doc! { "isWritablePrimary": true }
    }

    #[test]
    fn servers_are_told_apart() {
        let seven = doc! { "version": "7.0.14" };
        assert_eq!(objection(&seven, &primary(), Mongodb), None);
        let ferret = doc! { "version": "7.0.42", "ferretdbVersion": "v1.24.2" };
        assert_eq!(objection(&ferret, &primary(), Ferretdb), None);
        for (build, flavour, words) in [
            (
                &seven,
                Ferretdb,
                "it runs MongoDB 7.0.14; of FerretDB, version 1.24",
            ),
            (
                &ferret,
                Mongodb,
                "it runs FerretDB 1.24.2; of MongoDB, versions 6 and 7",
            ),
            (
                &doc! { "version": "7.0.77", "ferretdb": { "version": "v2.7.0" } },
                Ferretdb,
                "it runs FerretDB 2.7.0",
            ),
            (
                &doc! { "version": "4.4.29" },
                Mongodb,
                "it runs MongoDB 4.4.29",
            ),
            (&doc! {}, Mongodb, "of an unknown version"),
        ] {
            let found = objection(build, &primary(), flavour).expect(words);
            assert!(found.contains(words), "{found}");
        }
        let secondary = doc! { "isWritablePrimary": false };
        let found = objection(&seven, &secondary, Mongodb).expect("a secondary");
        assert!(found.contains("not the primary"), "{found}");
    }

    #[test]
    fn rights_count_where_they_hold_for_all() {
        let of = |privileges: Vec<Document>| {
            lacking(&doc! { "authInfo": { "authenticatedUserPrivileges": privileges } })
        };
        assert_eq!(of(vec![]), NEEDED);
        assert_eq!(lacking(&doc! {}), NEEDED);
        let one =
            doc! { "resource": { "db": "shop", "collection": "" }, "actions": NEEDED.to_vec() };
        assert_eq!(of(vec![one]), NEEDED);
        let (cluster, databases) = NEEDED.split_at(7);
        let all = vec![
            doc! { "resource": { "cluster": true }, "actions": cluster.to_vec() },
            doc! { "resource": { "db": "", "collection": "" }, "actions": databases.to_vec() },
        ];
        assert_eq!(of(all), Vec::<&str>::new());
        let any = doc! { "resource": { "anyResource": true }, "actions": ["anyAction"] };
        assert_eq!(of(vec![any]), Vec::<&str>::new());
    }
}
