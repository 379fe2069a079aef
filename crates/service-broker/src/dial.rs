//! Connections to brokers.

use std::fmt::Debug;
use std::io;
use std::time::Duration;

use async_trait::async_trait;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

/// Bytes both ways.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// What makes connections. The network does; tests have a broker in memory, with which the clock can be
/// stopped.
#[async_trait]
pub trait Dial: Debug + Send + Sync {
    /// A connection to that host, not encrypted yet.
    async fn dial(&self, host: &str, port: u16) -> io::Result<Box<dyn Stream>>;
}

/// For one of a host's addresses: on a machine without a way to IPv6 the first may lead nowhere, and the others
/// must get their turn before the whole connection is given up.
const ADDRESS: Duration = Duration::from_secs(2);

/// TCP.
#[derive(Debug, Clone, Copy)]
pub struct Network;

#[async_trait]
impl Dial for Network {
    async fn dial(&self, host: &str, port: u16) -> io::Result<Box<dyn Stream>> {
        let mut last = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
        for address in lookup_host((host, port)).await? {
            match timeout(ADDRESS, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    stream.set_nodelay(true)?;
                    return Ok(Box::new(stream));
                }
                Ok(Err(error)) => last = error,
                Err(_) => last = io::ErrorKind::TimedOut.into(),
            }
        }
        Err(last)
    }
}
