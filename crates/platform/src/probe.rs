//! One question to a process over HTTP/1.1: the health check.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A process that has opened its port accepts at once; a packet that is dropped is worth another try.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// The first answer of an application may compile, migrate a cache and the like.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// An HTTP status.
    Status(u16),
    /// No answer, and why, for people.
    None(String),
}

/// Asks `GET path` and reads the status line. The body is not read.
pub(crate) async fn ask(address: SocketAddr, host: &str, path: &str) -> Answer {
    let stream = match tokio::time::timeout(CONNECT_TIMEOUT, TcpStream::connect(address)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => {
            return Answer::None(format!(
                "nothing accepts connections on port {} ({error})",
                address.port()
            ));
        }
        Err(_) => {
            return Answer::None(format!(
                "no connection to port {} within {CONNECT_TIMEOUT:?}",
                address.port()
            ));
        }
    };
    match tokio::time::timeout(ANSWER_TIMEOUT, exchange(stream, host, path)).await {
        Ok(Ok(status)) => Answer::Status(status),
        Ok(Err(error)) => Answer::None(format!(
            "it accepts connections but does not answer in HTTP ({error})"
        )),
        Err(_) => Answer::None(format!(
            "it accepts connections but gave no answer within {ANSWER_TIMEOUT:?}"
        )),
    }
}

async fn exchange(mut stream: TcpStream, host: &str, path: &str) -> std::io::Result<u16> {
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: windlass-health\r\nAccept: */*\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    // `HTTP/1.1 200` is 12 bytes; RFC 9112 section 4.
    let mut line = [0u8; 12];
    stream.read_exact(&mut line).await?;
    std::str::from_utf8(&line)
        .ok()
        .and_then(|line| line.strip_prefix("HTTP/1."))
        .and_then(|rest| rest.get(2..5))
        .and_then(|status| status.parse().ok())
        .ok_or_else(|| {
            std::io::Error::new(
                std::io::ErrorKind::InvalidData,
                "the first line is not an HTTP status line",
            )
        })
}
