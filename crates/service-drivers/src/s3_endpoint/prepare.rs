//! Whether the endpoint can be used.

use http::{Method, StatusCode};
use uuid::Uuid;
use windlass_model::id::BindingId;
use windlass_services::Error;

use super::client::{Ask, Client};
use super::failure::{refusal, unexpected, unsupported, words};
use super::limits::LOOK;
use super::policy::{self, Mark, Rights};
use super::{iam, users};

/// What is left to whose endpoint cannot be used.
const WAY_OUT: &str =
    "add an external service with a bucket and keys that you make by hand instead";

/// The operator's key is right, both APIs answer, and users can be made as bindings need them.
pub(super) async fn prepare(client: &Client<'_>) -> Result<(), Error> {
    speaks_s3(client).await?;
    has_iam(client).await?;
    rehearse(client).await
}

async fn speaks_s3(client: &Client<'_>) -> Result<(), Error> {
    let answer = client.look_at_all(LOOK, Ask::of(Method::GET)).await?;
    if String::from_utf8_lossy(&answer.body).contains("<ListAllMyBucketsResult") {
        return Ok(());
    }
    if super::failure::code(&answer).is_some() {
        return Err(refusal(client.access, LOOK, &answer));
    }
    let reason = format!(
        "there is no S3 at {}: {}",
        client.place.endpoint,
        words(&answer)
    );
    Err(unexpected(client.access, LOOK, &reason))
}

/// Answers that are not of IAM are of an endpoint that does not have it: its S3 has taken the same key just before.
async fn has_iam(client: &Client<'_>) -> Result<(), Error> {
    let answer = iam::look_at_all(client, "ListUsers", &[("MaxItems", "1")]).await?;
    match answer.status {
        StatusCode::OK if users::is_iam(&answer) => Ok(()),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN if users::is_iam(&answer) => {
            Err(refusal(client.access, LOOK, &answer))
        }
        status if status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED => {
            Err(refusal(client.access, LOOK, &answer))
        }
        _ => {
            let reason = format!(
                "there is no IAM API at {} ({}), without which buckets have no keys of their own; if it is elsewhere, say \
                 where with '?iam=' in the URL, else {WAY_OUT}",
                client.place.iam,
                words(&answer)
            );
            Err(unsupported(client.access, reason))
        }
    }
}

/// Makes a user as a binding has it, for a bucket that nobody has, and removes it: what the operator's key may not do, or
/// the endpoint does otherwise, is known before anybody relies on it. What a crash leaves of it the next time removes.
async fn rehearse(client: &Client<'_>) -> Result<(), Error> {
    let cluster = client.access.cluster.to_string().replace('-', "");
    let user = format!("windlass.rehearsal.{cluster}");
    users::remove(client, &user).await?;
    users::create(client, &user).await?;
    let binding = BindingId::from(Uuid::nil());
    let rights = Rights {
        partition: client.place.partition,
        bucket: "windlass-rehearsal",
        is_closed: false,
    };
    let sealed = [7; 24];
    let document = policy::of_binding(binding, Some(&sealed), rights);
    users::set_policy(client, &user, &document).await?;
    let key = users::create_key(client, &user).await?;
    let kept = users::policy(client, &user).await?;
    let ids = users::keys(client, &user).await?;
    users::remove(client, &user).await?;
    let wanted = Mark::Binding {
        binding,
        sealed: Some(sealed.to_vec()),
    };
    // Nothing of it may be known yet where IAM is slow: that is no answer to the question.
    let is_kept = kept.is_none_or(|kept| Mark::parse(&kept).as_ref() == Some(&wanted));
    let is_listed = ids.is_none_or(|ids| ids.is_empty() || ids.contains(&key.id));
    if is_kept && is_listed {
        return Ok(());
    }
    let reason = format!(
        "it does not keep users, keys and the names of statements in their policies as IAM does; {WAY_OUT}"
    );
    Err(unsupported(client.access, reason))
}
