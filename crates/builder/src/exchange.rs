//! One conversation between a client and a git program: both directions at once, bounded, ended when the
//! client goes.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::stream::{self, BoxStream};
use futures::{FutureExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{ChildStderr, ChildStdin, ChildStdout};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use windlass_model::id::ApplicationId;

use crate::git::{MAX_WORDS, Process};
use crate::gunzip::Decoder;

/// Size of what is read from git at once.
const CHUNK: usize = 64 * 1024;
/// How long git has to end by itself a push that was given up.
const ORDERLY_END: Duration = Duration::from_secs(5);
/// Chunks that wait for a slow client.
const QUEUE: usize = 4;

/// What is said in one direction or the other.
type Item = std::io::Result<Bytes>;

/// A conversation to be had.
pub(crate) struct Exchange {
    /// Whose repository, for the log.
    pub(crate) application: ApplicationId,
    /// Which program, for the log.
    pub(crate) service: &'static str,
    /// The program.
    pub(crate) process: Process,
    /// What the client says.
    pub(crate) body: BoxStream<'static, Item>,
    /// How the client says it.
    pub(crate) decoder: Decoder,
    /// How much the client may say.
    pub(crate) max_request_bytes: u64,
    /// How long either side may be silent.
    pub(crate) idle: Duration,
    /// How long all of it may take.
    pub(crate) whole: Duration,
    /// Fires when the server stops.
    pub(crate) stop: CancellationToken,
}

/// Begins the conversation and gives what git says. Dropping that ends git.
pub(crate) fn spawn(exchange: Exchange, tracker: &TaskTracker) -> BoxStream<'static, Item> {
    let (sender, receiver) = mpsc::channel(QUEUE);
    tracker.spawn(hold(exchange, sender));
    stream::unfold(receiver, |mut receiver| async move {
        receiver.recv().await.map(|item| (item, receiver))
    })
    .boxed()
}

async fn hold(exchange: Exchange, sender: mpsc::Sender<Item>) {
    let Exchange {
        application,
        service,
        mut process,
        body,
        decoder,
        max_request_bytes,
        idle,
        whole,
        stop,
    } = exchange;
    let is_push = service == "git-receive-pack";
    let child = process.child();
    let (Some(stdin), Some(mut stdout), Some(mut stderr)) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return;
    };
    let talk = async {
        let mut words = String::new();
        // git's end decides: it may have said all while the client still sends what nobody wants.
        let listening = listen(body, decoder, stdin, max_request_bytes, idle).fuse();
        let answering = async {
            tokio::join!(
                answer(&mut stdout, &sender, idle),
                remember(&mut stderr, &mut words)
            )
            .0
        }
        .fuse();
        let result = {
            futures::pin_mut!(listening, answering);
            futures::select! {
                heard = listening => match heard {
                    Ok(()) => answering.await,
                    Err(error) => Err(error),
                },
                // The rest is taken in, or a client in the middle of sending would never read the answer.
                answered = answering => match answered {
                    Ok(()) => listening.await,
                    Err(error) => Err(error),
                },
            }
        };
        let result = match result {
            Ok(()) => process
                .wait()
                .await
                .map(|status| (!status.success()).then_some(status)),
            Err(error) => Err(error),
        };
        (result, words)
    };
    let outcome = tokio::select! {
        outcome = tokio::time::timeout(whole, talk) => Some(outcome.unwrap_or_else(|_| {
            (Err(std::io::Error::other(format!("no end within {whole:?}"))), String::new())
        })),
        () = sender.closed() => {
            tracing::debug!(app.id = %application, git.service = service, "the client went in the middle");
            None
        }
        () = stop.cancelled() => Some((Err(std::io::Error::other("the server stops")), String::new())),
    };
    let error = match outcome {
        None => std::io::Error::other("the client is gone"),
        Some((Ok(None), _)) => return,
        Some((Ok(Some(status)), words)) => {
            tracing::warn!(app.id = %application, git.service = service, git.status = %status, git.words = words, "git failed");
            std::io::Error::other(if words.is_empty() {
                status.to_string()
            } else {
                words
            })
        }
        Some((Err(error), words)) => {
            tracing::info!(app.id = %application, git.service = service, git.words = words, error = %error, "a git exchange was given up");
            error
        }
    };
    if is_push {
        // git's standard input is closed by now, which ends a push orderly: its unfinished objects go away.
        // A signal would leave them.
        let mut sink = (tokio::io::sink(), tokio::io::sink());
        let drain = async {
            let copied = tokio::join!(
                tokio::io::copy(&mut stdout, &mut sink.0),
                tokio::io::copy(&mut stderr, &mut sink.1)
            );
            (copied.0.is_ok(), process.wait().await.is_ok())
        };
        if tokio::time::timeout(ORDERLY_END, drain).await.is_err() {
            tracing::warn!(app.id = %application, "a push that was given up did not end by itself and is killed");
        }
    }
    drop(process);
    if stop.is_cancelled() {
        let _ = sender.try_send(Err(error));
    } else {
        let _ = tokio::time::timeout(idle, sender.send(Err(error))).await;
    }
}

/// Passes the client's words to git, and goes on taking them when git has stopped listening.
async fn listen(
    mut body: BoxStream<'static, Item>,
    mut decoder: Decoder,
    stdin: ChildStdin,
    max_bytes: u64,
    idle: Duration,
) -> std::io::Result<()> {
    let mut stdin = Some(stdin);
    let mut total = 0u64;
    loop {
        let next = tokio::time::timeout(idle, body.next()).await;
        let mut chunk = match next
            .map_err(|_| std::io::Error::other(format!("the client was silent for {idle:?}")))?
        {
            Some(chunk) => chunk?,
            None => break,
        };
        while !chunk.is_empty() {
            let plain = decoder.step(&mut chunk)?;
            total += plain.len() as u64;
            if total > max_bytes {
                return Err(std::io::Error::other(format!(
                    "the request is larger than {max_bytes} bytes"
                )));
            }
            pass(&mut stdin, &plain).await;
        }
    }
    let rest = decoder.finish()?;
    pass(&mut stdin, &rest).await;
    Ok(())
}

async fn pass(stdin: &mut Option<ChildStdin>, bytes: &[u8]) {
    if let Some(pipe) = stdin
        && pipe.write_all(bytes).await.is_err()
    {
        *stdin = None;
    }
}

/// Passes git's words to the client.
async fn answer(
    stdout: &mut ChildStdout,
    sender: &mpsc::Sender<Item>,
    idle: Duration,
) -> std::io::Result<()> {
    let mut buffer = BytesMut::new();
    loop {
        buffer.reserve(CHUNK);
        if stdout.read_buf(&mut buffer).await? == 0 {
            return Ok(());
        }
        let sent = tokio::time::timeout(idle, sender.send(Ok(buffer.split().freeze()))).await;
        sent.map_err(|_| std::io::Error::other(format!("the client took nothing for {idle:?}")))?
            .map_err(|_| std::io::Error::other("the client is gone"))?;
    }
}

/// Keeps the beginning of git's standard error: the rest has to be read too, or git would wait.
async fn remember(stderr: &mut ChildStderr, words: &mut String) {
    let mut kept = Vec::new();
    let _ = (&mut *stderr).take(MAX_WORDS).read_to_end(&mut kept).await;
    let _ = tokio::io::copy(stderr, &mut tokio::io::sink()).await;
    String::from_utf8_lossy(&kept).trim().clone_into(words);
}
