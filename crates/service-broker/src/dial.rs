//! Connections to brokers.

use std::fmt::Debug;
use std::io;

use async_trait::async_trait;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

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

/// TCP.
#[derive(Debug, Clone, Copy)]
pub struct Network;

#[async_trait]
impl Dial for Network {
    async fn dial(&self, host: &str, port: u16) -> io::Result<Box<dyn Stream>> {
        let stream = TcpStream::connect((host, port)).await?;
        stream.set_nodelay(true)?;
        Ok(Box::new(stream))
    }
}
