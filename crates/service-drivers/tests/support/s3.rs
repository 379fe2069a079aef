//! S3 as an application uses it.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use rusty_s3::actions::{CreateMultipartUpload, ListObjectsV2};
use rusty_s3::{Bucket, Credentials, S3Action, UrlStyle};
use windlass_model::id::InstanceId;
use windlass_services::Variable;
use windlass_services::conformance::Session;

use crate::fixture::{name, value};

const SIGNATURE: Duration = Duration::from_mins(1);

/// What an application has: a bucket, and a key.
#[derive(Clone)]
pub(crate) struct S3 {
    pub(crate) bucket: Bucket,
    pub(crate) credentials: Credentials,
}

/// What the server answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) etag: Option<String>,
    pub(crate) body: String,
}

impl S3 {
    /// As the variables say.
    pub(crate) fn of(variables: &[Variable]) -> Self {
        let part = |name: &str| value(variables, &format!("DEFAULT_STORAGE_{name}")).to_owned();
        assert_eq!(part("ADDRESSING_STYLE"), "path");
        let endpoint = part("ENDPOINT_URL").parse().expect("a URL");
        let bucket = Bucket::new(endpoint, UrlStyle::Path, part("BUCKET"), part("REGION"));
        Self {
            bucket: bucket.expect("a bucket"),
            credentials: Credentials::new(part("ACCESS_KEY_ID"), part("SECRET_ACCESS_KEY")),
        }
    }

    /// The same key on another bucket.
    pub(crate) fn on(&self, bucket: &str) -> Self {
        let endpoint = self.endpoint();
        let region = self.bucket.region().to_owned();
        let bucket = Bucket::new(endpoint, UrlStyle::Path, bucket.to_owned(), region);
        Self {
            bucket: bucket.expect("a bucket"),
            credentials: self.credentials.clone(),
        }
    }

    pub(crate) fn endpoint(&self) -> url::Url {
        let mut endpoint = self.bucket.base_url().clone();
        endpoint.set_path("/");
        endpoint
    }

    pub(crate) async fn put(&self, key: &str, content: impl Into<Bytes>) -> Answer {
        let action = self.bucket.put_object(Some(&self.credentials), key);
        send(Method::PUT, action.sign(SIGNATURE), content).await
    }

    /// Copies an object of another bucket into this one, as far as the key may.
    pub(crate) async fn copy(&self, from: &Self, key: &str) -> Answer {
        let source = format!("/{}/{key}", from.bucket.name());
        let mut action = self.bucket.put_object(Some(&self.credentials), "stolen");
        action
            .headers_mut()
            .insert("x-amz-copy-source", source.clone());
        let url = action.sign(SIGNATURE);
        send_with(Method::PUT, url, "", Some(("x-amz-copy-source", source))).await
    }

    pub(crate) async fn get(&self, key: &str) -> Answer {
        let action = self.bucket.get_object(Some(&self.credentials), key);
        send(Method::GET, action.sign(SIGNATURE), "").await
    }

    pub(crate) async fn delete(&self, key: &str) -> Answer {
        let action = self.bucket.delete_object(Some(&self.credentials), key);
        send(Method::DELETE, action.sign(SIGNATURE), "").await
    }

    pub(crate) async fn head(&self) -> Answer {
        let action = self.bucket.head_bucket(Some(&self.credentials));
        send(Method::HEAD, action.sign(SIGNATURE), "").await
    }

    pub(crate) async fn list(&self) -> Answer {
        let action = self.bucket.list_objects_v2(Some(&self.credentials));
        send(Method::GET, action.sign(SIGNATURE), "").await
    }

    /// The names of all objects, as many pages as it takes.
    pub(crate) async fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        loop {
            let mut action = self.bucket.list_objects_v2(Some(&self.credentials));
            if let Some(last) = names.last() {
                action.with_start_after(last.clone());
            }
            let answer = send(Method::GET, action.sign(SIGNATURE), "").await;
            assert!(answer.status.is_success(), "{answer:?}");
            let page = ListObjectsV2::parse_response(&answer.body).expect("a list");
            names.extend(page.contents.into_iter().map(|object| object.key));
            if page.next_continuation_token.is_none() {
                return names;
            }
        }
    }

    /// The list of the key's buckets.
    pub(crate) async fn buckets(&self) -> Answer {
        // A bucket's list without its query, at the root.
        let region = self.bucket.region().to_owned();
        let root = Bucket::new(self.endpoint(), UrlStyle::Path, "", region);
        let root = root.expect("the root");
        let mut action = root.list_objects_v2(Some(&self.credentials));
        action.query_mut().remove("list-type");
        action.query_mut().remove("encoding-type");
        send(Method::GET, action.sign(SIGNATURE), "").await
    }

    /// Begins an upload in parts and gives its id.
    pub(crate) async fn begin(&self, key: &str) -> String {
        let action = self
            .bucket
            .create_multipart_upload(Some(&self.credentials), key);
        let answer = send(Method::POST, action.sign(SIGNATURE), "").await;
        assert!(answer.status.is_success(), "{answer:?}");
        let begun = CreateMultipartUpload::parse_response(&answer.body);
        begun.expect("an upload").upload_id().to_owned()
    }

    pub(crate) async fn part(
        &self,
        key: &str,
        upload: &str,
        number: u16,
        content: impl Into<Bytes>,
    ) -> Answer {
        let credentials = Some(&self.credentials);
        let action = self.bucket.upload_part(credentials, key, number, upload);
        send(Method::PUT, action.sign(SIGNATURE), content).await
    }

    pub(crate) async fn complete(&self, key: &str, upload: &str, parts: &[String]) -> Answer {
        let parts = parts.iter().map(String::as_str);
        let credentials = Some(&self.credentials);
        let action = self
            .bucket
            .complete_multipart_upload(credentials, key, upload, parts);
        let url = action.sign(SIGNATURE);
        send(Method::POST, url, action.body()).await
    }

    /// A request to the bucket with a query such as `cors`, signed.
    pub(crate) async fn bucket_request(&self, method: Method, query: &str, body: &str) -> Answer {
        // Each of rusty-s3's actions has its own method and takes any further query.
        let name = query.to_owned();
        let url = match method {
            Method::GET => {
                let mut action = self.bucket.get_object(Some(&self.credentials), "");
                action.query_mut().insert(name, "");
                action.sign(SIGNATURE)
            }
            Method::PUT if query.is_empty() => {
                self.bucket.create_bucket(&self.credentials).sign(SIGNATURE)
            }
            Method::PUT => {
                let mut action = self.bucket.put_object(Some(&self.credentials), "");
                action.query_mut().insert(name, "");
                action.sign(SIGNATURE)
            }
            Method::DELETE if query.is_empty() => {
                self.bucket.delete_bucket(&self.credentials).sign(SIGNATURE)
            }
            _ => {
                let mut action = self.bucket.delete_object(Some(&self.credentials), "");
                action.query_mut().insert(name, "");
                action.sign(SIGNATURE)
            }
        };
        send(method, url, body.to_owned()).await
    }
}

/// There is no connection: each request is signed by itself.
pub(crate) struct Connection {
    s3: S3,
}

impl Connection {
    pub(crate) async fn open(s3: S3) -> Result<Box<dyn Session>, String> {
        let answer = s3.list().await;
        if !answer.status.is_success() {
            return Err(format!("{answer:?}"));
        }
        Ok(Box::new(Self { s3 }))
    }
}

#[async_trait]
impl Session for Connection {
    async fn write(&mut self, key: &str, value: &str) -> Result<(), String> {
        let answer = self.s3.put(key, value.to_owned()).await;
        if answer.status.is_success() {
            Ok(())
        } else {
            Err(format!("{answer:?}"))
        }
    }

    async fn read(&mut self, key: &str) -> Result<Option<String>, String> {
        let answer = self.s3.get(key).await;
        match answer.status {
            StatusCode::NOT_FOUND if answer.body.contains("NoSuchKey") => Ok(None),
            status if status.is_success() => Ok(Some(answer.body)),
            _ => Err(format!("{answer:?}")),
        }
    }

    async fn try_read_other(
        &mut self,
        other: InstanceId,
        key: &str,
    ) -> Result<Option<String>, String> {
        let there = self.s3.on(&name(other));
        let copy = self.s3.copy(&there, key).await;
        for answer in [
            there.get(key).await,
            there.list().await,
            there.head().await,
            copy,
        ] {
            if answer.status.is_success() {
                return Ok(Some(answer.body));
            }
        }
        Ok(None)
    }

    async fn is_alive(&mut self) -> bool {
        self.s3.list().await.status.is_success()
    }
}

/// One request and its whole answer.
pub(crate) async fn send(method: Method, url: url::Url, content: impl Into<Bytes>) -> Answer {
    send_with(method, url, content, None).await
}

/// Posts a form with these headers.
pub(crate) async fn send_form(url: &str, headers: &[(&str, &str)], form: String) -> Answer {
    let mut request = Request::builder().method(Method::POST).uri(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let kind = "application/x-www-form-urlencoded";
    let request = request.header("content-type", kind);
    ask(request.body(Full::from(form)).expect("a request")).await
}

async fn send_with(
    method: Method,
    url: url::Url,
    content: impl Into<Bytes>,
    header: Option<(&str, String)>,
) -> Answer {
    let mut request = Request::builder().method(method).uri(url.as_str());
    if let Some((name, value)) = header {
        request = request.header(name, value);
    }
    ask(request.body(Full::from(content.into())).expect("a request")).await
}

async fn ask(request: Request<Full<Bytes>>) -> Answer {
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let asking = async {
        let answer = client.request(request).await.expect("an answer");
        let (head, body) = answer.into_parts();
        let body = body.collect().await.expect("a body").to_bytes();
        let etag = head.headers.get("etag").and_then(|tag| tag.to_str().ok());
        Answer {
            status: head.status,
            etag: etag.map(str::to_owned),
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    };
    tokio::time::timeout(Duration::from_mins(1), asking)
        .await
        .expect("an answer in time")
}
