//! Reads a stream of events.

use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde_json::Value;

use super::world::DEADLINE;

/// An event.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Event {
    pub(crate) kind: String,
    pub(crate) id: Option<String>,
    pub(crate) data: Value,
}

/// A stream of events. Dropping it leaves.
pub(crate) struct Events {
    body: Incoming,
    text: String,
    /// How many comments were seen: heartbeats.
    pub(crate) heartbeats: usize,
}

impl Events {
    pub(crate) fn new(body: Incoming) -> Self {
        Self {
            body,
            text: String::new(),
            heartbeats: 0,
        }
    }

    /// The next event; `None` when the stream has ended.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                if let Some(event) = self.event(&block) {
                    return Some(event);
                }
                continue;
            }
            if !self.more().await {
                assert_eq!(self.text, "", "half an event");
                return None;
            }
        }
    }

    /// Everything up to and with `end`.
    pub(crate) async fn rest(mut self) -> Vec<Event> {
        let mut events = Vec::new();
        while let Some(event) = self.next().await {
            events.push(event);
        }
        events
    }

    /// Waits for one heartbeat.
    pub(crate) async fn heartbeat(&mut self) {
        let before = self.heartbeats;
        while self.heartbeats == before {
            match self.text.split_once("\n\n") {
                Some((block, rest)) => {
                    let (block, rest) = (block.to_owned(), rest.to_owned());
                    self.text = rest;
                    self.event(&block);
                }
                None => assert!(self.more().await, "the stream ended"),
            }
        }
    }

    async fn more(&mut self) -> bool {
        let frame = tokio::time::timeout(DEADLINE, self.body.frame())
            .await
            .expect("something in time");
        match frame {
            Some(frame) => {
                let data = frame.unwrap().into_data().unwrap();
                self.text.push_str(std::str::from_utf8(&data).unwrap());
                true
            }
            None => false,
        }
    }

    fn event(&mut self, block: &str) -> Option<Event> {
        let mut event = Event {
            kind: "message".to_owned(),
            id: None,
            data: Value::Null,
        };
        let mut empty = true;
        for line in block.lines() {
            let (name, value) = line.split_once(": ").unwrap_or((line, ""));
            match name {
                "" | ":" => {
                    self.heartbeats += 1;
                    continue;
                }
                "event" => value.clone_into(&mut event.kind),
                "id" => event.id = Some(value.to_owned()),
                "data" => event.data = serde_json::from_str(value).unwrap(),
                other => panic!("a line of an event begins with {other}"),
            }
            empty = false;
        }
        (!empty).then_some(event)
    }
}
