//! Following what runs until it ends. A connection that is lost is made again: the work goes on without us,
//! and a server that is restarted goes on with it.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::Client;
use crate::error::Error;
use crate::events::{Event, Events};
use crate::output;
use crate::progress::{Progress, Shown};
use crate::steps::Names;

/// How long a lost server is waited for: a restart, or an upgrade.
const PATIENCE: Duration = Duration::from_mins(2);
/// Between two attempts to reach it.
const PAUSE: Duration = Duration::from_millis(500);
/// A connection that lasted this long was a good one.
const STABLE: Duration = Duration::from_secs(5);
/// Between two looks of the display at the clock.
const TICK: Duration = Duration::from_millis(120);

/// What a stream brings.
enum News {
    /// Of the operation, or of the deployment's log.
    Event(Event),
    /// The connection was lost, for this reason; it is being made again.
    Away(String),
    /// It has been made again.
    Back,
    /// The operation has ended, or waits for an operator.
    Over,
    /// It cannot be read.
    Failed(Error),
}

/// What is read until the operation's end.
struct Streams<'a> {
    operation: &'a str,
    /// From behind this event on.
    after: Option<String>,
    /// The deployment whose log is read, too.
    log_of: Option<&'a str>,
}

/// How a verb's operation is followed.
pub(crate) struct Following<'a> {
    /// Not at all.
    pub(crate) detach: bool,
    /// Silently, and given as JSON.
    pub(crate) json: bool,
    /// What the instances are called that its steps name.
    pub(crate) names: Names,
    /// From behind this event on.
    pub(crate) after: Option<String>,
    /// What is said at its good end.
    pub(crate) done: &'a str,
}

/// Follows a deployment with its log, and gives what became of it.
pub(crate) fn deployment(
    client: &Client,
    deployment: &Value,
    as_json: bool,
) -> Result<Value, Error> {
    let id = text(deployment, "uuid")?;
    let operation = text(deployment, "operation")?;
    let shown = if as_json { Shown::Nothing } else { Shown::Log };
    let steps = client.get(&operation_path(&operation))?;
    let streams = Streams {
        operation: &operation,
        after: None,
        log_of: (!as_json).then_some(id.as_str()),
    };
    follow(client, &streams, progress(shown, &steps, Names::new()))?;
    client.get(&format!("/apps/v3/deployments/{id}/"))
}

/// The log of a deployment, until that has ended or waits for an operator. Gives its operation.
pub(crate) fn deployment_log(client: &Client, deployment: &Value) -> Result<Value, Error> {
    let id = text(deployment, "uuid")?;
    let operation = text(deployment, "operation")?;
    let streams = Streams {
        operation: &operation,
        after: None,
        log_of: Some(&id),
    };
    let silent = Progress::new(Shown::Nothing, Names::new(), 0);
    follow(client, &streams, silent)?;
    client.get(&operation_path(&operation))
}

/// Follows an operation that a verb began, or says where to look when it is not to be followed.
pub(crate) fn begun(client: &Client, begun: &Value, how: Following<'_>) -> Result<(), Error> {
    let id = text(begun, "uuid")?;
    if how.detach {
        if how.json {
            return output::json(begun);
        }
        output::say(&format!(
            "Operation {id} has begun; 'windlass operations show {id}' says how it goes."
        ));
        return Ok(());
    }
    let shown = if how.json {
        Shown::Nothing
    } else {
        Shown::Steps
    };
    let streams = Streams {
        operation: &id,
        after: how.after,
        log_of: None,
    };
    follow(client, &streams, progress(shown, begun, how.names))?;
    let ended = client.get(&operation_path(&id))?;
    if how.json {
        output::json(&ended)?;
    }
    succeeded(&ended)?;
    if !how.json {
        output::say(how.done);
    }
    Ok(())
}

/// The last event of an operation so far.
pub(crate) fn last_event(client: &Client, operation: &str) -> Result<Option<String>, Error> {
    let events = client.list(&format!("{}?page_size=1000", events_path(operation)))?;
    Ok(events.last().map(|event| output::cell(&event["number"])))
}

/// An error for an operation that did not succeed.
pub(crate) fn succeeded(operation: &Value) -> Result<(), Error> {
    let id = output::cell(&operation["uuid"]);
    let kind = output::cell(&operation["kind"]).replace('-', " ");
    let (reason, hint) = reason(operation);
    let failed = match operation["state"].as_str() {
        Some("succeeded") => return Ok(()),
        Some("needs_attention") => {
            return Err(Error::hinted(
                format!("the {kind} needs attention: {reason}"),
                needs_attention(&id, hint),
            ));
        }
        Some("rolled_back") if operation["error"].is_null() => {
            Error::user(format!("the {kind} was cancelled; nothing has changed"))
        }
        Some("rolled_back") => {
            Error::user(format!("the {kind} failed; nothing has changed: {reason}"))
        }
        Some("abandoned") => Error::user(format!("the {kind} was given up by an operator")),
        state => {
            let state = state.unwrap_or("in no known state");
            return Err(Error::unexpected(format!(
                "the {kind} is {state}, and nothing more is heard of it"
            ))
            .with_hint(format!(
                "'windlass operations show {id}' says how it goes on."
            )));
        }
    };
    Err(match hint {
        Some(hint) => failed.with_hint(hint),
        None => failed,
    })
}

/// What an operator can do.
pub(crate) fn needs_attention(id: &str, cause: Option<&str>) -> String {
    let cause = cause.unwrap_or("Mend the cause.");
    format!(
        "{cause} Then: windlass operations retry {id}. What you settle by hand: 'windlass operations skip' or 'abandon'."
    )
}

/// The step that an operation cannot get over.
pub(crate) fn stuck(operation: &Value) -> Option<&Value> {
    let steps = operation["steps"].as_array()?;
    let waits = |step: &&Value| {
        let state = step["state"].as_str().unwrap_or_default();
        ["started", "failed", "undo_started"].contains(&state) && !step["error"].is_null()
    };
    steps.iter().rfind(waits)
}

/// Why an operation is where it is, and what to do: where it is stuck, its own first error has been dealt
/// with already.
fn reason(operation: &Value) -> (String, Option<&str>) {
    let error = match stuck(operation) {
        Some(step) => &step["error"],
        None => &operation["error"],
    };
    let message = error["message"].as_str().unwrap_or("no reason is recorded");
    (message.to_owned(), error["hint"].as_str())
}

fn operation_path(id: &str) -> String {
    format!("/apps/v3/operations/{id}/")
}

fn events_path(id: &str) -> String {
    format!("/apps/v3/operations/{id}/events/")
}

fn log_path(deployment: &str) -> String {
    format!("/apps/v3/deployments/{deployment}/logs")
}

fn progress(shown: Shown, operation: &Value, names: Names) -> Progress {
    let steps = operation["steps"].as_array().map_or(0, Vec::len);
    Progress::new(shown, names, steps)
}

/// Shows what the streams bring until the operation has ended.
fn follow(client: &Client, streams: &Streams<'_>, mut progress: Progress) -> Result<(), Error> {
    let (sender, news) = mpsc::channel();
    // Neither is waited for: one that still reads when this command ends, ends with it.
    let (reader, path, after) = (
        client.clone(),
        events_path(streams.operation),
        &streams.after,
    );
    let (after, events) = (after.clone(), sender.clone());
    thread::spawn(move || {
        if feed(&reader, &path, after, &events) {
            let _ = events.send(News::Over);
        }
    });
    if let Some(deployment) = streams.log_of {
        let (reader, path) = (client.clone(), format!("{}/stream", log_path(deployment)));
        thread::spawn(move || feed(&reader, &path, None, &sender));
    }
    // How much of the log has been shown, in bytes.
    let mut shown = 0;
    let mut away = 0usize;
    loop {
        match news.recv_timeout(TICK) {
            Ok(News::Event(event)) => {
                if event.kind == "log" {
                    let text = event.data["text"].as_str().unwrap_or_default();
                    shown += text.len();
                    progress.log(text)?;
                } else {
                    progress.event(&event);
                }
            }
            // Once for all streams.
            Ok(News::Away(why)) => {
                if away == 0 {
                    progress.away(&why);
                }
                away += 1;
            }
            Ok(News::Back) => away = away.saturating_sub(1),
            Ok(News::Over) | Err(RecvTimeoutError::Disconnected) => break,
            Ok(News::Failed(error)) => return Err(error),
            Err(RecvTimeoutError::Timeout) => progress.tick(),
        }
    }
    // The log goes on without an end while the operation waits for an operator, and its last words may not
    // have come yet: what there is is read once more.
    if let Some(deployment) = streams.log_of {
        let log = client.get(&log_path(deployment))?;
        let rest = log["logs"].as_str().and_then(|text| text.get(shown..));
        progress.log(rest.unwrap_or_default())?;
    }
    Ok(())
}

/// Reads a stream to its end, over as many connections as it takes. Says whether it got there.
fn feed(client: &Client, path: &str, mut last: Option<String>, news: &Sender<News>) -> bool {
    let mut broken_since: Option<Instant> = None;
    let mut away = false;
    loop {
        let (begun, before) = (Instant::now(), last.clone());
        let broken = match client.stream(path, last.as_deref()) {
            Ok(stream) => {
                if std::mem::take(&mut away) && news.send(News::Back).is_err() {
                    return false;
                }
                match pass_on(Events::new(stream), &mut last, news) {
                    Some(broken) => broken,
                    None => return true,
                }
            }
            Err(error) => error,
        };
        if last != before || begun.elapsed() > STABLE {
            broken_since = None;
        }
        let since = *broken_since.get_or_insert_with(Instant::now);
        if since.elapsed() > PATIENCE || !matches!(broken, Error::Unexpected { .. }) {
            // Without a listener the command has ended, here and below.
            let _ = news.send(News::Failed(broken));
            return false;
        }
        if !std::mem::replace(&mut away, true) && news.send(News::Away(broken.to_string())).is_err()
        {
            return false;
        }
        thread::sleep(PAUSE);
    }
}

/// Passes events on until the last one; else gives why the stream broke.
fn pass_on(
    events: impl Iterator<Item = std::io::Result<Event>>,
    last: &mut Option<String>,
    news: &Sender<News>,
) -> Option<Error> {
    for event in events {
        let event = match event {
            Ok(event) => event,
            Err(error) => {
                let why = format!("the connection to the server was lost: {error}");
                return Some(Error::unexpected(why));
            }
        };
        match event.kind.as_str() {
            "end" => return None,
            "error" => {
                let why = event.data["message"].as_str().unwrap_or("it failed");
                return Some(Error::unexpected(why));
            }
            _ => {}
        }
        if event.id.is_some() {
            last.clone_from(&event.id);
        }
        // Without a listener the command has ended.
        if news.send(News::Event(event)).is_err() {
            return None;
        }
    }
    Some(Error::unexpected("the connection to the server has ended"))
}

/// A field that must be there.
pub(crate) fn text(value: &Value, field: &str) -> Result<String, Error> {
    value[field].as_str().map(str::to_owned).ok_or_else(|| {
        Error::unexpected(format!(
            "the server's answer has no '{field}': {}",
            json!(value)
        ))
    })
}
