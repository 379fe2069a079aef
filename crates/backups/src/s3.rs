//! A bucket at any endpoint of S3 in which archives are kept.

mod answer;
mod client;
mod limits;
mod read;
mod settings;
mod sweep;
mod upload;

use std::sync::Arc;

use async_trait::async_trait;
use http::{Method, StatusCode};
use rusty_s3::S3Action;
use rusty_s3::actions::ListObjectsV2;
use tokio::io::AsyncRead;

use crate::target::{Content, Error, Name, Object, Target};
use client::{Call, Client};
use limits::{DELETE, LIST, MOST_NAMES, SIGNED_FOR};
pub use settings::{Credentials, InvalidSettings, Settings};

/// A bucket, below a prefix.
#[derive(Clone)]
pub struct Bucket(Arc<Client>);

impl Bucket {
    /// Asks nothing yet.
    pub fn new(settings: Settings, credentials: Credentials) -> Result<Self, Error> {
        Ok(Self(Arc::new(Client::new(settings, credentials)?)))
    }

    fn name(&self, key: &str) -> Option<Name> {
        key.strip_prefix(&self.0.settings.prefix)?.parse().ok()
    }
}

#[async_trait]
impl Target for Bucket {
    fn description(&self) -> String {
        self.0.settings.description()
    }

    async fn put(
        &self,
        name: &Name,
        content: &mut (dyn AsyncRead + Send + Unpin),
    ) -> Result<u64, Error> {
        upload::put(&self.0, &self.0.key(name), content).await
    }

    async fn get(&self, name: &Name, offset: u64) -> Result<Content, Error> {
        read::get(&self.0, name, offset).await
    }

    async fn delete(&self, name: &Name) -> Result<(), Error> {
        let client = &self.0;
        let key = client.key(name);
        let action = client.bucket.delete_object(Some(&client.credentials), &key);
        let sign = || action.sign(SIGNED_FOR);
        let call = Call::new(Method::DELETE, &sign);
        let answer = client.ask_patiently(DELETE, &call).await?;
        if answer.status == StatusCode::NOT_FOUND && answer.is("NoSuchKey") {
            return Ok(());
        }
        client.accepted(DELETE, &answer)
    }

    async fn list(
        &self,
        prefix: &str,
        after: Option<&Name>,
        most: usize,
    ) -> Result<Vec<Object>, Error> {
        let client = &self.0;
        let most = most.max(1);
        let mut after = after.map(|after| client.key(after));
        let mut found = Vec::new();
        loop {
            let mut action = client.bucket.list_objects_v2(Some(&client.credentials));
            action.with_prefix(format!("{}{prefix}", client.settings.prefix));
            action.with_max_keys(MOST_NAMES.min(most - found.len()));
            if let Some(after) = &after {
                action.with_start_after(after.clone());
            }
            let sign = || action.sign(SIGNED_FOR);
            let call = Call::new(Method::GET, &sign);
            let answer = client.ask_patiently(LIST, &call).await?;
            client.accepted(LIST, &answer)?;
            let page = ListObjectsV2::parse_response(&answer.text()).map_err(|error| {
                client.failed(LIST, format!("its list cannot be read: {error}"))
            })?;
            after = page.contents.last().map(|object| object.key.clone());
            // What has a name that is none of ours was put there by somebody else.
            let ours = page.contents.iter().filter_map(|object| {
                let bytes = object.size.unwrap_or_default();
                Some(Object {
                    name: self.name(&object.key)?,
                    bytes,
                })
            });
            found.extend(ours);
            if page.next_continuation_token.is_none() || found.len() == most || after.is_none() {
                return Ok(found);
            }
        }
    }

    async fn room(&self) -> Result<Option<u64>, Error> {
        Ok(None)
    }

    async fn sweep(&self) -> Result<usize, Error> {
        sweep::sweep(&self.0).await
    }
}
