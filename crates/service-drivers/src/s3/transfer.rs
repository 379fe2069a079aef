//! The objects of a bucket as a tar archive.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use jiff::Timestamp;
use rusty_s3::actions::{ListObjectsV2, ListObjectsV2Response};
use rusty_s3::{Bucket, Credentials, S3Action};
use tokio::io::{AsyncRead, AsyncWrite};

use std::time::Duration;

use crate::http::answer::line;
use crate::http::failure::Failure;
use crate::http::{Answer, Call, Chunks, Streams};
use crate::tar::{Entry, Reader, Trouble, Writer};

/// How long the signature of a request holds: an object may be long in coming, but begins soon.
const SIGNATURE: Duration = Duration::from_mins(15);
/// What S3 keeps about an object, besides all that begins with [`META`].
const KEPT: [&str; 6] = [
    "content-type",
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "expires",
];
const META: &str = "x-amz-meta-";
const CHUNK: usize = 64 * 1024;

/// The objects of a bucket, for who may read or write all of them.
pub(crate) struct Contents {
    pub(crate) bucket: Bucket,
    pub(crate) credentials: Credentials,
    pub(crate) streams: Streams,
}

/// Why objects did not pass.
#[derive(Debug)]
pub(crate) enum Lost {
    /// The archive is not as it should be.
    Archive(String),
    /// The server refuses an object.
    Refused(String),
    /// There is no room for it.
    Full(String),
    /// The stream on our side failed.
    Stream(String),
    /// The server, or the way to it, failed.
    Server(String),
}

impl From<Trouble> for Lost {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Bad(reason) => Self::Archive(reason),
            Trouble::Stream(error) => Self::Stream(error.to_string()),
        }
    }
}

impl From<Failure> for Lost {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::NotSent(reason) | Failure::Broken(reason) => Self::Server(reason),
            Failure::Elapsed => Self::Server("it gave no answer in time".to_owned()),
        }
    }
}

fn stream(error: std::io::Error) -> Lost {
    Lost::Stream(error.to_string())
}

/// The server's words about a request for an object.
fn words(doing: &str, key: &str, answer: &Answer) -> String {
    let text = String::from_utf8_lossy(&answer.body);
    let message = text
        .split_once("<Message>")
        .and_then(|(_, rest)| rest.split_once("</Message>"));
    let message = message.map_or("no reason given", |(message, _)| message);
    let key: String = key.chars().take(100).collect();
    format!(
        "{doing} '{}': {} (HTTP {})",
        key.escape_debug(),
        line(message),
        answer.status.as_u16()
    )
}

impl Contents {
    /// Writes every object that there is.
    pub(crate) async fn write_to(
        &self,
        output: impl AsyncWrite + Send + Unpin,
    ) -> Result<(), Lost> {
        let mut writer = Writer::new(output);
        let mut after: Option<String> = None;
        loop {
            let page = self.list(after.as_deref()).await?;
            for object in &page.contents {
                let changed = object.last_modified.as_deref();
                let changed = changed.and_then(|text| text.parse::<Timestamp>().ok());
                let changed = changed.and_then(|at| u64::try_from(at.as_second()).ok());
                self.write_object(&mut writer, &object.key, changed.unwrap_or_default())
                    .await?;
            }
            after = page.contents.into_iter().last().map(|object| object.key);
            if page.next_continuation_token.is_none() || after.is_none() {
                writer.end().await.map_err(stream)?;
                return Ok(());
            }
        }
    }

    async fn list(&self, after: Option<&str>) -> Result<ListObjectsV2Response, Lost> {
        let mut action = self.bucket.list_objects_v2(Some(&self.credentials));
        if let Some(after) = after {
            action.with_start_after(after);
        }
        let call = Call::new(Method::GET, action.sign(SIGNATURE).to_string());
        let answer = self.streams.get(call).await?.whole().await?;
        if !answer.status.is_success() {
            return Err(Lost::Server(words(
                "listing objects after",
                after.unwrap_or(""),
                &answer,
            )));
        }
        let text = String::from_utf8_lossy(&answer.body);
        ListObjectsV2::parse_response(&text).map_err(|error| Lost::Server(error.to_string()))
    }

    async fn write_object(
        &self,
        writer: &mut Writer<impl AsyncWrite + Send + Unpin>,
        key: &str,
        changed: u64,
    ) -> Result<(), Lost> {
        let action = self.bucket.get_object(Some(&self.credentials), key);
        let call = Call::new(Method::GET, action.sign(SIGNATURE).to_string());
        let mut object = self.streams.get(call).await?;
        // Deleted since it was listed.
        if object.status == StatusCode::NOT_FOUND {
            return Ok(());
        }
        if !object.status.is_success() {
            let answer = object.whole().await?;
            return Err(Lost::Server(words("reading", key, &answer)));
        }
        let size = object.headers.get("content-length");
        let size = size.and_then(|size| size.to_str().ok()?.parse().ok());
        let Some(size) = size else {
            return Err(Lost::Server(format!(
                "the size of '{}' is not told",
                key.escape_debug()
            )));
        };
        let entry = Entry {
            key: key.to_owned(),
            size,
            changed,
            headers: kept(&object.headers),
        };
        writer.begin(&entry).await.map_err(stream)?;
        while let Some(bytes) = object.next().await? {
            writer.content(&bytes).await.map_err(stream)?;
        }
        writer.finish().await.map_err(stream)
    }

    /// Makes an object of every file of an archive.
    pub(crate) async fn read_from(&self, input: impl AsyncRead + Send + Unpin) -> Result<(), Lost> {
        let mut reader = Reader::new(input);
        while let Some(entry) = reader.entry().await? {
            self.read_object(&mut reader, &entry).await?;
        }
        Ok(())
    }

    async fn read_object(
        &self,
        reader: &mut Reader<impl AsyncRead + Send + Unpin>,
        entry: &Entry,
    ) -> Result<(), Lost> {
        let mut action = self.bucket.put_object(Some(&self.credentials), &entry.key);
        let mut headers = HeaderMap::new();
        for (name, value) in &entry.headers {
            let is_kept = KEPT.contains(&name.as_str()) || name.starts_with(META);
            let parsed = HeaderName::from_bytes(name.as_bytes()).ok();
            let bytes = HeaderValue::from_bytes(value.as_bytes()).ok();
            if let (true, Some(parsed), Some(bytes)) = (is_kept, parsed, bytes) {
                action.headers_mut().insert(name.clone(), value.clone());
                headers.insert(parsed, bytes);
            }
        }
        let call = Call::new(Method::PUT, action.sign(SIGNATURE).to_string());
        let put = self.streams.put(call, headers, entry.size, reader);
        let answer = put.await??;
        match answer.status {
            status if status.is_success() => Ok(()),
            StatusCode::INSUFFICIENT_STORAGE => {
                Err(Lost::Full(words("writing", &entry.key, &answer)))
            }
            status if status.is_client_error() => {
                Err(Lost::Refused(words("writing", &entry.key, &answer)))
            }
            _ => Err(Lost::Server(words("writing", &entry.key, &answer))),
        }
    }
}

impl<R: AsyncRead + Send + Unpin> Chunks for Reader<R> {
    type Error = Trouble;

    async fn next(&mut self) -> Result<Bytes, Trouble> {
        let mut chunk = vec![0; CHUNK];
        let read = self.content(&mut chunk).await?;
        chunk.truncate(read);
        Ok(Bytes::from(chunk))
    }
}

fn kept(headers: &HeaderMap) -> Vec<(String, String)> {
    let kept = headers
        .iter()
        .filter(|(name, _)| KEPT.contains(&name.as_str()) || name.as_str().starts_with(META));
    kept.map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        (name.as_str().to_owned(), value)
    })
    .collect()
}
