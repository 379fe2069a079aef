//! Uploads that were begun and have not ended.

use std::sync::Arc;

use http::Method;
use instant_xml::FromXml;
use jiff::Timestamp;
use rusty_s3::signing::sign;

use super::client::{Call, Client};
use super::limits::{LIST, SIGNED_FOR};
use super::upload::abort;
use crate::target::Error;

const NAMESPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";

#[derive(Debug, FromXml)]
#[xml(rename = "ListMultipartUploadsResult", ns(NAMESPACE))]
struct Uploads {
    uploads: Vec<Begun>,
}

#[derive(Debug, FromXml)]
#[xml(rename = "Upload", ns(NAMESPACE))]
struct Begun {
    #[xml(rename = "Key")]
    key: String,
    #[xml(rename = "UploadId")]
    id: String,
}

/// Gives those up that are below the prefix and not of this process; how many.
pub(super) async fn sweep(client: &Arc<Client>) -> Result<usize, Error> {
    let mut given_up = 0;
    loop {
        let sign = || url(client);
        let call = Call::new(Method::GET, &sign);
        let answer = client.ask_patiently(LIST, &call).await?;
        client.accepted(LIST, &answer)?;
        let found: Uploads = instant_xml::from_str(&answer.text()).map_err(|error| {
            client.failed(LIST, format!("its list of uploads cannot be read: {error}"))
        })?;
        let before = given_up;
        for upload in found.uploads {
            let is_ours = upload.key.starts_with(&client.settings.prefix);
            if is_ours && !client.uploads().contains(&upload.id) {
                abort(client, &upload.key, &upload.id).await?;
                given_up += 1;
            }
        }
        // What stands behind a first page that is all busy waits for the next sweep.
        if given_up == before {
            return Ok(given_up);
        }
    }
}

fn url(client: &Client) -> url::Url {
    let query = [("prefix", client.settings.prefix.as_str()), ("uploads", "")];
    sign(
        &Timestamp::now(),
        rusty_s3::Method::Get,
        client.bucket.base_url().clone(),
        client.credentials.key(),
        client.credentials.secret(),
        None,
        &client.settings.region,
        SIGNED_FOR.as_secs(),
        query.into_iter(),
        std::iter::empty(),
    )
}
