//! A connection of the administrator.

use std::io;

use secrecy::ExposeSecret;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};
use windlass_services::{Access, Error, Tls};

use super::failure::{Failure, unexpected};
use super::limits::{CONNECT, LOOK, LOOK_AGAIN, SCRIPTS};
use super::resp::{Value, decode, encode};
use crate::step::Step;

/// A command's words. Never a password: those are hashed before they get here.
pub(super) type Command = Vec<String>;

/// A command of these words.
pub(super) fn command<'a>(words: impl IntoIterator<Item = &'a str>) -> Command {
    words.into_iter().map(str::to_owned).collect()
}

/// A connection, closed when it is dropped.
pub(super) struct Session<'a> {
    pub(super) access: &'a Access,
    stream: TcpStream,
    received: Vec<u8>,
}

impl<'a> Session<'a> {
    /// Connects and logs in.
    pub(super) async fn open(access: &'a Access) -> Result<Self, Error> {
        let opened = match timeout(CONNECT.within, Self::connect(access)).await {
            Ok(opened) => opened,
            Err(_) => Err(Failure::Elapsed(CONNECT)),
        };
        opened.map_err(|failure| failure.of_connection(access))
    }

    /// The same for a call that changes something: the administrator's other connections are ended, with
    /// all that an earlier call which was dropped may still have on its way.
    pub(super) async fn open_alone(access: &'a Access) -> Result<Self, Error> {
        let mut session = Self::open(access).await?;
        let fence = command([
            "CLIENT",
            "KILL",
            "USER",
            access.user.as_str(),
            "SKIPME",
            "yes",
        ]);
        match session.run_raw(LOOK, &fence).await {
            Ok(_) => Ok(session),
            Err(failure) if failure.is("BUSY") => {
                session.end_script(&fence).await?;
                Ok(session)
            }
            Err(failure) => Err(failure.of_command(access)),
        }
    }

    async fn connect(access: &'a Access) -> Result<Self, Failure> {
        let broken = |error| Failure::Connection(CONNECT, error);
        let address = (access.endpoint.host.as_str(), access.endpoint.port);
        let stream = TcpStream::connect(address).await.map_err(broken)?;
        stream.set_nodelay(true).map_err(broken)?;
        let mut session = Self {
            access,
            stream,
            received: Vec::new(),
        };
        let password = access.password.expose_secret();
        let mut login = Vec::new();
        encode(
            ["AUTH", access.user.as_str(), password].into_iter(),
            &mut login,
        );
        // A server without a free connection says so and closes: its words may be there although ours did
        // not reach it.
        let sent = session.stream.write_all(&login).await;
        let answer = match (session.answer().await, sent) {
            (Ok(answer), _) => answer,
            (Err(_), Err(error)) | (Err(error), Ok(())) => return Err(broken(error)),
        };
        match answer {
            // What does not know AUTH quotes it.
            Value::Refusal(words) if words.contains(password) => Err(Failure::Refused(
                CONNECT,
                "it does not take a user and a password".to_owned(),
            )),
            Value::Refusal(words) => Err(Failure::Refused(CONNECT, words)),
            _ => Ok(session),
        }
    }

    /// The answer to one command.
    pub(super) async fn run(&mut self, step: Step, command: &Command) -> Result<Value, Error> {
        let ran = self.run_raw(step, command).await;
        ran.map_err(|failure| failure.of_command(self.access))
    }

    /// Its text.
    pub(super) async fn text(&mut self, step: Step, command: &Command) -> Result<String, Error> {
        match self.run(step, command).await? {
            Value::Text(text) => Ok(text),
            _ => Err(unexpected(self.access, step, "text")),
        }
    }

    /// Runs commands one after the other, as far as they succeed. Not as a transaction: the server takes none
    /// when it has no memory left, and revoking must be possible then.
    pub(super) async fn run_all(&mut self, step: Step, commands: &[Command]) -> Result<(), Error> {
        for command in commands {
            self.run(step, command).await?;
        }
        Ok(())
    }

    /// Runs commands with nothing of anybody else in between; none if one of them cannot be run.
    pub(super) async fn transaction(
        &mut self,
        step: Step,
        commands: &[Command],
    ) -> Result<(), Error> {
        let mut all = vec![command(["MULTI"])];
        all.extend_from_slice(commands);
        all.push(command(["EXEC"]));
        let answers = self.send(step, &all).await;
        let answers = answers.map_err(|failure| failure.of_command(self.access))?;
        // The first refusal is the cause: the last only says that there was one.
        let refusal = answers.iter().find_map(|answer| match answer {
            Value::Refusal(words) => Some(words),
            Value::Array(results) => results.iter().find_map(|result| match result {
                Value::Refusal(words) => Some(words),
                _ => None,
            }),
            _ => None,
        });
        match refusal {
            Some(words) => Err(Failure::Refused(step, words.clone()).of_command(self.access)),
            None => Ok(()),
        }
    }

    async fn run_raw(&mut self, step: Step, command: &Command) -> Result<Value, Failure> {
        let answers = self.send(step, std::slice::from_ref(command)).await?;
        match answers.into_iter().next() {
            Some(Value::Refusal(words)) => Err(Failure::Refused(step, words)),
            Some(answer) => Ok(answer),
            None => Ok(Value::Nil),
        }
    }

    /// One answer for each command.
    async fn send(&mut self, step: Step, commands: &[Command]) -> Result<Vec<Value>, Failure> {
        let mut sent = Vec::new();
        for command in commands {
            encode(command.iter().map(String::as_str), &mut sent);
        }
        let sending = async {
            self.stream.write_all(&sent).await?;
            let mut answers = Vec::with_capacity(commands.len());
            for _ in commands {
                answers.push(self.answer().await?);
            }
            Ok(answers)
        };
        match timeout(step.within, sending).await {
            Ok(answers) => answers.map_err(|error| Failure::Connection(step, error)),
            Err(_) => Err(Failure::Elapsed(step)),
        }
    }

    async fn answer(&mut self) -> io::Result<Value> {
        loop {
            match decode(&self.received) {
                Ok(Some((value, length))) => {
                    self.received.drain(..length);
                    return Ok(value);
                }
                Ok(None) => {}
                Err(_) => {
                    let words = "what answers there is neither Redis nor Valkey";
                    return Err(io::Error::new(io::ErrorKind::InvalidData, words));
                }
            }
            if self.stream.read_buf(&mut self.received).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// Ends a script or function of the application that runs for so long that the server answers nothing
    /// else; then makes the command again.
    async fn end_script(&mut self, again: &Command) -> Result<(), Error> {
        let deadline = Instant::now() + SCRIPTS.within;
        loop {
            for kill in ["SCRIPT", "FUNCTION"] {
                let kill = self.run_raw(SCRIPTS, &command([kill, "KILL"])).await;
                if let Err(failure) = kill
                    && failure.is("UNKILLABLE")
                {
                    return Err(failure.of_command(self.access));
                }
            }
            match self.run_raw(LOOK, again).await {
                Ok(_) => return Ok(()),
                Err(failure) if failure.is("BUSY") && Instant::now() < deadline => {
                    sleep(LOOK_AGAIN).await;
                }
                Err(failure) => return Err(failure.of_command(self.access)),
            }
        }
    }
}

/// Refuses what cannot be connected to yet.
pub(super) fn supported(access: &Access) -> Result<(), Error> {
    if access.tls == Tls::Off {
        return Ok(());
    }
    Err(Error::Unsupported {
        cluster: access.description.clone(),
        reason: "encrypted connections to Redis are not supported yet".to_owned(),
    })
}
