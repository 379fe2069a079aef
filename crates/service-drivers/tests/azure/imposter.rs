//! A program in the service's place that answers as the emulator never does.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;
use windlass_services::{Access, Endpoint};

use crate::server::ACCOUNT;

/// Gives its answers one after another, the last again and again.
pub(crate) struct Imposter {
    pub(crate) access: Access,
    asked: Arc<AtomicUsize>,
    _serving: AbortOnDropHandle<()>,
}

/// An answer: its status line, headers beside those that it needs, and an error's name.
pub(crate) fn answer(status: &str, headers: &str, code: &str) -> String {
    let body = match code {
        "" => String::new(),
        code => {
            format!("<Error><Code>{code}</Code><Message>In words.\nRequestId:1</Message></Error>")
        }
    };
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n{headers}\r\n{body}"
    )
}

impl Imposter {
    pub(crate) async fn start(access: &Access, answers: Vec<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let serving = tokio::spawn(async move {
            while let Ok((mut connection, _)) = listener.accept().await {
                let mut request = Vec::new();
                while !request.windows(4).any(|end| end == b"\r\n\r\n") {
                    if connection.read_buf(&mut request).await.unwrap_or(0) == 0 {
                        break;
                    }
                }
                let at = count.fetch_add(1, Ordering::Relaxed);
                let answer = answers.get(at).or(answers.last()).expect("an answer");
                drop(connection.write_all(answer.as_bytes()).await);
            }
        });
        let access = Access {
            endpoint: Endpoint {
                host: "127.0.0.1".to_owned(),
                port,
            },
            settings: Some(json!({ "url": format!("http://127.0.0.1:{port}/{ACCOUNT}") })),
            ..access.clone()
        };
        Self {
            access,
            asked,
            _serving: AbortOnDropHandle::new(serving),
        }
    }

    /// How many requests there were.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}
