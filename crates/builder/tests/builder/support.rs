//! A builder behind a real HTTP server on 127.0.0.1, and a real git client.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::{StreamExt, TryStreamExt};
use http::{HeaderName, Request, Response};
use http_body_util::{BodyDataStream, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use windlass_builder::{BuilderSettings, GitBuilder};
use windlass_delivery::build::{Builder, GitRequest};
use windlass_model::id::ApplicationId;
use windlass_model::names::{ApplicationSlug, BranchName};

/// A builder with one application.
pub(crate) struct Site {
    pub(crate) directory: tempfile::TempDir,
    pub(crate) builder: Arc<GitBuilder>,
    pub(crate) application: ApplicationId,
    pub(crate) slug: ApplicationSlug,
    pub(crate) address: SocketAddr,
    /// How many requests came compressed.
    pub(crate) compressed: Arc<AtomicUsize>,
}

pub(crate) fn branch(name: &str) -> BranchName {
    name.parse().unwrap()
}

impl Site {
    pub(crate) async fn new() -> Self {
        Self::with(|_, _| ()).await
    }

    /// `change` gets the settings and a directory for what they name.
    pub(crate) async fn with(change: impl FnOnce(&mut BuilderSettings, &Path)) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut settings = BuilderSettings::new(directory.path().join("repositories"));
        settings.minimum_free_bytes = 1;
        change(&mut settings, directory.path());
        let builder = Arc::new(GitBuilder::new(settings).unwrap());
        let application = uuid::Uuid::now_v7().into();
        let slug: ApplicationSlug = "shop".parse().unwrap();
        builder.ensure_repository(application, &slug).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = Arc::clone(&builder);
        let compressed = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&compressed);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (builder, counter) = (Arc::clone(&serving), Arc::clone(&counter));
                let service = service_fn(move |request: Request<Incoming>| {
                    let is_compressed = request.headers().contains_key("content-encoding");
                    counter.fetch_add(usize::from(is_compressed), Ordering::Relaxed);
                    answer(Arc::clone(&builder), application, request)
                });
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service),
                );
            }
        });
        Self {
            directory,
            builder,
            application,
            slug,
            address,
            compressed,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/git/shop.git", self.address)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn repository(&self) -> PathBuf {
        self.path("repositories")
            .join(format!("{}.git", self.application))
    }

    /// A work tree with one commit of these files on `main`.
    pub(crate) async fn work_tree(&self, name: &str, files: &[(&str, &[u8])]) -> PathBuf {
        let tree = self.path(name);
        std::fs::create_dir(&tree).unwrap();
        git(&tree, &["init", "--quiet", "--initial-branch=main"]).await;
        self.commit(&tree, files).await;
        tree
    }

    /// One more commit; gives its id.
    pub(crate) async fn commit(&self, tree: &Path, files: &[(&str, &[u8])]) -> String {
        for (file, content) in files {
            let file = tree.join(file);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, content).unwrap();
        }
        git(tree, &["add", "--all"]).await;
        git(
            tree,
            &["commit", "--quiet", "--allow-empty", "-m", "change"],
        )
        .await;
        git(tree, &["rev-parse", "HEAD"]).await
    }

    /// Commits the files in a fresh work tree and pushes them to `main`.
    pub(crate) async fn pushed(&self, files: &[(&str, &[u8])]) -> String {
        let tree = self
            .work_tree(&format!("tree-{}", uuid::Uuid::now_v7()), files)
            .await;
        git(&tree, &["push", "--quiet", "--force", &self.url(), "main"]).await;
        git(&tree, &["rev-parse", "HEAD"]).await
    }

    /// A whole request as bytes, and the whole answer as text.
    pub(crate) async fn raw(&self, request: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request).await.unwrap();
        let mut answer = Vec::new();
        tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut answer))
            .await
            .unwrap()
            .unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

    pub(crate) async fn get(&self, path: &str) -> String {
        self.raw(format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").as_bytes())
            .await
    }

    /// The programs that work in the repository now.
    pub(crate) fn programs(&self) -> Vec<String> {
        let repository = self.repository();
        let processes = std::fs::read_dir("/proc")
            .unwrap()
            .filter_map(Result::ok)
            .map(|entry| entry.path());
        processes
            .filter(|process| {
                std::fs::read_link(process.join("cwd"))
                    .is_ok_and(|cwd| cwd.starts_with(&repository))
            })
            .map(|process| {
                std::fs::read_to_string(process.join("cmdline"))
                    .unwrap_or_default()
                    .replace('\0', " ")
            })
            .collect()
    }
}

/// Waits until the condition holds.
pub(crate) async fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while !condition() {
        assert!(
            tokio::time::Instant::now() < deadline,
            "never came true: {what}"
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Runs the git client; gives whether it succeeded and all that it said.
pub(crate) async fn try_git(tree: &Path, arguments: &[&str]) -> (bool, String) {
    let output = tokio::process::Command::new("git")
        .args([
            "-c",
            "http.proxy=",
            "-c",
            "user.name=dev",
            "-c",
            "user.email=dev@example.org",
        ])
        .args(arguments)
        .current_dir(tree)
        .env("HOME", tree)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_TERMINAL_PROMPT", "0")
        .output()
        .await
        .unwrap();
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    (output.status.success(), text.trim().to_owned())
}

pub(crate) async fn git(tree: &Path, arguments: &[&str]) -> String {
    let (success, text) = try_git(tree, arguments).await;
    assert!(success, "git {arguments:?}: {text}");
    text
}

type Answer =
    Response<StreamBody<futures::stream::BoxStream<'static, std::io::Result<Frame<bytes::Bytes>>>>>;

async fn answer(
    builder: Arc<GitBuilder>,
    application: ApplicationId,
    request: Request<Incoming>,
) -> std::io::Result<Answer> {
    let header = |name: &str| {
        request
            .headers()
            .get(name)
            .map(|value| value.to_str().unwrap_or_default().to_owned())
    };
    let path = request.uri().path();
    let request = GitRequest {
        method: request.method().to_string(),
        path: path
            .strip_prefix("/git/shop.git")
            .unwrap_or(path)
            .to_owned(),
        query: request.uri().query().unwrap_or_default().to_owned(),
        content_type: header("content-type"),
        content_encoding: header("content-encoding"),
        git_protocol: header("git-protocol"),
        user: "dev@example.org".to_owned(),
        body: BodyDataStream::new(request.into_body())
            .map_err(std::io::Error::other)
            .boxed(),
    };
    let response = builder
        .serve_git(application, request)
        .await
        .map_err(std::io::Error::other)?;
    let mut answer = Response::new(StreamBody::new(response.body.map_ok(Frame::data).boxed()));
    *answer.status_mut() = response.status.try_into().map_err(std::io::Error::other)?;
    for (name, value) in response.headers {
        let name: HeaderName = name.parse().map_err(std::io::Error::other)?;
        answer
            .headers_mut()
            .insert(name, value.parse().map_err(std::io::Error::other)?);
    }
    Ok(answer)
}
