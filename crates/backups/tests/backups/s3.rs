//! Buckets, on VersityGW, a server of S3 that `scripts/make-versitygw` makes.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rusty_s3::{S3Action, UrlStyle};
use secrecy::SecretString;
use tempfile::TempDir;
use windlass_backups::s3::{Bucket, Credentials, Settings};
use windlass_backups::target::{Error, Target};

use crate::suite::{self, name, names, put};
use crate::support::noise;

const PATIENCE: Duration = Duration::from_mins(1);
const KEY: &str = "operator";
const SECRET: &str = "a secret of the tests";

/// The server, with the buckets `backups` and `other`. Gone when it is dropped, and when this process ends.
struct Server {
    port: u16,
    child: Child,
    directory: TempDir,
}

impl Server {
    fn start() -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/make-versitygw");
        let program = Command::new(script).output().expect("it can be run");
        assert!(program.status.success(), "VersityGW is made");
        let program = String::from_utf8(program.stdout).expect("a path");
        let directory = TempDir::new().expect("a directory");
        let inside = |name: &str| directory.path().join(name);
        for name in ["buckets", "buckets/backups", "buckets/other", "attributes"] {
            std::fs::create_dir(inside(name)).expect("a directory");
        }
        // It takes no port by itself and says which: one that was free a moment ago.
        let free = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = free.local_addr().expect("an address").port();
        drop(free);
        let log = std::fs::File::create(inside("log")).expect("a file");
        // Its end comes with ours: the shell ends it when the pipe is closed.
        let child = Command::new("sh")
            .args([
                "-c",
                "exec 3<&0; \"$@\" 3<&- </dev/null & server=$!; cat <&3 >/dev/null; kill $server; wait $server",
                "versitygw",
                program.trim(),
            ])
            .arg(format!("--port=127.0.0.1:{port}"))
            .args(["posix", &format!("--sidecar={}", inside("attributes").display())])
            .arg(inside("buckets"))
            .env("ROOT_ACCESS_KEY", KEY)
            .env("ROOT_SECRET_KEY", SECRET)
            .stdin(Stdio::piped())
            .stdout(log.try_clone().expect("a file"))
            .stderr(log)
            .process_group(0)
            .spawn()
            .expect("sh can be started");
        let started = Instant::now();
        while !answers(port) {
            assert!(started.elapsed() < PATIENCE, "it answers");
            std::thread::sleep(Duration::from_millis(20));
        }
        Self {
            port,
            child,
            directory,
        }
    }

    fn bucket(&self, place: &str, secret: &str) -> Bucket {
        let url = format!(
            "s3://{place}?endpoint=http://127.0.0.1:{}&part=5",
            self.port
        );
        let credentials = Credentials {
            id: KEY.to_owned(),
            secret: SecretString::from(secret),
        };
        Bucket::new(Settings::parse(&url).unwrap(), credentials).unwrap()
    }

    /// Begins an upload as somebody else.
    async fn begin(&self, key: &str) {
        let endpoint = format!("http://127.0.0.1:{}", self.port).parse().unwrap();
        let bucket =
            rusty_s3::Bucket::new(endpoint, UrlStyle::Path, "backups", "us-east-1").unwrap();
        let credentials = rusty_s3::Credentials::new(KEY, SECRET);
        let action = bucket.create_multipart_upload(Some(&credentials), key);
        let url = action.sign(Duration::from_mins(1)).to_string();
        let request = http::Request::post(url).body(http_body_util::Empty::<bytes::Bytes>::new());
        let pool =
            hyper_util::client::legacy::Client::builder(hyper_util::rt::TokioExecutor::new())
                .build_http();
        let answer = pool.request(request.unwrap()).await.unwrap();
        assert!(answer.status().is_success(), "{answer:?}");
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("log")).expect("a log")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        drop(self.child.wait());
    }
}

fn answers(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else {
        return false;
    };
    drop(stream.set_read_timeout(Some(Duration::from_secs(2))));
    let asked = stream.write_all(b"GET / HTTP/1.0\r\n\r\n");
    asked.is_ok() && stream.read(&mut [0; 1]).is_ok_and(|read| read > 0)
}

#[tokio::test]
async fn it_fulfils_the_contract() {
    let server = Server::start();
    for place in ["backups/windlass/one", "other"] {
        suite::run(&server.bucket(place, SECRET)).await;
    }
    let log = server.log();
    assert!(!log.contains(SECRET) && !log.contains("panic"), "{log}");
}

#[tokio::test]
async fn only_what_is_below_the_prefix_is_touched() {
    let server = Server::start();
    let (one, all) = (
        server.bucket("backups/one", SECRET),
        server.bucket("backups", SECRET),
    );
    put(&one, "a", b"x").await;
    put(&all, "others/a", b"x").await;
    assert_eq!(names(&one, "").await, ["a"]);
    assert_eq!(names(&all, "").await, ["one/a", "others/a"]);
    server.begin("one/left").await;
    server.begin("one/left").await;
    server.begin("others/left").await;
    assert_eq!(one.sweep().await.unwrap(), 2);
    assert_eq!(one.sweep().await.unwrap(), 0);
    assert_eq!(all.sweep().await.unwrap(), 1);
    assert!(Path::new(&server.directory.path().join("buckets/backups/one/a")).exists());
}

#[tokio::test]
async fn an_upload_that_is_under_way_is_not_swept() {
    let server = Server::start();
    let target = server.bucket("backups", SECRET);
    let (mut writer, mut reader) = tokio::io::duplex(64 * 1024);
    let name = name("one");
    let content = noise(12 * 1024 * 1024);
    let putting = target.put(&name, &mut reader);
    let sweeping = async {
        // Two parts have gone in when the writer is through with this.
        tokio::io::AsyncWriteExt::write_all(&mut writer, &content)
            .await
            .unwrap();
        assert_eq!(target.sweep().await.unwrap(), 0);
        drop(writer);
    };
    let (length, ()) = tokio::join!(putting, sweeping);
    assert_eq!(length.unwrap(), content.len() as u64);
    assert!(suite::get(&target, "one", 0).await == content);
}

#[tokio::test]
async fn refusals_say_what_is_wrong_and_no_secret() {
    let server = Server::start();
    let mut content = &b"x"[..];
    let wrong = server.bucket("backups", "another secret");
    let error = wrong.put(&name("a"), &mut content).await.unwrap_err();
    assert!(
        matches!(&error, Error::Refused { reason, .. } if reason.contains("SignatureDoesNotMatch")),
        "{error:?}"
    );
    assert!(!format!("{error:?} {error}").contains("another secret"));
    let absent = server.bucket("absent", SECRET);
    for error in [
        absent.put(&name("a"), &mut content).await.unwrap_err(),
        absent.get(&name("a"), 0).await.err().expect("no bucket"),
        absent.list("", None, 1).await.unwrap_err(),
        absent.sweep().await.unwrap_err(),
    ] {
        assert!(
            matches!(&error, Error::Refused { reason, .. } if reason.contains("NoSuchBucket")),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn an_endpoint_that_is_gone_is_told_after_some_tries() {
    let url = "s3://backups?endpoint=http://127.0.0.1:1";
    let credentials = Credentials {
        id: KEY.to_owned(),
        secret: SecretString::from(SECRET),
    };
    let target = Bucket::new(Settings::parse(url).unwrap(), credentials).unwrap();
    let error = target.list("", None, 1).await.unwrap_err();
    assert!(
        error.is_transient() && error.to_string().contains("127.0.0.1:1"),
        "{error:?}"
    );
}
