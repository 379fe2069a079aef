//! Programs at a server's address that are not what is looked for.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;
use windlass_services::{Access, Endpoint};

/// Answers every request that contains a text with what belongs to the text, status line and all.
pub(crate) struct Imposter {
    pub(crate) access: Access,
    _serving: AbortOnDropHandle<()>,
}

/// An answer with a body.
pub(crate) fn answer(status: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}")
}

impl Imposter {
    pub(crate) async fn start(access: &Access, answers: Vec<(&'static str, String)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let serving = tokio::spawn(async move {
            while let Ok((mut connection, _)) = listener.accept().await {
                let mut request = Vec::new();
                while !request.windows(4).any(|end| end == b"\r\n\r\n") {
                    if connection.read_buf(&mut request).await.unwrap_or(0) == 0 {
                        break;
                    }
                }
                let request = String::from_utf8_lossy(&request).into_owned();
                let found = answers.iter().find(|(text, _)| request.contains(text));
                let (_, answer) = found.unwrap_or_else(|| panic!("no answer for {request}"));
                drop(connection.write_all(answer.as_bytes()).await);
            }
        });
        Self {
            access: Access {
                endpoint: Endpoint {
                    host: "127.0.0.1".to_owned(),
                    port,
                },
                ..access.clone()
            },
            _serving: AbortOnDropHandle::new(serving),
        }
    }
}
