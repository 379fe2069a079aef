//! What everybody may read: a bucket at the server's web endpoint, which knows neither keys nor lists.

use http::header::{HOST, HeaderValue};
use http::{Method, StatusCode};
use serde_json::json;
use windlass_model::id::InstanceId;
use windlass_services::variables::authority;
use windlass_services::{Endpoint, Error};

use super::bucket::Bucket;
use super::client::Client;
use super::failure::{failed, unsupported};
use super::limits::{LOOK, RIGHTS};
use super::names;
use super::state::existing;
use crate::http::Call;

/// The port of the web endpoint, which serves the objects of public buckets to everybody.
pub(super) const PORT: u16 = 3902;
/// What is served at a path that ends in a slash, if there is such an object: never a list.
const INDEX: &str = "index.html";
/// An object that nobody has: names have 1024 bytes at most, and what is asked is whether the bucket is served.
const NOBODYS: &str = ".windlass/is-public";

/// Opens or closes the bucket. It names the bucket by its id, which is never another instance's.
pub(super) async fn set_public(
    client: &Client<'_>,
    instance: InstanceId,
    public: bool,
) -> Result<(), Error> {
    let whole = existing(client, instance).await?;
    let access = if public {
        // No rules of an operator's: what is asked for is what is there.
        json!({ "enabled": true, "indexDocument": INDEX, "routingRules": [] })
    } else {
        json!({ "enabled": false })
    };
    let path = format!("UpdateBucket?id={}", whole.bucket.id);
    let body = json!({ "websiteAccess": access });
    let bucket: Bucket = client.post(RIGHTS, &path, &body).await?;
    if bucket.website_access != public {
        let reason = "the server says that it is as it was before".to_owned();
        return Err(failed(client.access, RIGHTS, reason));
    }
    if public {
        is_served(client, instance).await?;
    }
    Ok(())
}

/// Whether everybody finds the bucket there. An object that is absent is one of the bucket's; of a bucket that is
/// not served the server says nothing at all.
async fn is_served(client: &Client<'_>, instance: InstanceId) -> Result<(), Error> {
    let endpoint = Endpoint {
        host: client.access.endpoint.host.clone(),
        port: PORT,
    };
    let host = HeaderValue::from_str(&names::bucket(instance))
        .expect("names of buckets are letters, digits and hyphens");
    let mut call = Call::new(
        Method::GET,
        format!("http://{}/{NOBODYS}", authority(&endpoint)),
    );
    call.headers.push((HOST.as_str(), host));
    let refused = |reason: String| {
        let reason = format!(
            "its web endpoint does not serve the bucket at port {PORT} ({reason}); set [s3_web] bind_addr = \
             \"0.0.0.0:{PORT}\" in its configuration and start it anew"
        );
        unsupported(client.access, reason)
    };
    let answer = client.anonymous_look(LOOK, call).await;
    let answer = answer.map_err(&refused)?;
    let words = String::from_utf8_lossy(&answer.body);
    let is_of_bucket = answer.status == StatusCode::NOT_FOUND && words.contains("NoSuchKey");
    if answer.status.is_success() || is_of_bucket {
        return Ok(());
    }
    Err(refused(format!("HTTP {}", answer.status.as_u16())))
}
