//! `windlass regions`.

use serde_json::Value;

use crate::client::Client;
use crate::error::Error;
use crate::output::{self, cell};

pub(super) fn list(client: &Client, as_json: bool) -> Result<(), Error> {
    let items = client.list("/apps/v3/regions/")?;
    if as_json {
        return output::json(&Value::Array(items));
    }
    let row = |item: &Value| {
        ["slug", "engine", "domain"]
            .map(|field| cell(&item[field]))
            .to_vec()
    };
    output::table(
        &["REGION", "ENGINE", "DOMAIN"],
        &items.iter().map(row).collect::<Vec<_>>(),
        "The server runs no region.",
    )
}
