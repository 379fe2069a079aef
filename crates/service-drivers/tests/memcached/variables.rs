//! The variables.

use windlass_model::names::Prefix;
use windlass_service_drivers::memcached::{MemcachedDriver, URL_SCHEMES};
use windlass_services::{Driver, Endpoint, Tls, VariableRequest, password};

use crate::fixture::value;

#[test]
fn the_address_is_no_secret() {
    let driver = MemcachedDriver::new();
    let mut request = VariableRequest {
        prefix: Prefix::default_prefix(),
        instance: uuid::Uuid::now_v7().into(),
        generation: 1,
        password: password::generate(),
        endpoint: Endpoint {
            host: "cache".to_owned(),
            port: 11211,
        },
        tls: Tls::Off,
        url_scheme: None,
        profile: None,
        media_host: None,
    };
    let variables = driver.variables(&request);
    assert!(variables.iter().all(|variable| !variable.is_sensitive));
    let url = value(&variables, "DEFAULT_MEMCACHE_URL");
    assert_eq!(url, "memcached://cache:11211");
    for name in ["DEFAULT_MEMCACHE_SERVERS", "MEMCACHE_SERVERS"] {
        assert_eq!(value(&variables, name), "cache:11211");
    }
    for scheme in URL_SCHEMES {
        request.url_scheme = Some(scheme.to_owned());
        let url = value(&driver.variables(&request), "DEFAULT_MEMCACHE_URL");
        assert_eq!(url, format!("{scheme}://cache:11211"));
    }
}
