//! A broker that says what it is told to.

use std::collections::{HashMap, VecDeque};
use std::fmt::Write as _;
use std::io;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;
use windlass_service_broker::dial::{Dial, Stream};

/// What becomes of one connection.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    /// The request is answered.
    Answer {
        status: u16,
        headers: Vec<(&'static str, String)>,
        body: Vec<u8>,
    },
    /// The request is read, and these bytes come back; then the connection is closed.
    Bytes(Vec<u8>),
    /// The request is read, these bytes come back, and nothing more.
    Silence(Vec<u8>),
    /// There is no connection.
    Refuse,
    /// There is never a connection.
    Hang,
}

/// A request that was read.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: String,
    pub(crate) at: Instant,
}

/// The acts to come and the requests that came.
#[derive(Default)]
pub(crate) struct Script {
    acts: Mutex<VecDeque<Act>>,
    seen: Arc<Mutex<Vec<Seen>>>,
    tls: Option<TlsAcceptor>,
}

/// An answer in JSON.
pub(crate) fn json(status: u16, body: &Value) -> Act {
    text(status, &body.to_string())
}

/// An answer in any form.
pub(crate) fn text(status: u16, body: &str) -> Act {
    Act::Answer {
        status,
        headers: Vec::new(),
        body: body.as_bytes().to_vec(),
    }
}

/// An error of the specification.
pub(crate) fn error(status: u16, code: &str, description: &str) -> Act {
    json(
        status,
        &serde_json::json!({"error": code, "description": description}),
    )
}

/// The answer to a poll.
pub(crate) fn state(state: &str) -> Act {
    json(200, &serde_json::json!({ "state": state }))
}

/// The connection is closed instead of an answer.
pub(crate) fn cut() -> Act {
    Act::Bytes(Vec::new())
}

/// No answer comes.
pub(crate) fn silence() -> Act {
    Act::Silence(Vec::new())
}

impl Act {
    /// With that header.
    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        if let Self::Answer { headers, .. } = &mut self {
            headers.push((name, value.to_owned()));
        }
        self
    }
}

impl Script {
    /// These acts, one a connection.
    pub(crate) fn of(acts: impl IntoIterator<Item = Act>) -> Arc<Self> {
        Arc::new(Self {
            acts: Mutex::new(acts.into_iter().collect()),
            ..Self::default()
        })
    }

    /// The same, encrypted.
    pub(crate) fn encrypted(acts: impl IntoIterator<Item = Act>, tls: TlsAcceptor) -> Arc<Self> {
        Arc::new(Self {
            acts: Mutex::new(acts.into_iter().collect()),
            tls: Some(tls),
            ..Self::default()
        })
    }

    /// The requests, after every act was played.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        let left = self.acts.lock().expect("no test panics with it");
        assert!(left.is_empty(), "never asked for: {left:?}");
        self.seen.lock().expect("no test panics with it").clone()
    }

    /// The requests as `METHOD target`, without what is the same in all.
    pub(crate) fn lines(&self) -> Vec<String> {
        let short = |seen: &Seen| {
            let target = seen.target.replace("/v2/service_instances", "");
            let target = target.replace("service_id=s-1&plan_id=p-1", "HINTS");
            format!(
                "{} {}",
                seen.method,
                target.replace("accepts_incomplete=true", "ASYNC")
            )
        };
        self.seen().iter().map(short).collect()
    }
}

impl std::fmt::Debug for Script {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Script")
    }
}

#[async_trait]
impl Dial for Script {
    async fn dial(&self, _host: &str, _port: u16) -> io::Result<Box<dyn Stream>> {
        let act = self
            .acts
            .lock()
            .expect("no test panics with it")
            .pop_front();
        let act = act.expect("a request for which there is no act");
        match act {
            Act::Refuse => return Err(io::ErrorKind::ConnectionRefused.into()),
            Act::Hang => std::future::pending().await,
            Act::Answer { .. } | Act::Bytes(_) | Act::Silence(_) => {}
        }
        let (client, server) = tokio::io::duplex(64 * 1024);
        let seen = Arc::clone(&self.seen);
        let tls = self.tls.clone();
        tokio::spawn(async move {
            // A client that does not like what it sees hangs up, which is its good right.
            let _ = match tls {
                None => play(server, act, &seen).await,
                Some(tls) => match tls.accept(server).await {
                    Ok(server) => play(server, act, &seen).await,
                    Err(error) => Err(error),
                },
            };
        });
        Ok(Box::new(client) as Box<dyn Stream>)
    }
}

async fn play(mut stream: impl Stream, act: Act, seen: &Mutex<Vec<Seen>>) -> io::Result<()> {
    let request = read(&mut stream).await?;
    seen.lock().expect("no test panics with it").push(request);
    match act {
        Act::Answer {
            status,
            headers,
            body,
        } => {
            let mut head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n", body.len());
            for (name, value) in headers {
                write!(head, "{name}: {value}\r\n").expect("strings take everything");
            }
            stream.write_all(format!("{head}\r\n").as_bytes()).await?;
            stream.write_all(&body).await?;
            stream.shutdown().await
        }
        Act::Bytes(bytes) => {
            stream.write_all(&bytes).await?;
            stream.shutdown().await
        }
        Act::Silence(bytes) => {
            stream.write_all(&bytes).await?;
            std::future::pending().await
        }
        Act::Refuse | Act::Hang => unreachable!("there is no connection"),
    }
}

async fn read(stream: &mut (impl Stream + ?Sized)) -> io::Result<Seen> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).expect("ASCII");
    let mut lines = head.split("\r\n");
    let mut first = lines.next().expect("a request line").split(' ');
    let (method, target) = (first.next().expect("method"), first.next().expect("target"));
    let headers: HashMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let length = headers.get("content-length");
    let length: usize = length.map_or(0, |text| text.parse().expect("a length"));
    let mut body = bytes[end + 4..].to_vec();
    while body.len() < length {
        if stream.read_buf(&mut body).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(Seen {
        method: method.to_owned(),
        target: target.to_owned(),
        headers,
        body: String::from_utf8(body).expect("UTF-8"),
        at: Instant::now(),
    })
}
