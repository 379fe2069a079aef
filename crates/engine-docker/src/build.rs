//! Builds by Docker's classic builder.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bollard::models::BuildInfo;
use bollard::query_parameters::{
    BuildImageOptions, BuildImageOptionsBuilder, BuilderVersion, RemoveImageOptionsBuilder,
};
use bollard::{Docker, body_try_stream};
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use tokio::sync::mpsc;
use windlass_engine::lines::{Forwarder, cut};
use windlass_engine::ownership::require_own;
use windlass_engine::{BuildRequest, Error, ImageId, ImageReference, LogLine};

use crate::DockerEngine;
use crate::connection::bounded;
use crate::failure::{Failure, is_disk_full};

/// How the builder shows the image after a step.
const STEP_IMAGE: &str = " ---> ";
/// Ids are shown by their first characters.
const SHORT_ID: usize = 12;

/// What the stream of the context failed with: hyper's own error says only that it failed.
type ContextError = Arc<Mutex<Option<String>>>;

fn noting_errors(
    context: BoxStream<'static, std::io::Result<Bytes>>,
    error: ContextError,
) -> BoxStream<'static, std::io::Result<Bytes>> {
    context
        .map(move |chunk| {
            chunk.inspect_err(|failure| {
                *error.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure.to_string());
            })
        })
        .boxed()
}

fn options(request: &BuildRequest) -> BuildImageOptions {
    let labels: HashMap<String, String> = request.labels.0.clone().into_iter().collect();
    let arguments: HashMap<String, String> = request.arguments.iter().cloned().collect();
    let mut options = BuildImageOptionsBuilder::default()
        .dockerfile(&request.dockerfile)
        .t(&request.tag.0)
        .nocache(!request.cache)
        .rm(true)
        .forcerm(true)
        .labels(&labels)
        .buildargs(&arguments)
        .version(BuilderVersion::BuilderV1)
        .build();
    options.target = request.target.clone().unwrap_or_default();
    options
}

/// The client with the memory limit in its requests: bollard's option is too narrow for two gigabytes.
fn with_memory(docker: &Docker, memory: Option<i64>) -> Docker {
    let Some(memory) = memory else {
        return docker.clone();
    };
    docker.clone().with_request_modifier(move |mut request| {
        let uri = request.uri().to_string();
        let separator = if uri.contains('?') { '&' } else { '?' };
        // Equal limits: no swap on top.
        if let Ok(limited) = format!("{uri}{separator}memory={memory}&memswap={memory}").parse() {
            *request.uri_mut() = limited;
        }
        request
    })
}

/// Text from the builder becomes lines.
#[derive(Default)]
struct Output {
    unfinished: String,
    step_images: Vec<String>,
    base_is_next: bool,
}

impl Output {
    fn push(&mut self, info: BuildInfo, forwarder: &mut Forwarder) {
        let moving = info
            .progress_detail
            .is_some_and(|detail| detail.current.is_some());
        if let Some(status) = info.status.filter(|_| !moving) {
            forwarder.push(line(
                &info
                    .id
                    .map_or_else(|| status.clone(), |id| format!("{id}: {status}")),
            ));
        }
        self.unfinished
            .push_str(info.stream.as_deref().unwrap_or_default());
        while let Some(end) = self.unfinished.find('\n') {
            let rest = self.unfinished.split_off(end + 1);
            let text = std::mem::replace(&mut self.unfinished, rest);
            let text = text.trim_end_matches(['\n', '\r']);
            self.note(text);
            if !text.is_empty() {
                forwarder.push(line(text));
            }
        }
    }

    /// Remembers the images of steps, but for those that stages begin with.
    fn note(&mut self, text: &str) {
        if text.starts_with("Step ") {
            self.base_is_next = text.split_once(" : ").is_some_and(|(_, step)| {
                step.trim_start().to_ascii_uppercase().starts_with("FROM ")
            });
        } else if let Some(id) = text.strip_prefix(STEP_IMAGE)
            && id.len() == SHORT_ID
            && id.bytes().all(|byte| byte.is_ascii_hexdigit())
            && !std::mem::take(&mut self.base_is_next)
        {
            self.step_images.push(id.to_owned());
        }
    }

    fn finish(&mut self, forwarder: &mut Forwarder) {
        if !self.unfinished.is_empty() {
            forwarder.push(line(&std::mem::take(&mut self.unfinished)));
        }
    }
}

fn line(text: &str) -> LogLine {
    LogLine {
        at_millis: None,
        stderr: false,
        text: cut(text).to_owned(),
    }
}

/// Whether Docker could not find an image by its id: one of a step, found in the cache, and gone by the time that
/// the next step stands on it. Applications with the same first steps share such images, and Docker removes them
/// together with the last image that stands on them, whatever is being built. It says so in many words, of which
/// the id is in all. Not so the words about a command that failed, which quote it and may hold a hash of the user's,
/// and a digest in a Dockerfile, which follows an `@`.
fn is_disturbed(words: &str) -> bool {
    const ID: &str = "sha256:";
    const DIGITS: usize = 64;
    let is_id = |at: usize| {
        let digits = words[at + ID.len()..].bytes();
        let digits = digits.take_while(u8::is_ascii_hexdigit).count();
        digits == DIGITS && !words[..at].ends_with('@')
    };
    !words.contains("returned a non-zero code") && words.match_indices(ID).any(|(at, _)| is_id(at))
}

/// A build's failure is the user's, unless the daemon itself was in trouble, or took an image away.
fn build_error(failure: Failure) -> Error {
    match failure {
        Failure::Answered { doing, message, .. } if is_disturbed(&message) => Error::Disturbed {
            doing,
            reason: message,
        },
        Failure::Other(Error::Failed { doing, reason }) if is_disturbed(&reason) => {
            Error::Disturbed { doing, reason }
        }
        Failure::Answered {
            status, message, ..
        } if !is_disk_full(&message)
            && (status < 500 || message.to_ascii_lowercase().contains("dockerfile")) =>
        {
            Error::BuildFailed(message)
        }
        Failure::Other(Error::Failed { reason, .. }) => Error::BuildFailed(reason),
        other => other.into(),
    }
}

impl DockerEngine {
    pub(crate) async fn do_build(
        &self,
        request: BuildRequest,
        output: mpsc::Sender<LogLine>,
    ) -> Result<ImageId, Error> {
        let tag = request.tag.clone();
        require_own(
            &request.labels,
            &self.settings.installation,
            "image",
            &tag.0,
        )?;
        self.check_image_name(&tag).await?;
        let client = self.client().await?;
        let begun = jiff::Timestamp::now();
        let doing = format!("building image '{tag}'");
        let (options, cache) = (options(&request), request.cache);
        let context_error = ContextError::default();
        let body = body_try_stream(noting_errors(request.context, Arc::clone(&context_error)));
        let docker = with_memory(&client.docker, request.memory_bytes);
        let (mut forwarder, mut lines) = (Forwarder::new(output), Output::default());
        let answer = {
            let mut infos = docker.build_image(options, None, Some(body)).boxed();
            let building = async {
                loop {
                    tokio::select! {
                        info = infos.next() => match info {
                            Some(info) => lines.push(info?, &mut forwarder),
                            None => return Ok(()),
                        },
                        () = forwarder.pump() => {}
                    }
                }
            };
            bounded(&doing, self.settings.timeouts.build, building).await
        };
        lines.finish(&mut forwarder);
        forwarder.finish().await;
        if !cache {
            self.remove_step_images(&lines.step_images, begun).await;
        }
        if let Some(error) = context_error
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
        {
            return Err(Error::BuildFailed(format!(
                "the build context could not be read: {error}"
            )));
        }
        answer.map_err(build_error)?;
        let built = self.do_image(&tag).await?;
        built.ok_or_else(|| Error::Failed {
            doing,
            reason: "the builder ended without an image".to_owned(),
        })
    }

    /// Removes what a build without cache leaves: images of steps and stages that no later build uses, and
    /// that would fill the disk. Those that the new image stands on are refused by Docker and stay.
    ///
    /// A program in the build can print such lines too; so only nameless images go that are younger than the
    /// build, and whose id, which nobody else is told, it would have to know.
    async fn remove_step_images(&self, ids: &[String], begun: jiff::Timestamp) {
        let Ok(client) = self.client().await else {
            return;
        };
        for id in ids.iter().rev() {
            let Ok(Some(image)) = self.describe_image(&ImageReference(id.clone())).await else {
                continue;
            };
            let nameless = image.repo_tags.is_none_or(|names| names.is_empty())
                && image.repo_digests.is_none_or(|names| names.is_empty());
            let made = image
                .created
                .and_then(|created| created.parse::<jiff::Timestamp>().ok());
            if !nameless || made.is_none_or(|made| made < begun) {
                continue;
            }
            let options = RemoveImageOptionsBuilder::default().noprune(true).build();
            let removal = client.docker.remove_image(id, Some(options), None);
            if let Err(failure) = self.change("removing what a build left", removal).await
                && !failure.is(409)
            {
                tracing::debug!(image.id = id, ?failure, "the image of a build's step stays");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_that_vanish_are_told_from_failures_of_the_user() {
        let id = "sha256:7ba2950f76e496fc40fc374c3eca1286d39c750572e45f46f9ffd461d748105c";
        for words in [
            format!(
                "failed to export image: failed to set parent {id}: unknown parent image ID {id}"
            ),
            format!("unable to find image \"{id}\""),
        ] {
            assert!(is_disturbed(&words), "{words}");
        }
        for words in [
            format!(
                "The command '/bin/sh -c pip install --hash={id} x' returned a non-zero code: 1"
            ),
            "COPY failed: file not found in build context: stat sha256:sums".to_owned(),
            format!("manifest for debian@{id} not found"),
        ] {
            assert!(!is_disturbed(&words), "{words}");
        }
    }

    #[test]
    fn images_of_steps_are_told_from_bases_and_containers() {
        let mut output = Output::default();
        let mut forwarder = Forwarder::new(mpsc::channel(100).0);
        let text = "Step 1/3 : FROM debian AS one\n ---> aaaaaaaaaaaa\nStep 2/3 : RUN true\n ---> Running in bbbbbbbbbbbb\n\
                    Removing intermediate container bbbbbbbbbbbb\n ---> cccccccccccc\nStep 3/3 : from x\n ---> dddddddddddd\n ---> short\n";
        for piece in text.as_bytes().chunks(7) {
            let stream = Some(String::from_utf8_lossy(piece).into_owned());
            output.push(
                BuildInfo {
                    stream,
                    ..BuildInfo::default()
                },
                &mut forwarder,
            );
        }
        assert_eq!(output.step_images, ["cccccccccccc"]);
    }
}
