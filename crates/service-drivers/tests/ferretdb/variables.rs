//! The variables, used by pymongo.

use secrecy::SecretString;
use windlass_services::{BindingSpec, Driver};

use crate::fixture::{Ferretdb, binding, database, read, value, write};

#[tokio::test]
async fn a_client_library_logs_in_with_any_password() {
    let ferretdb = Ferretdb::start().await;
    let (spec, _) = ferretdb.made().await;
    let name = database(&spec);
    for (generation, password) in (2..).zip([
        "p@s/:s?w#%+ &=[é]~",
        "%41%2f100%",
        " leading and trailing ",
        "back\\slash\"quote'$",
        "ª\u{ad}Ⅸ which SCRAM normalises",
        "++++日本語",
    ]) {
        let binding = BindingSpec {
            password: SecretString::from(password),
            ..binding(generation)
        };
        let bound = ferretdb.driver.bind(&ferretdb.access, &spec, &binding);
        bound.await.expect("bind");
        let variables = ferretdb.variables(&spec, &binding);
        let url = value(&variables, "DEFAULT_MONGODB_URL");
        for alias in ["MONGODB_URI", "MONGO_URL", "SPRING_DATA_MONGODB_URI"] {
            assert_eq!(value(&variables, alias), url, "{alias}");
        }
        let client = ferretdb.tenant(&spec, &binding);
        let own = value(&variables, "DEFAULT_MONGODB_NAME");
        assert_eq!(own, name);
        write(&client, &own, "key", password).expect("write");
        let found = read(&client, &own, "key").expect("read");
        assert_eq!(found.as_deref(), Some(password));
    }
}
