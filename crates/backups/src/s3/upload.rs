//! Objects from streams: in one request if they are short, else in parts of which two are in memory.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, header};
use md5::{Digest, Md5};
use rusty_s3::S3Action;
use rusty_s3::actions::CreateMultipartUpload;
use tokio::io::{AsyncRead, AsyncReadExt};
use url::Url;

use super::client::{Call, Client};
use super::limits::{ABORT, BEGIN, FINISH, MOST_PARTS, SEND, SIGNED_FOR};
use crate::target::Error;

/// Stores all of the content; its length.
pub(super) async fn put(
    client: &Arc<Client>,
    key: &str,
    content: &mut (dyn AsyncRead + Send + Unpin),
) -> Result<u64, Error> {
    let size = client.settings.part;
    let mut part = read(content, size).await?;
    if part.len() < size {
        let length = part.len() as u64;
        let action = client.bucket.put_object(Some(&client.credentials), key);
        store(client, part, &|| action.sign(SIGNED_FOR)).await?;
        return Ok(length);
    }
    let mut upload = Upload::begin(client, key).await?;
    let mut length = 0;
    while !part.is_empty() {
        length += part.len() as u64;
        let next;
        ((), next) = futures::future::try_join(upload.send(part), read(content, size)).await?;
        part = next;
    }
    upload.finish(length).await?;
    Ok(length)
}

/// The next so many bytes, or all that are left.
async fn read(content: &mut (dyn AsyncRead + Send + Unpin), size: usize) -> Result<Bytes, Error> {
    let mut part = Vec::with_capacity(size);
    let mut limited = content.take(size as u64);
    // Not `read_to_end`, which would make room for more than there is.
    while part.len() < size {
        match limited.read_buf(&mut part).await {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) => return Err(Error::Content(error)),
        }
    }
    Ok(part.into())
}

/// Stores an object or a part, and gives its tag.
async fn store(
    client: &Client,
    part: Bytes,
    sign: &(dyn Fn() -> Url + Sync),
) -> Result<String, Error> {
    // The signature is not of the body, and plain HTTP checks little.
    let digest = STANDARD.encode(Md5::digest(&part));
    let digest = HeaderValue::from_str(&digest).expect("base64 is a header's value");
    let mut call = Call::new(Method::PUT, sign);
    call.headers
        .push((HeaderName::from_static("content-md5"), digest));
    call.body = part;
    let answer = client.ask_patiently(SEND, &call).await?;
    client.accepted(SEND, &answer)?;
    let tag = answer
        .headers
        .get(header::ETAG)
        .and_then(|tag| tag.to_str().ok());
    tag.map(str::to_owned).ok_or_else(|| {
        client.failed(
            SEND,
            "an answer without the tag of what was stored".to_owned(),
        )
    })
}

/// An upload in parts; given up when it is dropped.
struct Upload<'a> {
    client: &'a Arc<Client>,
    key: &'a str,
    id: String,
    tags: Vec<String>,
    is_done: bool,
}

impl<'a> Upload<'a> {
    async fn begin(client: &'a Arc<Client>, key: &'a str) -> Result<Self, Error> {
        let action = client
            .bucket
            .create_multipart_upload(Some(&client.credentials), key);
        let sign = || action.sign(SIGNED_FOR);
        let call = Call::new(Method::POST, &sign);
        let answer = client.ask_patiently(BEGIN, &call).await?;
        client.accepted(BEGIN, &answer)?;
        let begun = CreateMultipartUpload::parse_response(&answer.text())
            .map_err(|error| client.failed(BEGIN, format!("its answer cannot be read: {error}")))?;
        let id = begun.upload_id().to_owned();
        client.uploads().insert(id.clone());
        Ok(Self {
            client,
            key,
            id,
            tags: Vec::new(),
            is_done: false,
        })
    }

    async fn send(&mut self, part: Bytes) -> Result<(), Error> {
        let client = self.client;
        let number = u16::try_from(self.tags.len() + 1).unwrap_or(u16::MAX);
        if number > MOST_PARTS {
            return Err(Error::TooLong {
                place: client.settings.description(),
                most: client.settings.part as u64 * u64::from(MOST_PARTS),
                hint: "give the bucket's URL a larger 'part'",
            });
        }
        let action =
            client
                .bucket
                .upload_part(Some(&client.credentials), self.key, number, &self.id);
        let tag = store(client, part, &|| action.sign(SIGNED_FOR)).await?;
        self.tags.push(tag);
        Ok(())
    }

    async fn finish(mut self, length: u64) -> Result<(), Error> {
        let client = self.client;
        let tags = self.tags.iter().map(String::as_str);
        let credentials = Some(&client.credentials);
        let action = client
            .bucket
            .complete_multipart_upload(credentials, self.key, &self.id, tags);
        let sign = || action.sign(SIGNED_FOR);
        let mut call = Call::new(Method::POST, &sign);
        call.body = action.clone().body().into();
        let answer = client.ask_patiently(FINISH, &call).await?;
        // A try before this one may have been the one that was answered too late.
        if !answer.is("NoSuchUpload") || !self.is_there(length).await? {
            client.accepted(FINISH, &answer)?;
        }
        self.is_done = true;
        Ok(())
    }

    async fn is_there(&self, length: u64) -> Result<bool, Error> {
        let client = self.client;
        let action = client
            .bucket
            .head_object(Some(&client.credentials), self.key);
        let sign = || action.sign(SIGNED_FOR);
        let call = Call::new(Method::HEAD, &sign);
        let answer = client.ask_patiently(FINISH, &call).await?;
        let found = answer.headers.get(header::CONTENT_LENGTH);
        let found = found.and_then(|found| found.to_str().ok()?.parse().ok());
        Ok(answer.status.is_success() && found == Some(length))
    }
}

impl Drop for Upload<'_> {
    fn drop(&mut self) {
        self.client.uploads().remove(&self.id);
        if self.is_done {
            return;
        }
        let (client, key, id) = (
            Arc::clone(self.client),
            self.key.to_owned(),
            std::mem::take(&mut self.id),
        );
        // Without a runtime a sweep finds it.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                if let Err(error) = abort(&client, &key, &id).await {
                    tracing::warn!(%error, "an unfinished upload stays until it is swept");
                }
            });
        }
    }
}

/// Gives an upload up; one that is not there is fine.
pub(super) async fn abort(client: &Client, key: &str, id: &str) -> Result<(), Error> {
    let action = client
        .bucket
        .abort_multipart_upload(Some(&client.credentials), key, id);
    let sign = || action.sign(SIGNED_FOR);
    let call = Call::new(Method::DELETE, &sign);
    let answer = client.ask_patiently(ABORT, &call).await?;
    if answer.is("NoSuchUpload") {
        return Ok(());
    }
    client.accepted(ABORT, &answer)
}
