//! A connection: lines of text, by hand, because five commands are all that is needed.

use std::io;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;
use windlass_services::{Access, Error, Tls};

use super::limits::CONNECT;
use crate::step::Step;

/// The longest line that is taken: the server's own are below 2 KiB.
const LONGEST: u64 = 64 << 10;

/// A connection, closed when it is dropped.
pub(super) struct Session<'a> {
    pub(super) access: &'a Access,
    /// The version that the server says it has.
    pub(super) version: String,
    stream: BufReader<TcpStream>,
}

impl<'a> Session<'a> {
    /// Connects, and has the server tell its version.
    pub(super) async fn open(access: &'a Access) -> Result<Self, Error> {
        let (cluster, host) = (access.description.clone(), access.endpoint.host.as_str());
        let place = format!("{host}:{}", access.endpoint.port);
        let connecting = async {
            let stream = TcpStream::connect((host, access.endpoint.port)).await?;
            stream.set_nodelay(true)?;
            let mut session = Self {
                access,
                version: String::new(),
                stream: BufReader::new(stream),
            };
            // A server without a free connection says so and closes, before it reads.
            let sent = session.stream.write_all(b"version\r\n").await;
            let answer = session.answer().await;
            let answer = answer.map_err(|error| sent.err().unwrap_or(error))?;
            io::Result::Ok((session, answer))
        };
        let reason = match timeout(CONNECT.within, connecting).await {
            Ok(Ok((mut session, answer))) => {
                if let Some(version) = answer.strip_prefix("VERSION ") {
                    version.clone_into(&mut session.version);
                    return Ok(session);
                }
                if answer.contains("Too many open connections") {
                    return Err(Error::Full {
                        cluster,
                        reason: answer,
                    });
                }
                if answer.contains("unauthenticated") {
                    let reason =
                        "it wants a password, and Windlass has none for this type".to_owned();
                    return Err(Error::Unsupported { cluster, reason });
                }
                format!("{place}: what answers there is not Memcached")
            }
            Ok(Err(error)) => format!("{place}: {error}"),
            Err(_) => format!("{place} gave no answer within {:?}", CONNECT.within),
        };
        Err(Error::Unreachable { cluster, reason })
    }

    /// The one line of answer to a command.
    pub(super) async fn run(&mut self, step: Step, command: &str) -> Result<String, Error> {
        let asking = async {
            self.stream.write_all(command.as_bytes()).await?;
            self.answer().await
        };
        let asked = timeout(step.within, asking).await;
        match asked.map_err(|_| self.no_answer(step))? {
            Ok(answer) if is_refusal(&answer) => Err(self.failed(step, answer)),
            Ok(answer) => Ok(answer),
            Err(error) => Err(self.failed(step, format!("the connection broke: {error}"))),
        }
    }

    /// What a command of statistics tells: names and values.
    pub(super) async fn statistics(
        &mut self,
        step: Step,
        command: &str,
    ) -> Result<Vec<(String, String)>, Error> {
        let mut told = Vec::new();
        let asking = async {
            self.stream.write_all(command.as_bytes()).await?;
            loop {
                let line = self.answer().await?;
                if let Some((name, value)) = line
                    .strip_prefix("STAT ")
                    .and_then(|statistic| statistic.split_once(' '))
                {
                    told.push((name.to_owned(), value.to_owned()));
                } else if line == "END" {
                    return io::Result::Ok(None);
                } else {
                    return Ok(Some(line));
                }
            }
        };
        let asked = timeout(step.within, asking).await;
        match asked.map_err(|_| self.no_answer(step))? {
            Ok(None) => Ok(told),
            Ok(Some(refusal)) => Err(self.failed(step, refusal)),
            Err(error) => Err(self.failed(step, format!("the connection broke: {error}"))),
        }
    }

    async fn answer(&mut self) -> io::Result<String> {
        let mut line = String::new();
        (&mut self.stream)
            .take(LONGEST)
            .read_line(&mut line)
            .await?;
        match line.strip_suffix("\r\n") {
            Some(line) => Ok(line.to_owned()),
            None => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    fn no_answer(&self, step: Step) -> Error {
        Error::NoAnswer {
            cluster: self.access.description.clone(),
            doing: step.doing.to_owned(),
            after: step.within,
        }
    }

    pub(super) fn failed(&self, step: Step, reason: String) -> Error {
        Error::Failed {
            cluster: self.access.description.clone(),
            doing: step.doing.to_owned(),
            reason,
        }
    }
}

fn is_refusal(answer: &str) -> bool {
    ["ERROR", "CLIENT_ERROR", "SERVER_ERROR"]
        .iter()
        .any(|start| answer.starts_with(start))
}

/// Refuses what cannot be connected to.
pub(super) fn supported(access: &Access) -> Result<(), Error> {
    if access.tls == Tls::Off {
        return Ok(());
    }
    Err(Error::Unsupported {
        cluster: access.description.clone(),
        reason: "encrypted connections to Memcached are not supported".to_owned(),
    })
}
