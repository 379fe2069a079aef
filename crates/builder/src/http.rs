//! Git's smart protocol over HTTP, gitprotocol-http(5): the three routes, checked and answered.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use windlass_delivery::build::{Error, GitRequest, GitResponse};
use windlass_model::id::ApplicationId;

use crate::exchange::{self, Exchange};
use crate::gunzip::Decoder;
use crate::settings::Limits;
use crate::{disk, git};

/// What a client asks of a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Service {
    /// Fetch and clone.
    UploadPack,
    /// Push.
    ReceivePack,
}

impl Service {
    fn from_name(name: &str) -> Option<Self> {
        match name {
            "git-upload-pack" => Some(Self::UploadPack),
            "git-receive-pack" => Some(Self::ReceivePack),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::UploadPack => "git-upload-pack",
            Self::ReceivePack => "git-receive-pack",
        }
    }

    fn subcommand(self) -> &'static str {
        &self.name()["git-".len()..]
    }
}

/// One of the three requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    /// `GET /info/refs?service=...`
    Advertise(Service),
    /// `POST /git-...`
    Serve(Service),
}

/// A refusal: the status and the words that git shows behind `remote:`.
type Refusal = (u16, String);

/// Serves repositories.
pub(crate) struct Server {
    limits: Limits,
    minimum_free_bytes: u64,
    directory: PathBuf,
    exchanges: TaskTracker,
    stop: CancellationToken,
}

impl Server {
    /// A server of the repositories in `directory`.
    pub(crate) fn new(directory: &Path, limits: Limits, minimum_free_bytes: u64) -> Self {
        Self {
            limits,
            minimum_free_bytes,
            directory: directory.to_owned(),
            exchanges: TaskTracker::new(),
            stop: CancellationToken::new(),
        }
    }

    /// Ends all exchanges and waits for them.
    pub(crate) async fn close(&self) {
        self.stop.cancel();
        self.exchanges.close();
        self.exchanges.wait().await;
    }

    /// Answers a request on the repository at `path`.
    pub(crate) async fn serve(
        &self,
        application: ApplicationId,
        path: &Path,
        request: GitRequest,
    ) -> Result<GitResponse, Error> {
        let (call, decoder) = match self.check(path, &request) {
            Ok(checked) => checked,
            Err(refusal) => return Ok(refuse(refusal)),
        };
        let (service, is_advertisement) = match call {
            Call::Advertise(service) => (service, true),
            Call::Serve(service) => (service, false),
        };
        let mut command = git::command(service.subcommand());
        command
            .arg("--stateless-rpc")
            .stdin(std::process::Stdio::piped());
        if is_advertisement {
            command.arg("--advertise-refs");
        }
        let user = identity(&request.user);
        command
            .arg("--")
            .arg(path)
            .env("GIT_COMMITTER_NAME", &user)
            .env("GIT_COMMITTER_EMAIL", "push@windlass")
            .env("REMOTE_USER", &user);
        let protocol = request
            .git_protocol
            .as_deref()
            .filter(|text| is_protocol(text) && service == Service::UploadPack);
        if let Some(protocol) = protocol {
            command.env("GIT_PROTOCOL", protocol);
        }
        let body: BoxStream<'static, std::io::Result<Bytes>> = if is_advertisement {
            stream::empty().boxed()
        } else {
            request.body
        };
        let exchange = Exchange {
            application,
            service: service.name(),
            process: git::Process::start(&mut command, "serving a repository")?,
            body,
            decoder,
            max_request_bytes: match service {
                Service::UploadPack => self.limits.max_fetch_request_bytes,
                // git itself refuses with good words what is over its bound; this one ends what goes on after.
                Service::ReceivePack => self
                    .limits
                    .max_pack_bytes
                    .saturating_mul(2)
                    .max(64 * 1024 * 1024),
            },
            idle: self.limits.idle,
            whole: self.limits.exchange,
            stop: self.stop.clone(),
        };
        let mut answer = exchange::spawn(exchange, &self.exchanges);
        if !is_advertisement {
            return Ok(respond(
                200,
                &format!("application/x-{}-result", service.name()),
                answer,
            ));
        }
        // Only an advertisement can fail before anything was said, and then it gets a status of its own.
        let first = match answer.next().await {
            Some(Ok(first)) => first,
            Some(Err(error)) => {
                return Ok(refuse((
                    500,
                    format!("the repository cannot be read: {error}"),
                )));
            }
            None => Bytes::new(),
        };
        let mut head = Vec::new();
        if !protocol.is_some_and(|text| text.split(':').any(|part| part == "version=2")) {
            let line = format!("# service={}\n", service.name());
            head.push(Ok(Bytes::from(format!("{:04x}{line}0000", line.len() + 4))));
        }
        head.push(Ok(first));
        Ok(respond(
            200,
            &format!("application/x-{}-advertisement", service.name()),
            stream::iter(head).chain(answer).boxed(),
        ))
    }

    fn check(&self, path: &Path, request: &GitRequest) -> Result<(Call, Decoder), Refusal> {
        let call = route(&request.method, &request.path, &request.query)?;
        if let Call::Serve(service) = call {
            let expected = format!("application/x-{}-request", service.name());
            if request.content_type.as_deref().map(str::trim) != Some(expected.as_str()) {
                return Err((415, format!("the content type '{expected}' is expected")));
            }
        }
        let decoder = Decoder::new(request.content_encoding.as_deref())
            .ok_or((415, "only gzip is known as content encoding".to_owned()))?;
        if !path.is_dir() {
            return Err((404, "this application has no repository".to_owned()));
        }
        if matches!(
            call,
            Call::Advertise(Service::ReceivePack) | Call::Serve(Service::ReceivePack)
        ) {
            disk::require_free(&self.directory, self.minimum_free_bytes)
                .map_err(|error| (507, format!("{error}; nothing was pushed")))?;
        }
        Ok((call, decoder))
    }
}

/// Which call this is. Paths are compared whole: nothing of them ever reaches the file system.
fn route(method: &str, path: &str, query: &str) -> Result<Call, Refusal> {
    let (call, allowed) = match path {
        "/info/refs" => {
            let service = query
                .split('&')
                .find_map(|pair| pair.strip_prefix("service="));
            match service.map(Service::from_name) {
                Some(Some(service)) => (Call::Advertise(service), "GET"),
                Some(None) => {
                    return Err((
                        403,
                        "only git-upload-pack and git-receive-pack are served".to_owned(),
                    ));
                }
                None => return Err(dumb()),
            }
        }
        "/git-upload-pack" => (Call::Serve(Service::UploadPack), "POST"),
        "/git-receive-pack" => (Call::Serve(Service::ReceivePack), "POST"),
        "/HEAD" => return Err(dumb()),
        _ if path.starts_with("/objects/") => return Err(dumb()),
        _ => {
            return Err((
                404,
                "there is nothing at this path; clone and push with the repository's URL"
                    .to_owned(),
            ));
        }
    };
    if method == allowed {
        Ok(call)
    } else {
        Err((405, format!("{path} takes {allowed} only")))
    }
}

fn dumb() -> Refusal {
    (
        403,
        "the dumb protocol is not served; use git 1.6.6 or newer".to_owned(),
    )
}

/// Whether a `Git-Protocol` header is one that git could have sent.
fn is_protocol(text: &str) -> bool {
    text.len() <= 128
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"=:.,_-".contains(&byte))
}

/// The user as git writes it into the log of a branch.
fn identity(user: &str) -> String {
    let name: String = user
        .chars()
        .filter(|c| !c.is_control() && !matches!(c, '<' | '>'))
        .take(100)
        .collect();
    if name.trim().is_empty() {
        "unknown".to_owned()
    } else {
        name
    }
}

fn refuse((status, words): Refusal) -> GitResponse {
    respond(
        status,
        "text/plain; charset=utf-8",
        stream::once(async move { Ok(Bytes::from(format!("{words}\n"))) }).boxed(),
    )
}

fn respond(
    status: u16,
    content_type: &str,
    body: BoxStream<'static, std::io::Result<Bytes>>,
) -> GitResponse {
    let mut headers: Vec<(String, String)> = [
        ("Content-Type", content_type),
        ("Expires", "Fri, 01 Jan 1980 00:00:00 GMT"),
        ("Pragma", "no-cache"),
        ("Cache-Control", "no-cache, max-age=0, must-revalidate"),
        ("X-Content-Type-Options", "nosniff"),
    ]
    .iter()
    .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
    .collect();
    if status == 405 {
        headers.push(("Allow".to_owned(), "GET, POST".to_owned()));
    }
    GitResponse {
        status,
        headers,
        body,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_routes_and_nothing_else() {
        assert_eq!(
            route("GET", "/info/refs", "service=git-upload-pack"),
            Ok(Call::Advertise(Service::UploadPack))
        );
        assert_eq!(
            route("GET", "/info/refs", "a=b&service=git-receive-pack"),
            Ok(Call::Advertise(Service::ReceivePack))
        );
        assert_eq!(
            route("POST", "/git-upload-pack", ""),
            Ok(Call::Serve(Service::UploadPack))
        );
        assert_eq!(
            route("POST", "/git-receive-pack", "x"),
            Ok(Call::Serve(Service::ReceivePack))
        );
        for (method, path, query, status) in [
            ("GET", "/info/refs", "", 403),
            ("GET", "/info/refs", "service=git-upload-archive", 403),
            ("GET", "/info/refs", "service=../../bin/sh", 403),
            ("GET", "/HEAD", "", 403),
            ("GET", "/objects/info/packs", "", 403),
            ("GET", "/objects/../../etc/passwd", "", 403),
            (
                "GET",
                "/../other.git/info/refs",
                "service=git-upload-pack",
                404,
            ),
            ("GET", "/%2e%2e/info/refs", "service=git-upload-pack", 404),
            ("GET", "//info/refs", "service=git-upload-pack", 404),
            ("GET", "/config", "", 404),
            ("GET", "", "", 404),
            ("GET", "/git-upload-pack", "", 405),
            ("PUT", "/git-receive-pack", "", 405),
            ("POST", "/info/refs", "service=git-upload-pack", 405),
        ] {
            assert_eq!(
                route(method, path, query).unwrap_err().0,
                status,
                "{method} {path}?{query}"
            );
        }
    }

    #[test]
    fn headers_cannot_bring_anything_strange_into_the_environment() {
        assert!(is_protocol("version=2") && is_protocol("version=2:object-format=sha1"));
        assert!(
            !is_protocol("version=2\n") && !is_protocol("$(id)") && !is_protocol(&"a".repeat(200))
        );
        assert_eq!(identity("a <b>\n\0c"), "a bc");
        assert_eq!(identity("\n"), "unknown");
    }
}
