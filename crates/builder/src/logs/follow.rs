//! A log as a stream that goes on as it grows.

use std::sync::Arc;

use futures::StreamExt;
use futures::stream::{self, BoxStream};
use tokio::sync::watch;
use windlass_delivery::logs::Error;
use windlass_model::id::DeploymentId;

use super::failed;
use super::topic::{News, Topic};

/// The largest chunk, in bytes.
const CHUNK: u64 = 64 * 1024;

struct Follower {
    topic: Arc<Topic>,
    news: watch::Receiver<News>,
    deployment: DeploymentId,
    /// The next byte to be read.
    at: u64,
    /// Nothing comes any more.
    is_over: bool,
}

/// The log from the byte `from` on.
pub(crate) fn stream(
    topic: Arc<Topic>,
    deployment: DeploymentId,
    from: u64,
    is_over: bool,
) -> BoxStream<'static, Result<String, Error>> {
    let news = topic.subscribe();
    let follower = Follower {
        topic,
        news,
        deployment,
        at: from,
        is_over,
    };
    stream::unfold(Some(follower), |follower| async {
        let mut follower = follower?;
        match follower.next().await {
            Ok(Some(chunk)) => Some((Ok(chunk), Some(follower))),
            Ok(None) => None,
            Err(error) => Some((Err(failed(follower.deployment, "read", &error)), None)),
        }
    })
    .boxed()
}

impl Follower {
    async fn next(&mut self) -> std::io::Result<Option<String>> {
        loop {
            // Marked seen before reading: what is written during the read wakes this up again.
            let is_over = self.is_over || self.news.borrow_and_update().is_over;
            let (topic, at) = (Arc::clone(&self.topic), self.at);
            let part = tokio::task::spawn_blocking(move || topic.part(at, CHUNK))
                .await
                .map_err(std::io::Error::other)??;
            let (text, used) = whole_characters(&part, is_over);
            if used > 0 {
                self.at += used as u64;
                return Ok(Some(text));
            }
            if is_over || self.news.changed().await.is_err() {
                return Ok(None);
            }
        }
    }
}

/// The text of the bytes without a character that is cut off at the end, unless nothing more can come.
fn whole_characters(bytes: &[u8], is_end: bool) -> (String, usize) {
    let used = match std::str::from_utf8(bytes) {
        Err(error) if error.error_len().is_none() && (error.valid_up_to() > 0 || !is_end) => {
            error.valid_up_to()
        }
        _ => bytes.len(),
    };
    (String::from_utf8_lossy(&bytes[..used]).into_owned(), used)
}
