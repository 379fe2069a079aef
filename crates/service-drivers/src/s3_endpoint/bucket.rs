//! Buckets.

use http::{Method, StatusCode};
use tokio::time::Instant;
use windlass_model::id::InstanceId;
use windlass_services::Error;

use super::client::{Ask, Client};
use super::failure::{conflict, is, refusal};
use super::limits::{CREATE, DELETE, LOOK, POLL, SETTLES};
use super::names;
use crate::http::xml;

/// What is asked to see whether a bucket is there, and whether a key may use it: for the name of one object.
pub(super) const PROBE: [(&str, &str); 2] = [("list-type", "2"), ("max-keys", "1")];
const XMLNS: &str = "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"";
/// What an endpoint answers that has no such call.
const UNKNOWN: [&str; 4] = [
    "NotImplemented",
    "MethodNotAllowed",
    "InvalidRequest",
    "MalformedXML",
];

/// Whether a bucket of that name is the operator's. One of somebody else's is a conflict.
pub(super) async fn exists(client: &Client<'_>, name: &str) -> Result<bool, Error> {
    let ask = Ask::bucket(Method::GET, name, &PROBE);
    let answer = client.look_at_all(LOOK, ask).await?;
    if answer.status.is_success() {
        return Ok(true);
    }
    if is(&answer, &["NoSuchBucket"]) {
        return Ok(false);
    }
    if is(
        &answer,
        &["AccessDenied", "AllAccessDisabled", "PermanentRedirect"],
    ) {
        let reason = format!(
            "it is somebody else's, or in another region, or the operator's key may not list it ({})",
            super::failure::words(&answer)
        );
        return Err(conflict(client.access, format!("bucket '{name}'"), reason));
    }
    Err(refusal(client.access, LOOK, &answer))
}

/// Makes a bucket; one of the operator's that is there already is left as it is.
pub(super) async fn create(client: &Client<'_>, name: &str) -> Result<(), Error> {
    let place = client.place;
    let started = Instant::now();
    loop {
        let mut ask = Ask::bucket(Method::PUT, name, &[]);
        if place.is_amazon {
            // As AWS makes buckets otherwise, they refuse whatever has an access control list, the private one too.
            ask.headers = vec![("x-amz-object-ownership", "BucketOwnerPreferred")];
            if place.region != "us-east-1" {
                ask.body = format!(
                    "<CreateBucketConfiguration {XMLNS}><LocationConstraint>{}</LocationConstraint>\
                     </CreateBucketConfiguration>",
                    place.region
                );
            }
        }
        let answer = client.act(CREATE, ask).await?;
        if answer.status.is_success() || is(&answer, &["BucketAlreadyOwnedByYou"]) {
            return Ok(());
        }
        // Some say that of the operator's own as well.
        if is(&answer, &["BucketAlreadyExists"]) {
            if is_own(client, name).await? {
                return Ok(());
            }
            let reason = "it is somebody else's: all accounts of the endpoint share the names";
            let what = format!("bucket '{name}'");
            return Err(conflict(client.access, what, reason.to_owned()));
        }
        // One of that name was deleted a moment ago.
        if !is(&answer, &["OperationAborted"]) || started.elapsed() > SETTLES {
            return Err(refusal(client.access, CREATE, &answer));
        }
        tokio::time::sleep(POLL).await;
    }
}

async fn is_own(client: &Client<'_>, name: &str) -> Result<bool, Error> {
    let answer = client.look(LOOK, Ask::of(Method::GET)).await?;
    client.accepted(LOOK, &answer)?;
    let text = String::from_utf8_lossy(&answer.body);
    Ok(xml::all(&text, "Name").any(|found| found == name))
}

/// Closes the bucket to the public whatever policies and access control lists say, where the endpoint can do that.
pub(super) async fn close(client: &Client<'_>, name: &str) -> Result<(), Error> {
    let mut ask = Ask::bucket(Method::PUT, name, &[("publicAccessBlock", "")]);
    ask.body = format!(
        "<PublicAccessBlockConfiguration {XMLNS}><BlockPublicAcls>true</BlockPublicAcls>\
         <IgnorePublicAcls>true</IgnorePublicAcls><BlockPublicPolicy>true</BlockPublicPolicy>\
         <RestrictPublicBuckets>true</RestrictPublicBuckets></PublicAccessBlockConfiguration>"
    );
    let answer = client.act(CREATE, ask).await?;
    // Elsewhere the binding's rights have no access control lists in them.
    if !client.place.is_amazon && !answer.status.is_success() {
        return Ok(());
    }
    client.accepted(CREATE, &answer)
}

/// Whether it is closed to the public, as [`close`] does it.
pub(super) async fn is_closed(client: &Client<'_>, name: &str) -> Result<bool, Error> {
    let ask = Ask::bucket(Method::GET, name, &[("publicAccessBlock", "")]);
    let answer = client.look_at_all(LOOK, ask).await?;
    let text = String::from_utf8_lossy(&answer.body);
    let says = |element| xml::first(&text, element) == Some("true");
    Ok(answer.status.is_success() && says("BlockPublicAcls") && says("IgnorePublicAcls"))
}

/// Says whose the bucket is, to people, where buckets have tags.
pub(super) async fn label(
    client: &Client<'_>,
    instance: InstanceId,
    comment: &str,
) -> Result<(), Error> {
    let name = names::bucket(instance);
    let mut ask = Ask::bucket(Method::PUT, &name, &[("tagging", "")]);
    ask.body = format!(
        "<Tagging {XMLNS}><TagSet><Tag><Key>windlass-instance</Key><Value>{instance}</Value></Tag>\
         <Tag><Key>windlass-comment</Key><Value>{}</Value></Tag></TagSet></Tagging>",
        in_tag(comment)
    );
    let answer = client.act(CREATE, ask).await?;
    if is(&answer, &UNKNOWN) {
        return Ok(());
    }
    client.accepted(CREATE, &answer)
}

/// A comment as a tag takes it: letters, digits, blanks and some signs, 256 characters at most.
fn in_tag(comment: &str) -> String {
    let taken = |sign: char| sign.is_alphanumeric() || " +-=._:/@".contains(sign);
    comment
        .chars()
        .map(|sign| if taken(sign) { sign } else { '_' })
        .take(256)
        .collect()
}

/// Deletes a bucket; `Ok(false)` if there is something in it.
pub(super) async fn delete(client: &Client<'_>, name: &str) -> Result<bool, Error> {
    let answer = client
        .act(DELETE, Ask::bucket(Method::DELETE, name, &[]))
        .await?;
    if is(&answer, &["BucketNotEmpty"]) {
        return Ok(false);
    }
    if answer.status == StatusCode::NOT_FOUND && is(&answer, &["NoSuchBucket"]) {
        return Ok(true);
    }
    client.accepted(DELETE, &answer).map(|()| true)
}

#[cfg(test)]
mod tests {
    use super::in_tag;

    #[test]
    fn comments_have_what_tags_take() {
        for (comment, wanted) in [
            ("shop/test/DEFAULT", "shop/test/DEFAULT"),
            ("it's <a> \\ \"test\" & é", "it_s _a_ _ _test_ _ é"),
        ] {
            assert_eq!(in_tag(comment), wanted);
        }
        assert_eq!(in_tag(&"é".repeat(300)).chars().count(), 256);
    }
}
