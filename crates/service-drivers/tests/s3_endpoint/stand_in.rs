//! Programs in the endpoint's place: one that passes on and loses answers, one that answers the same to all.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::task::AbortOnDropHandle;

pub(crate) struct StandIn {
    pub(crate) url: String,
    met: Arc<AtomicUsize>,
    _serving: AbortOnDropHandle<()>,
}

impl StandIn {
    /// Passes requests on to a server, and loses the answer to the first one in which that text is.
    pub(crate) async fn losing(server: &str, text: &'static str) -> Self {
        let (_, server) = server.split_once("://").expect("a URL");
        let server = server.to_owned();
        Self::serve(move |request, met| {
            let server = server.clone();
            async move {
                let mut upstream = TcpStream::connect(&server).await.expect("it listens");
                upstream.write_all(&request).await.expect("it is sent");
                let answer = read(&mut upstream).await;
                let is_it = String::from_utf8_lossy(&request).contains(text);
                if is_it && met.fetch_add(1, Ordering::SeqCst) == 0 {
                    return Vec::new();
                }
                let (status, rest) =
                    answer.split_at(answer.iter().position(|&byte| byte == b'\r').unwrap_or(0));
                [status, b"\r\nconnection: close", rest].concat()
            }
        })
        .await
    }

    /// Answers this to everything.
    pub(crate) async fn saying(status: &'static str, body: &'static str) -> Self {
        Self::serve(move |_, _| async move {
            let length = body.len();
            format!(
                "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
            )
            .into_bytes()
        })
        .await
    }

    /// How often the text was met.
    pub(crate) fn met(&self) -> usize {
        self.met.load(Ordering::SeqCst)
    }

    /// One request each connection, so that nothing has to be known of where an answer ends.
    async fn serve<F, A>(answer: F) -> Self
    where
        F: Fn(Vec<u8>, Arc<AtomicUsize>) -> A + Send + Sync + 'static,
        A: Future<Output = Vec<u8>> + Send,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let met = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&met);
        let serving = tokio::spawn(async move {
            while let Ok((mut connection, _)) = listener.accept().await {
                let request = read(&mut connection).await;
                let answer = answer(request, Arc::clone(&counted)).await;
                drop(connection.write_all(&answer).await);
            }
        });
        Self {
            url: format!("http://127.0.0.1:{port}"),
            met,
            _serving: AbortOnDropHandle::new(serving),
        }
    }
}

/// A whole message: its head, and as much of a body as it says.
async fn read(connection: &mut TcpStream) -> Vec<u8> {
    let mut message = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&message).to_lowercase();
        if let Some((head, _)) = text.split_once("\r\n\r\n") {
            let length = head.split("content-length:").nth(1).map_or("0", |rest| {
                rest.split("\r\n").next().unwrap_or_default().trim()
            });
            let length: usize = length.parse().expect("a length");
            if message.len() >= head.len() + 4 + length {
                return message;
            }
        }
        if connection.read_buf(&mut message).await.unwrap_or(0) == 0 {
            return message;
        }
    }
}
