//! The variables.

use secrecy::{ExposeSecret, SecretString};
use windlass_model::names::Prefix;
use windlass_service_drivers::mongodb::MongodbDriver;
use windlass_services::{Driver, Endpoint, Tls, VariableRequest};

use crate::commands::{database, spec};

#[test]
fn everything_is_encoded_and_encryption_is_said() {
    let (driver, spec) = (MongodbDriver::mongodb(), spec());
    let name = database(&spec);
    for (tls, end) in [
        (Tls::Off, ""),
        (Tls::Require, "&tls=true&tlsInsecure=true"),
        (Tls::Verify, "&tls=true"),
    ] {
        let variables = driver.variables(&VariableRequest {
            prefix: Prefix::default_prefix(),
            instance: spec.instance,
            generation: 3,
            password: SecretString::from("p@s/:s?w#%+ &=[é]~"),
            endpoint: Endpoint {
                host: "fd00::1".to_owned(),
                port: 27018,
            },
            tls,
            url_scheme: None,
            profile: None,
            media_host: None,
        });
        let found: Vec<_> = variables
            .iter()
            .map(|variable| (variable.name.as_str(), variable.value.expose_secret()))
            .collect();
        let user = format!("{name}_3");
        let url = format!(
            "mongodb://{user}:p%40s%2F%3As%3Fw%23%25%2B%20%26%3D%5B%C3%A9%5D~@[fd00::1]:27018/{name}\
             ?authSource={name}&retryWrites=false{end}"
        );
        let wanted = [
            ("DEFAULT_MONGODB_URL", url.as_str()),
            ("DEFAULT_MONGODB_HOST", "fd00::1"),
            ("DEFAULT_MONGODB_PORT", "27018"),
            ("DEFAULT_MONGODB_NAME", name.as_str()),
            ("DEFAULT_MONGODB_USER", user.as_str()),
            ("DEFAULT_MONGODB_PASSWORD", "p@s/:s?w#%+ &=[é]~"),
            ("MONGODB_URI", url.as_str()),
            ("MONGO_URL", url.as_str()),
            ("SPRING_DATA_MONGODB_URI", url.as_str()),
            ("SPRING_MONGODB_URI", url.as_str()),
        ];
        assert_eq!(found, wanted);
    }
}
