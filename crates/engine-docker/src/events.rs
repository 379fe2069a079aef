//! Events of our containers.

use std::collections::HashMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bollard::models::EventMessage;
use bollard::query_parameters::EventsOptionsBuilder;
use futures::StreamExt;
use futures::stream::BoxStream;
use windlass_engine::{EngineEvent, Error, Labels};

use crate::DockerEngine;
use crate::containers::label_filter;
use crate::failure::Failure;
use crate::spec::{CONTAINER, given_labels};

/// Docker names the command in these, which may hold secrets; and they change nothing.
const LEFT_OUT: &str = "exec_";

fn event(message: EventMessage) -> Option<EngineEvent> {
    let attributes = message.actor?.attributes?;
    let name = attributes.get("name")?.clone();
    // Made by us, and not only from an image of ours.
    if attributes.get(CONTAINER) != Some(&name) {
        return None;
    }
    // `health_status: healthy` and the like: the state is for the observation to say.
    let action = message
        .action?
        .split(':')
        .next()
        .unwrap_or_default()
        .to_owned();
    (!action.starts_with(LEFT_OUT)).then(|| EngineEvent {
        name,
        labels: given_labels(&attributes),
        action,
    })
}

impl DockerEngine {
    pub(crate) async fn do_watch(
        &self,
        filter: &Labels,
    ) -> Result<BoxStream<'static, Result<EngineEvent, Error>>, Error> {
        let doing = "watching containers";
        // The request goes out when the stream is first read; Docker replays what happened since now.
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or(Duration::ZERO);
        let client = self.client().await?;
        self.look(doing, client.docker.ping()).await?;
        let mut filters: HashMap<String, Vec<String>> =
            label_filter(&self.settings.installation, filter);
        filters.insert("type".to_owned(), vec!["container".to_owned()]);
        let options = EventsOptionsBuilder::default()
            .since(&format!("{}.{:09}", since.as_secs(), since.subsec_nanos()))
            .filters(&filters)
            .build();
        let filter = filter.clone();
        let events = client
            .docker
            .events(Some(options))
            .filter_map(move |message| {
                let event = match message {
                    Ok(message) => event(message)
                        .filter(|event| event.labels.matches(&filter))
                        .map(Ok),
                    Err(error) => Some(Err(Failure::new(doing, Duration::ZERO, error).into())),
                };
                std::future::ready(event)
            });
        Ok(events.boxed())
    }
}
