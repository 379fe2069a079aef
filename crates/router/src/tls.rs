//! Encrypted connections: the handshake, with the certificate that the client's name for this router asks for.
//!
//! A plain connection knows nothing of this: its path is the one without TLS, compiled on its own.

mod certificates;
mod names;
mod pair;

use std::io;
use std::sync::Arc;

use hyper::server::conn::http1;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::rustls::server::Acceptor;
use tokio_rustls::server::TlsStream;

use crate::connection::{self, Client};
use crate::socket::Socket;

pub(crate) use certificates::Certificates;

/// What a client hears that began with a request in plain text.
const NOT_PLAIN: &str =
    "This port speaks HTTPS: ask for https:// here, or for http:// at the port for that.\n";

/// A plain request is read up to here before its connection is closed: what is left unread makes the kernel send a
/// reset, which may overtake the answer.
const LARGEST_PLAIN: u64 = 64 * 1024;

/// RFC 8446, 9.2: who demands a name and got none.
const MISSING_EXTENSION: u8 = 109;
/// RFC 6066, 3: who has nothing for the name.
const UNRECOGNIZED_NAME: u8 = 112;

/// Why there is no encrypted connection.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("the client left or broke the protocol")]
    Io(#[from] io::Error),
    #[error("the client speaks plain HTTP")]
    Plain,
    #[error("no certificate has the name '{0}'")]
    UnknownName(String),
    #[error("the client named no host, and there is no certificate 'default'")]
    NoName,
}

/// Shakes hands and serves until the client leaves. When the router stops, a handshake that is not done after the
/// last call is given up.
pub(crate) async fn serve(
    client: Arc<Client>,
    stream: TcpStream,
    http: http1::Builder,
    certificates: Arc<Certificates>,
) {
    let worker = &client.worker;
    let socket = Socket::of_client(stream, Arc::clone(&client.patience));
    let handshake = tokio::time::timeout(
        worker.timeouts.handshake,
        shake_hands(socket, &certificates),
    );
    let last_call = async {
        worker.stop.cancelled().await;
        tokio::time::sleep(worker.timeouts.last_call).await;
    };
    let shaken = tokio::select! {
        shaken = handshake => shaken,
        () = last_call => return,
    };
    match shaken {
        Ok(Ok(stream)) => {
            // The first head has the time of every head, whatever the handshake took.
            client.patience.wait_for_client();
            connection::serve(client, stream, http).await;
        }
        Ok(Err(error)) => {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            tracing::debug!(%error, cause, client.ip = %client.peer.ip, "no TLS connection");
        }
        Err(_) => {
            tracing::debug!(client.ip = %client.peer.ip, "a client did not finish its TLS handshake in time");
        }
    }
}

async fn shake_hands(
    mut socket: Socket,
    certificates: &Certificates,
) -> Result<TlsStream<Socket>, Failure> {
    // A record of TLS begins with its type, 22 here; every method of HTTP with a capital letter.
    let first = socket.peek().await?;
    if first.is_some_and(|byte| byte.is_ascii_uppercase()) {
        refuse_plain(socket).await?;
        return Err(Failure::Plain);
    }
    let hello = LazyConfigAcceptor::new(Acceptor::default(), &mut socket).await?;
    let name = hello.client_hello().server_name().map(str::to_owned);
    let config = certificates.choose(name.as_deref());
    let accepted = hello.accepted;
    let Some(config) = config else {
        let (alert, failure) = match name {
            Some(name) => (UNRECOGNIZED_NAME, Failure::UnknownName(name)),
            None => (MISSING_EXTENSION, Failure::NoName),
        };
        // RFC 8446, 5.1 and 6: a record of type alert with a fatal one. rustls can refuse a client that it has
        // no certificate for, but only as `access_denied`, which says nothing to whoever reads it.
        socket.write_all(&[21, 3, 3, 0, 2, 2, alert]).await?;
        socket.shutdown().await?;
        return Err(failure);
    };
    let start = tokio_rustls::StartHandshake::from_parts(accepted, socket);
    Ok(start.into_stream(config).await?)
}

async fn refuse_plain(mut socket: Socket) -> io::Result<()> {
    let answer = format!(
        "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{NOT_PLAIN}",
        NOT_PLAIN.len()
    );
    socket.write_all(answer.as_bytes()).await?;
    socket.shutdown().await?;
    tokio::io::copy(&mut socket.take(LARGEST_PLAIN), &mut tokio::io::sink()).await?;
    Ok(())
}
