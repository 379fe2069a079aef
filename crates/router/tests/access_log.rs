//! The access log: one line for each request, without what must stay secret.
//!
//! In a test binary of its own, because the subscriber is the process's.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::fmt::MakeWriter;
use windlass_router::{Router, Settings};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .lock()
            .expect("no writer panics")
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn access_log_has_the_path_but_no_query_and_no_credentials() {
    let log = Log::default();
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(log.clone())
        .init();
    let directory = tempfile::tempdir().unwrap();
    let router = Router::bind(Settings::new(
        vec!["127.0.0.1:0".parse().unwrap()],
        directory.path().join("routes.json"),
        directory.path().join("router.sock"),
    ))
    .unwrap();
    let address = router.addresses()[0];
    let stop = CancellationToken::new();
    let running = tokio::spawn(router.serve(stop.clone()));

    let mut stream = TcpStream::connect(address).await.unwrap();
    stream
        .write_all(b"GET /reset/page?token=s3cret HTTP/1.1\r\nHost: a.localhost\r\nAuthorization: Bearer s3cret\r\nCookie: s3cret\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");

    let text = || String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    while !text().contains("/reset/page") {
        assert!(Instant::now() < deadline, "{}", text());
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let text = text();
    assert!(text.contains("windlass_router::access"), "{text}");
    assert!(text.contains("http.status=404"), "{text}");
    assert!(!text.contains("s3cret"), "{text}");
    stop.cancel();
    running.await.unwrap().unwrap();
}
