//! Variables of a binding: all from its credential.

use windlass_services::{Variable, VariableRequest};

use super::credential::{Credential, Key};
use super::names;
use crate::s3::{Given, Style};

pub(super) fn of(request: &VariableRequest) -> Vec<Variable> {
    // What is no such URL nobody gets past `bind`; its names are the same.
    let credential = Credential::parse(&request.password).unwrap_or_else(|| Credential {
        endpoint: String::new(),
        bucket: names::bucket(request.instance),
        region: String::new(),
        style: Style::Path,
        key: Key {
            id: String::new(),
            secret: request.password.clone(),
        },
    });
    let (_, authority) = credential.endpoint.split_once("://").unwrap_or_default();
    let style = credential.style;
    let given = Given {
        bucket: &credential.bucket,
        key: &credential.key.id,
        secret: &credential.key.secret,
        region: &credential.region,
        endpoint: &credential.endpoint,
        style,
        sdk_endpoint: &credential.endpoint,
        domain: None,
        dsn_host: &format!("{}.{authority}", credential.bucket),
        dsn_style: style,
        // Where the host does not say it behind `.s3.`.
        dsn_parameters: &format!("&region_name={}", credential.region),
    };
    given.variables(request)
}
