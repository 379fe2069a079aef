//! A router, upstreams and clients for the tests.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;
use windlass_delivery::routing::{Published, Route, RouteTable, RouterControl};
use windlass_model::id::EnvironmentId;
use windlass_router::control::SocketControl;
use windlass_router::{Error, Router, Settings};

/// Nothing in these tests takes this long; what does is stuck.
pub(crate) const LIMIT: Duration = Duration::from_secs(20);

pub(crate) type Body = BoxBody<Bytes, Infallible>;

pub(crate) fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).boxed()
}

/// A place for a router's files.
pub(crate) struct Place {
    directory: tempfile::TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn table(&self) -> PathBuf {
        self.directory.path().join("routes.json")
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.directory.path().join("router.sock")
    }

    pub(crate) fn control(&self) -> SocketControl {
        SocketControl::new(self.table(), self.socket())
    }

    pub(crate) fn settings(&self) -> Settings {
        let mut settings = Settings::new(
            vec!["127.0.0.1:0".parse().unwrap()],
            self.table(),
            self.socket(),
        );
        settings.workers = NonZeroUsize::new(2);
        // Clients of these tests are mostly idle at the end, and nobody waits for them.
        settings.timeouts.last_call = Duration::from_millis(10);
        settings
    }

    pub(crate) fn start(&self) -> RunningRouter {
        RunningRouter::start(self.settings())
    }
}

/// A router on tasks and threads of this process.
pub(crate) struct RunningRouter {
    pub(crate) address: SocketAddr,
    tls: Option<SocketAddr>,
    stop: CancellationToken,
    task: JoinHandle<Result<(), Error>>,
}

impl RunningRouter {
    pub(crate) fn start(settings: Settings) -> Self {
        let router = Router::bind(settings).unwrap();
        let address = router.addresses()[0];
        let tls = router.tls_addresses().first().copied();
        let stop = CancellationToken::new();
        let task = tokio::spawn(router.serve(stop.clone()));
        Self {
            address,
            tls,
            stop,
            task,
        }
    }

    /// Where it listens by TLS.
    pub(crate) fn tls(&self) -> SocketAddr {
        self.tls.unwrap()
    }

    pub(crate) fn begin_stop(&self) {
        self.stop.cancel();
    }

    pub(crate) async fn stop(self) {
        self.stop.cancel();
        within(self.task).await.unwrap().unwrap();
    }
}

pub(crate) async fn within<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(LIMIT, future)
        .await
        .expect("this takes milliseconds unless it is stuck")
}

/// Waits until a condition holds.
pub(crate) async fn until<F: Future<Output = bool>>(mut condition: impl FnMut() -> F) {
    within(async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    })
    .await;
}

pub(crate) fn route(host: &str, upstreams: &[SocketAddr]) -> Route {
    Route {
        host: host.to_owned(),
        environment: EnvironmentId::from(uuid::Uuid::now_v7()),
        release: None,
        upstreams: upstreams.to_vec(),
        upstream_host: None,
    }
}

pub(crate) fn table(generation: u64, routes: Vec<Route>) -> RouteTable {
    RouteTable {
        generation,
        routes,
        own: Vec::new(),
    }
}

/// Publishes one route for `app.localhost` to a running router.
pub(crate) async fn publish(place: &Place, generation: u64, upstreams: &[SocketAddr]) {
    let table = table(generation, vec![route("app.localhost", upstreams)]);
    assert_eq!(
        within(place.control().publish(&table)).await.unwrap(),
        Published::InForce
    );
}

/// An HTTP server that counts its connections; dropping it kills it like a container.
pub(crate) struct Upstream {
    pub(crate) address: SocketAddr,
    connections: Arc<AtomicU64>,
    open: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

struct Open(Arc<AtomicU64>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Upstream {
    pub(crate) async fn start<H, F>(handler: H) -> Self
    where
        H: Fn(Request<Incoming>) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Response<Body>> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (connections, open) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let (made, now) = (Arc::clone(&connections), Arc::clone(&open));
        let task = tokio::spawn(async move {
            let mut served = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                made.fetch_add(1, Ordering::SeqCst);
                now.fetch_add(1, Ordering::SeqCst);
                let open = Open(Arc::clone(&now));
                let handler = handler.clone();
                served.spawn(async move {
                    let _open = open;
                    let service = service_fn(move |request| {
                        let answer = handler(request);
                        async move { Ok::<_, Infallible>(answer.await) }
                    });
                    // How a client leaves is the test's business.
                    let _ = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        Self {
            address,
            connections,
            open,
            task,
        }
    }

    /// Answers every request with this text, after reading its body.
    pub(crate) async fn saying(text: &'static str) -> Self {
        Self::start(move |request| async move {
            let _ = request.into_body().collect().await;
            Response::new(full(text))
        })
        .await
    }

    /// Connections accepted so far.
    pub(crate) fn connections(&self) -> u64 {
        self.connections.load(Ordering::SeqCst)
    }

    /// Connections open now.
    pub(crate) fn open(&self) -> u64 {
        self.open.load(Ordering::SeqCst)
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// An address on which nothing listens.
pub(crate) async fn dead_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap()
}

/// A keep-alive connection to the router.
pub(crate) struct Client(SendRequest<Body>);

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self::over(TcpStream::connect(address).await.unwrap()).await
    }

    /// Speaks HTTP over a connection.
    pub(crate) async fn over<S>(stream: S) -> Self
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        Self(sender)
    }

    pub(crate) async fn send(&mut self, request: Request<Body>) -> Response<Incoming> {
        within(async {
            self.0.ready().await.unwrap();
            self.0.send_request(request).await.unwrap()
        })
        .await
    }

    pub(crate) async fn try_send(
        &mut self,
        request: Request<Body>,
    ) -> hyper::Result<Response<Incoming>> {
        within(self.0.send_request(request)).await
    }

    pub(crate) async fn get(&mut self, host: &str, path: &str) -> Answer {
        let request = Request::get(path)
            .header("host", host)
            .body(full(""))
            .unwrap();
        Answer::read(self.send(request).await).await
    }

    pub(crate) async fn post(&mut self, host: &str, body: impl Into<Bytes>) -> Answer {
        let request = Request::post("/")
            .header("host", host)
            .body(full(body))
            .unwrap();
        Answer::read(self.send(request).await).await
    }
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) async fn read(response: Response<Incoming>) -> Self {
        let (head, body) = response.into_parts();
        let bytes = within(body.collect()).await.unwrap().to_bytes();
        Self {
            status: head.status,
            headers: head.headers,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }
}

pub(crate) async fn get(router: SocketAddr, host: &str, path: &str) -> Answer {
    Client::connect(router).await.get(host, path).await
}

/// Sends bytes as they are and reads until the router closes the connection.
pub(crate) async fn raw(router: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(router).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A reset after the answer is a close, too.
    let _ = within(stream.read_to_end(&mut answer)).await;
    String::from_utf8(answer).unwrap()
}

/// Reads up to the end of a request's head.
pub(crate) async fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if within(stream.read(&mut byte)).await.unwrap() == 0 {
            break;
        }
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap()
}
