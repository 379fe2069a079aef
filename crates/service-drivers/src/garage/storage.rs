//! What only S3 can do: see a bucket as its users do, and delete objects.

use http::header::HeaderValue;
use http::{Method, StatusCode};
use rusty_s3::actions::{
    DeleteObjectsResponse, ListObjectsV2, ListObjectsV2Response, ObjectIdentifier,
};
use rusty_s3::{Bucket, Credentials, S3Action, UrlStyle};
use secrecy::ExposeSecret;
use windlass_model::id::InstanceId;
use windlass_services::Error;
use windlass_services::variables::authority;

use super::client::Client;
use super::failure::{failed, refusal, unexpected, unreachable, words};
use super::keys;
use super::limits::{DELETE, LIST, LOOK, SIGNATURE};
use super::names;
use crate::http::Call;
use crate::s3::in_xml;
use crate::step::Step;

/// A bucket with the credentials of its steward. Requests have their signature in the URL, in which there is no
/// secret.
pub(super) struct Storage<'a> {
    client: &'a Client<'a>,
    bucket: Bucket,
    credentials: Credentials,
}

/// Whether S3 itself answers, to whoever has no credentials.
pub(super) async fn answers(client: &Client<'_>) -> Result<(), Error> {
    let url = format!("http://{}/", authority(&client.storage_endpoint()));
    let answer = client
        .storage_look(LOOK, Call::new(Method::GET, url))
        .await?;
    match super::failure::code(&answer) {
        Some(code) if code == "AccessDenied" => Ok(()),
        _ if answer.status == StatusCode::SERVICE_UNAVAILABLE => {
            Err(unreachable(client.access, &words(&answer)))
        }
        _ => {
            let port = client.access.application_port;
            let reason = format!("no S3 at port {port}: HTTP {}", answer.status.as_u16());
            Err(unexpected(client.access, LOOK, &reason))
        }
    }
}

/// Whether the bucket is there for its users.
pub(super) async fn is_served(
    client: &Client<'_>,
    instance: InstanceId,
    steward: &str,
) -> Result<(), Error> {
    Storage::open(client, instance, steward).await?.head().await
}

impl<'a> Storage<'a> {
    pub(super) async fn open(
        client: &'a Client<'a>,
        instance: InstanceId,
        steward: &str,
    ) -> Result<Self, Error> {
        let secret = keys::secret(client, steward).await?;
        let endpoint = format!("http://{}/", authority(&client.storage_endpoint()));
        let invalid = |error: &dyn std::error::Error| {
            failed(client.access, LOOK, format!("{endpoint}: {error}"))
        };
        let url = endpoint.parse::<url::Url>();
        let bucket = Bucket::new(
            url.map_err(|error| invalid(&error))?,
            UrlStyle::Path,
            names::bucket(instance),
            client.site.region.clone(),
        );
        Ok(Self {
            client,
            bucket: bucket.map_err(|error| invalid(&error))?,
            credentials: Credentials::new(steward, secret.expose_secret()),
        })
    }

    async fn head(&self) -> Result<(), Error> {
        let action = self.bucket.head_bucket(Some(&self.credentials));
        let call = signed(Method::HEAD, &action);
        let answer = self.client.storage_look(LOOK, call).await?;
        if answer.status.is_success() {
            return Ok(());
        }
        // The answer to HEAD has no words.
        let reason = format!("S3 refuses the bucket: HTTP {}", answer.status.as_u16());
        Err(failed(self.client.access, LOOK, reason))
    }

    /// Deletes every object that there is.
    pub(super) async fn empty(&self) -> Result<(), Error> {
        let mut after = None;
        loop {
            let page = self.list(after.as_deref()).await?;
            let names: Vec<String> = page.contents.into_iter().map(|object| object.key).collect();
            let Some(last) = names.last().cloned() else {
                return Ok(());
            };
            let (plain, odd): (Vec<_>, Vec<_>) = names.into_iter().partition(|name| in_xml(name));
            if !plain.is_empty() {
                self.delete_all(plain).await?;
            }
            for name in odd {
                self.delete(&name).await?;
            }
            if page.next_continuation_token.is_none() {
                return Ok(());
            }
            // Not from the start: what is deleted is in the server's way until it is cleared up.
            after = Some(last);
        }
    }

    async fn list(&self, after: Option<&str>) -> Result<ListObjectsV2Response, Error> {
        let mut action = self.bucket.list_objects_v2(Some(&self.credentials));
        if let Some(after) = after {
            action.with_start_after(after);
        }
        let answer = self
            .client
            .storage_look(LIST, signed(Method::GET, &action))
            .await?;
        if !answer.status.is_success() {
            return Err(self.refused(LIST, &answer));
        }
        let text = String::from_utf8_lossy(&answer.body);
        ListObjectsV2::parse_response(&text)
            .map_err(|error| unexpected(self.client.access, LIST, &error.to_string()))
    }

    async fn delete_all(&self, names: Vec<String>) -> Result<(), Error> {
        let objects: Vec<_> = names.into_iter().map(ObjectIdentifier::new).collect();
        let mut action = self
            .bucket
            .delete_objects(Some(&self.credentials), objects.iter());
        action.set_quiet(true);
        let mut call = signed(Method::POST, &action);
        let (body, digest) = action.body_with_md5();
        call.body = body;
        let digest = HeaderValue::from_str(&digest)
            .map_err(|error| unexpected(self.client.access, DELETE, &error.to_string()))?;
        call.headers.push(("content-md5", digest));
        let answer = self.client.storage_act(DELETE, call).await?;
        if !answer.status.is_success() {
            return Err(self.refused(DELETE, &answer));
        }
        let text = String::from_utf8_lossy(&answer.body);
        let deleted = DeleteObjectsResponse::parse(&text)
            .map_err(|error| unexpected(self.client.access, DELETE, &error.to_string()))?;
        if deleted.errors.is_empty() {
            return Ok(());
        }
        let reason = format!("{} objects were refused", deleted.errors.len());
        Err(failed(self.client.access, DELETE, reason))
    }

    async fn delete(&self, name: &str) -> Result<(), Error> {
        let action = self.bucket.delete_object(Some(&self.credentials), name);
        let call = signed(Method::DELETE, &action);
        let answer = self.client.storage_act(DELETE, call).await?;
        if answer.status.is_success() || answer.status == StatusCode::NOT_FOUND {
            return Ok(());
        }
        Err(self.refused(DELETE, &answer))
    }

    /// A refusal here is not one of the administrator's credentials.
    fn refused(&self, step: Step, answer: &crate::http::Answer) -> Error {
        match refusal(self.client.access, step, answer) {
            Error::Unauthorized { reason, .. } => failed(self.client.access, step, reason),
            other => other,
        }
    }
}

/// A request with its signature in the URL; the body is not part of it.
fn signed<'a>(method: Method, action: &impl S3Action<'a>) -> Call {
    Call::new(method, action.sign(SIGNATURE).to_string())
}
