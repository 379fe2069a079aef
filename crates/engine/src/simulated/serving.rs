//! The HTTP servers of simulated containers: real sockets on loopback addresses, one address a container.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::behaviour::Invocation;

/// A request's head may be this long; more is a mistake of a test.
const MAXIMUM_HEAD: usize = 64 * 1024;
/// 127.64.0.1: below are addresses that people use by hand.
const LOWEST_ADDRESS: u32 = 0x7f40_0001;
const ADDRESSES: u32 = 0x7fff_0000 - LOWEST_ADDRESS;
/// Each engine of one process gets a stretch of this many addresses, so that parallel tests stay apart.
const STRETCH: u32 = 4096;

static ENGINES: AtomicU32 = AtomicU32::new(0);

/// Where an engine begins to look for free addresses. Processes start at places of their own.
pub(super) fn first_address() -> u32 {
    let engine = ENGINES.fetch_add(1, Ordering::Relaxed);
    std::process::id()
        .wrapping_mul(7919 * STRETCH)
        .wrapping_add(engine.wrapping_mul(STRETCH))
        % ADDRESSES
}

/// The address of that number.
pub(super) fn address(number: u32) -> Ipv4Addr {
    Ipv4Addr::from_bits(LOWEST_ADDRESS + number % ADDRESSES)
}

/// Opens the ports; all or none.
pub(super) fn listen(address: Ipv4Addr, ports: &[u16]) -> io::Result<Vec<TcpListener>> {
    ports
        .iter()
        .map(|port| {
            let listener = std::net::TcpListener::bind(SocketAddr::from((address, *port)))?;
            listener.set_nonblocking(true)?;
            Ok(listener)
        })
        .collect()
}

/// Answers on the listeners until the token ends; open connections end with it, as those of a killed
/// process do.
pub(super) fn serve(
    listeners: Vec<TcpListener>,
    status: u16,
    invocation: Invocation,
    token: &CancellationToken,
) {
    let invocation = Arc::new(invocation);
    for listener in listeners {
        let invocation = Arc::clone(&invocation);
        let token = token.clone();
        tokio::spawn(async move {
            let Ok(listener) = tokio::net::TcpListener::from_std(listener) else {
                return;
            };
            let mut connections = JoinSet::new();
            loop {
                tokio::select! {
                    () = token.cancelled() => return,
                    Some(_) = connections.join_next() => {}
                    accepted = listener.accept() => {
                        if let Ok((stream, _)) = accepted {
                            let invocation = Arc::clone(&invocation);
                            // A client that goes away ends its own connection only.
                            connections.spawn(async move { drop(converse(stream, status, &invocation).await); });
                        }
                    }
                }
            }
        });
    }
}

/// One connection: `GET /env/NAME` gives a variable of the container, `/name` and everything else its name.
async fn converse(stream: TcpStream, status: u16, invocation: &Invocation) -> io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut read = BufReader::new(read);
    while let Some(head) = read_head(&mut read).await? {
        let header = |name: &str| {
            head.lines().skip(1).find_map(|line| {
                let (key, value) = line.split_once(':')?;
                key.eq_ignore_ascii_case(name)
                    .then(|| value.trim().to_ascii_lowercase())
            })
        };
        let length = header("content-length")
            .and_then(|value| value.parse::<u64>().ok())
            .unwrap_or(0);
        tokio::io::copy(&mut (&mut read).take(length), &mut tokio::io::sink()).await?;
        let close = header("connection").as_deref() == Some("close")
            || header("transfer-encoding").is_some();
        let mut words = head.split_ascii_whitespace();
        let (method, target) = (words.next().unwrap_or("GET"), words.next().unwrap_or("/"));
        let (status, body) = match target
            .strip_prefix("/env/")
            .map(|name| invocation.environment.get(name))
        {
            Some(Some(value)) => (status, value.as_str()),
            Some(None) => (404, ""),
            None => (status, invocation.container.as_str()),
        };
        let connection = if close { "close" } else { "keep-alive" };
        let mut answer = format!(
            "HTTP/1.1 {status} Simulated\r\ncontent-length: {}\r\ncontent-type: text/plain\r\n\
             x-simulated-container: {}\r\nconnection: {connection}\r\n\r\n",
            body.len(),
            invocation.container,
        );
        if method != "HEAD" {
            answer.push_str(body);
        }
        write.write_all(answer.as_bytes()).await?;
        if close {
            return Ok(());
        }
    }
    Ok(())
}

/// The request line and headers; `None` when the client is done.
async fn read_head(read: &mut (impl tokio::io::AsyncRead + Unpin)) -> io::Result<Option<String>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match read.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(error),
        }
        if head.len() > MAXIMUM_HEAD {
            return Err(io::ErrorKind::InvalidData.into());
        }
    }
    Ok(Some(String::from_utf8_lossy(&head).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_loopback_whatever_the_number() {
        for number in [0, 1, 255, 256, u32::MAX, first_address()] {
            assert!(address(number).is_loopback());
        }
    }
}
