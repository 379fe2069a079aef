//! A connection of the administrator.

use std::io;

use bson::{Binary, Document, doc, spec::BinarySubtype};
use secrecy::{ExposeSecret, SecretString};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use windlass_services::{Access, Error, Tls};

use super::failure::{Failure, code};
use super::limits::CONNECT;
use super::scram::{Login, MECHANISM};
use super::wire::{decode, encode};
use crate::step::Step;

/// Where administrators are, if nothing else is said.
pub(super) const ADMIN: &str = "admin";

/// A connection, closed when it is dropped.
pub(super) struct Session<'a> {
    pub(super) access: &'a Access,
    /// What the server says of itself to everybody.
    pub(super) hello: Document,
    stream: TcpStream,
    received: Vec<u8>,
    sent: i32,
}

impl<'a> Session<'a> {
    /// Connects and logs in.
    pub(super) async fn open(access: &'a Access) -> Result<Self, Error> {
        let opening = async {
            let mut session = Self::connect(access).await?;
            session.log_in().await?;
            Ok(session)
        };
        let opened = match timeout(CONNECT.within, opening).await {
            Ok(opened) => opened,
            Err(_) => Err(Failure::Elapsed(CONNECT)),
        };
        opened.map_err(|failure| failure.of_connection(access))
    }

    /// Connects as one who has no password.
    pub(super) async fn open_anonymous(access: &'a Access) -> Result<Self, Error> {
        let opened = match timeout(CONNECT.within, Self::connect(access)).await {
            Ok(opened) => opened,
            Err(_) => Err(Failure::Elapsed(CONNECT)),
        };
        opened.map_err(|failure| failure.of_connection(access))
    }

    async fn connect(access: &'a Access) -> Result<Self, Failure> {
        let broken = |error| Failure::Connection(CONNECT, error);
        let address = (access.endpoint.host.as_str(), access.endpoint.port);
        let stream = TcpStream::connect(address).await.map_err(broken)?;
        stream.set_nodelay(true).map_err(broken)?;
        let mut session = Self {
            access,
            hello: Document::new(),
            stream,
            received: Vec::new(),
            sent: 0,
        };
        session.hello = session.send(CONNECT, ADMIN, doc! { "hello": 1 }).await?;
        Ok(session)
    }

    async fn log_in(&mut self) -> Result<(), Failure> {
        let database = self.access.database.as_deref().unwrap_or(ADMIN);
        let login = Login::of(&self.access.user);
        let begin = doc! {
            "saslStart": 1, "mechanism": MECHANISM, "payload": binary(login.message()),
            "options": { "skipEmptyExchange": true },
        };
        let mut answer = self.send(CONNECT, database, begin).await?;
        let proof = payload(&answer)
            .and_then(|challenge| login.prove(&challenge, &self.access.password))
            .ok_or_else(nonsense)?;
        let mut message = proof.message;
        let mut is_proved = false;
        // Some servers want an empty message at the end, asked not to or not.
        for _ in 0..2 {
            let next = doc! {
                "saslContinue": 1, "payload": binary(message),
                "conversationId": answer.get("conversationId").cloned().unwrap_or(1.into()),
            };
            answer = self.send(CONNECT, database, next).await?;
            is_proved |= payload(&answer).is_some_and(|words| words == proof.wanted);
            if is_done(&answer) {
                break;
            }
            message = String::new();
        }
        if is_proved && is_done(&answer) {
            Ok(())
        } else {
            Err(nonsense())
        }
    }

    /// The answer to a command.
    pub(super) async fn run(
        &mut self,
        step: Step,
        database: &str,
        command: Document,
    ) -> Result<Document, Error> {
        let ran = self.try_run(step, database, command).await;
        ran.map_err(|failure| failure.of_command(self.access))
    }

    /// The same with the refusal as the server gave it.
    pub(super) async fn try_run(
        &mut self,
        step: Step,
        database: &str,
        command: Document,
    ) -> Result<Document, Failure> {
        match timeout(step.within, self.send(step, database, command)).await {
            Ok(answer) => answer,
            Err(_) => Err(Failure::Elapsed(step)),
        }
    }

    async fn send(
        &mut self,
        step: Step,
        database: &str,
        mut command: Document,
    ) -> Result<Document, Failure> {
        let broken = |error| Failure::Connection(step, error);
        command.insert("$db", database);
        self.sent += 1;
        let message = encode(self.sent, &command).map_err(broken)?;
        self.stream.write_all(&message).await.map_err(broken)?;
        let answer = self.answer().await.map_err(broken)?;
        match refusal(&answer) {
            Some((code, words)) => Err(Failure::Refused(step, code, words)),
            None => Ok(answer),
        }
    }

    async fn answer(&mut self) -> io::Result<Document> {
        loop {
            if let Some((document, length)) = decode(&self.received)? {
                self.received.drain(..length);
                return Ok(document);
            }
            if self.stream.read_buf(&mut self.received).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }
}

/// Why the server did not do it: in the answer itself, or with one of the writes of a successful command.
fn refusal(answer: &Document) -> Option<(i64, String)> {
    use super::marks::whole;
    let of = |failed: &Document| {
        let code = failed.get("code").and_then(whole).unwrap_or_default();
        let words = failed.get_str("errmsg").unwrap_or("no reason given");
        (code, words.to_owned())
    };
    if answer.get("ok").and_then(whole) != Some(1) {
        return Some(of(answer));
    }
    let writes = answer.get_array("writeErrors").ok()?;
    writes.first()?.as_document().map(of)
}

fn is_done(answer: &Document) -> bool {
    answer.get_bool("done").unwrap_or_default()
}

fn payload(answer: &Document) -> Option<String> {
    let bytes = answer.get_binary_generic("payload").ok()?;
    String::from_utf8(bytes.clone()).ok()
}

fn binary(message: String) -> Binary {
    Binary {
        subtype: BinarySubtype::Generic,
        bytes: message.into_bytes(),
    }
}

/// A server that does not know the password either.
fn nonsense() -> Failure {
    let words = "what answers there does not keep to SCRAM";
    Failure::Connection(CONNECT, io::Error::new(io::ErrorKind::InvalidData, words))
}

/// Takes a secret out of a refusal that quotes what it refuses.
pub(super) fn without(failure: Failure, secret: &SecretString) -> Failure {
    match failure {
        Failure::Refused(step, code, words) => {
            let words = words.replace(secret.expose_secret(), "(the password)");
            Failure::Refused(step, code, words)
        }
        other => other,
    }
}

/// Whether a refusal says that one has to log in.
pub(super) fn asks_for_login(failure: &Failure) -> bool {
    failure.is(code::UNAUTHORIZED)
}

/// Refuses what cannot be connected to yet.
pub(super) fn supported(access: &Access) -> Result<(), Error> {
    if access.tls == Tls::Off {
        return Ok(());
    }
    Err(Error::Unsupported {
        cluster: access.description.clone(),
        reason: "encrypted connections to MongoDB are not supported yet".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use bson::doc;

    use super::refusal;

    #[test]
    fn refusals_are_found_wherever_they_are() {
        assert_eq!(refusal(&doc! { "ok": 1.0 }), None);
        assert_eq!(refusal(&doc! { "ok": 1_i32, "writeErrors": [] }), None);
        let refused = refusal(&doc! { "ok": 0.0, "code": 13_i32, "errmsg": "no" });
        assert_eq!(refused, Some((13, "no".to_owned())));
        let write =
            doc! { "ok": 1.0, "writeErrors": [{ "index": 0, "code": 11000_i32, "errmsg": "E" }] };
        assert_eq!(refusal(&write), Some((11000, "E".to_owned())));
        assert_eq!(refusal(&doc! {}), Some((0, "no reason given".to_owned())));
    }
}
