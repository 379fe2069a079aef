//! Uploads in parts that were begun and have not ended.

use http::{Method, StatusCode};
use windlass_services::Error;

use super::client::{Ask, Client};
use super::failure::unexpected;
use super::limits::{DELETE, LIST};
use crate::http::xml;

/// Ends all uploads of the bucket, with their parts: each time those of the first page, until there is none.
pub(super) async fn end_all(client: &Client<'_>, bucket: &str) -> Result<(), Error> {
    loop {
        let query = [("uploads", ""), ("encoding-type", "url")];
        let ask = Ask::bucket(Method::GET, bucket, &query);
        let answer = client.look(LIST, ask).await?;
        client.accepted(LIST, &answer)?;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        let mut is_none = true;
        for inner in xml::all(&text, "Upload") {
            is_none = false;
            let name = super::objects::named(&text, inner, "Key");
            let upload = xml::first(inner, "UploadId").map(xml::unescaped);
            let (Some(name), Some(upload)) = (name, upload) else {
                return Err(unexpected(
                    client.access,
                    LIST,
                    "an upload without its parts",
                ));
            };
            let mut ask = Ask::bucket(Method::DELETE, bucket, &[("uploadId", &upload)]);
            ask.object = Some(&name);
            let answer = client.act(DELETE, ask).await?;
            if answer.status != StatusCode::NOT_FOUND {
                client.accepted(DELETE, &answer)?;
            }
        }
        if is_none {
            return Ok(());
        }
    }
}
