//! Runs whose standard input and output are streams.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, ReadBuf};

use super::fixture::{Fixture, Program};
use super::support::{DEADLINE, assert_conflict, labels, wait_until, workload};
use crate::error::Error;
use crate::pipe::{Piped, Pipes};
use crate::workload::{ExitStatus, Workload};

/// More than all the buffers on the way hold together.
const PLENTY: usize = 8 * 1024 * 1024;
/// What may be under way between the two sides: the engine's, the kernel's and the client's buffers.
const MOST_UNDER_WAY: u64 = 32 * 1024 * 1024;

/// Zeros without end, counted; an error in the end if it is to fail.
struct Zeros {
    given: Arc<AtomicU64>,
    fails_after: u64,
}

impl Zeros {
    fn new(fails_after: u64) -> (Self, Arc<AtomicU64>) {
        let given = Arc::default();
        let zeros = Self {
            given: Arc::clone(&given),
            fails_after,
        };
        (zeros, given)
    }
}

impl AsyncRead for Zeros {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.given.load(Ordering::Relaxed) >= self.fails_after {
            return Poll::Ready(Err(io::Error::other("broken on purpose")));
        }
        let length = buffer.remaining();
        buffer.put_slice(&vec![0; length]);
        let given = u64::try_from(length).unwrap_or(u64::MAX);
        self.given.fetch_add(given, Ordering::Relaxed);
        Poll::Ready(Ok(()))
    }
}

async fn pipe(
    fixture: &dyn Fixture,
    workload: &Workload,
    mut stdin: Option<&[u8]>,
) -> (Piped, Vec<u8>) {
    let mut stdout = Vec::new();
    let pipes = Pipes {
        stdin: stdin.as_mut().map(|bytes| bytes as _),
        stdout: Some(&mut stdout),
    };
    let engine = fixture.engine();
    let running = engine.pipe(workload, pipes);
    let piped = tokio::time::timeout(DEADLINE, running).await;
    let piped = piped.expect("an end in time").expect("a piped run");
    assert_nothing_left(fixture).await;
    (piped, stdout)
}

async fn assert_nothing_left(fixture: &dyn Fixture) {
    let left = fixture.engine().observe(&labels(fixture)).await;
    assert_eq!(left.expect("observe"), [], "the container is removed");
}

/// Every byte, in order, however much; no input is an empty one.
pub async fn pipes_carry_bytes_unchanged(fixture: &dyn Fixture) {
    let wanted = workload(fixture, "tool", Program::Cat).await;
    let bytes: Vec<u8> = (0..PLENTY)
        .map(|at| u8::try_from((at ^ (at >> 8)) & 0xff).unwrap_or_default())
        .collect();
    let (piped, out) = pipe(fixture, &wanted, Some(&bytes)).await;
    assert!(piped.status.is_success(), "{piped:?}");
    assert!(
        out == bytes,
        "{} bytes came back of {}, or others",
        out.len(),
        bytes.len()
    );
    for input in [None, Some([].as_slice())] {
        let (piped, out) = pipe(fixture, &wanted, input).await;
        assert!(piped.status.is_success() && out.is_empty(), "{piped:?}");
    }
}

/// Standard error is no part of the output, and a status is the program's own.
pub async fn pipes_keep_errors_apart(fixture: &dyn Fixture) {
    let lines: Vec<_> = (0..5000).map(|number| format!("error {number}")).collect();
    let wanted = workload(fixture, "tool", Program::PrintError(lines)).await;
    let (piped, out) = pipe(fixture, &wanted, None).await;
    assert!(piped.status.is_success() && out.is_empty(), "{piped:?}");
    assert!(
        piped.stderr.ends_with("error 4998\nerror 4999\n"),
        "{}",
        piped.stderr
    );
    assert!(piped.stderr.len() <= 8 * 1024, "only its end is kept");
    let wanted = workload(fixture, "tool", Program::Print(vec!["out".to_owned()])).await;
    let (piped, out) = pipe(fixture, &wanted, None).await;
    assert_eq!(
        (piped.stderr.as_str(), out.as_slice()),
        ("", b"out\n".as_slice())
    );
    let wanted = workload(fixture, "tool", Program::Exit(7)).await;
    assert_eq!(pipe(fixture, &wanted, None).await.0.status.code, 7);
    let wanted = workload(fixture, "tool", Program::ExhaustMemory).await;
    let killed = ExitStatus {
        code: 137,
        out_of_memory: true,
    };
    assert_eq!(pipe(fixture, &wanted, None).await.0.status, killed);
}

/// Who reads slowly holds up the program, and the program who writes; one that ends early does not wait for them.
pub async fn pipes_wait_for_the_slower_side(fixture: &dyn Fixture) {
    let engine = fixture.engine();
    let wanted = workload(fixture, "tool", Program::Cat).await;
    let (mut zeros, given) = Zeros::new(u64::MAX);
    let (mut stuck, _unread) = tokio::io::duplex(64);
    let pipes = Pipes {
        stdin: Some(&mut zeros),
        stdout: Some(&mut stuck),
    };
    let standstill = async {
        let before = AtomicU64::new(u64::MAX);
        let still = AtomicU64::new(0);
        wait_until("the input stands still", || {
            let now = given.load(Ordering::Relaxed);
            let is_still = now > 0 && before.swap(now, Ordering::Relaxed) == now;
            let times = if is_still {
                still.fetch_add(1, Ordering::Relaxed)
            } else {
                still.store(0, Ordering::Relaxed);
                0
            };
            async move { times > 20 }
        })
        .await;
    };
    tokio::select! {
        ended = engine.pipe(&wanted, pipes) => panic!("it must not end: {ended:?}"),
        () = standstill => {}
    }
    let given = given.load(Ordering::Relaxed);
    assert!(given < MOST_UNDER_WAY, "{given} bytes are under way");
    engine.remove(&wanted.name).await.expect("removal");

    let wanted = workload(fixture, "tool", Program::Exit(3)).await;
    let (mut zeros, _) = Zeros::new(u64::MAX);
    let pipes = Pipes {
        stdin: Some(&mut zeros),
        stdout: None,
    };
    let ended = tokio::time::timeout(DEADLINE, engine.pipe(&wanted, pipes)).await;
    let piped = ended.expect("an end in time").expect("a piped run");
    assert_eq!(piped.status.code, 3, "it ended without its input");
}

/// The program is ended, and not as if its input were over.
pub async fn pipes_end_when_a_stream_fails(fixture: &dyn Fixture) {
    let engine = fixture.engine();
    let wanted = workload(fixture, "tool", Program::Cat).await;
    let (mut zeros, _) = Zeros::new(200_000);
    let mut out = Vec::new();
    let pipes = Pipes {
        stdin: Some(&mut zeros),
        stdout: Some(&mut out),
    };
    let ended = tokio::time::timeout(DEADLINE, engine.pipe(&wanted, pipes)).await;
    let ended = ended.expect("an end in time");
    assert!(
        matches!(&ended, Err(Error::Failed { reason, .. }) if reason.contains("broken on purpose")),
        "a broken input is a failure: {ended:?}"
    );
    assert_nothing_left(fixture).await;
    let (mut zeros, _) = Zeros::new(u64::MAX);
    let (mut broken, reader) = tokio::io::duplex(64);
    drop(reader);
    let pipes = Pipes {
        stdin: Some(&mut zeros),
        stdout: Some(&mut broken),
    };
    let ended = tokio::time::timeout(DEADLINE, engine.pipe(&wanted, pipes)).await;
    let ended = ended.expect("an end in time");
    assert!(
        matches!(&ended, Err(Error::Failed { .. })),
        "a broken output is a failure: {ended:?}"
    );
    assert_nothing_left(fixture).await;
}

/// What a dropped call left is no obstacle to the next one of that name; another's container is.
pub async fn pipes_replace_what_was_left(fixture: &dyn Fixture) {
    let engine = fixture.engine();
    let hanging = Program::PrintAndSleep(vec!["begun".to_owned()]);
    let left = workload(fixture, "tool", hanging).await;
    let (mut out, mut reader) = tokio::io::duplex(64);
    let pipes = Pipes {
        stdin: None,
        stdout: Some(&mut out),
    };
    tokio::select! {
        ended = engine.pipe(&left, pipes) => panic!("it must not end: {ended:?}"),
        _ = tokio::io::AsyncReadExt::read_u8(&mut reader) => {}
    }
    let wanted = workload(fixture, "tool", Program::Cat).await;
    let (piped, out) = pipe(fixture, &wanted, Some(b"again")).await;
    assert!(piped.status.is_success());
    assert_eq!(out, b"again", "nothing of the earlier one");
    let foreign = super::fixture::Foreign::Container;
    fixture.make_foreign(foreign, &wanted.name).await;
    let pipes = Pipes {
        stdin: None,
        stdout: None,
    };
    assert_conflict(engine.pipe(&wanted, pipes).await, "another's container");
    assert!(fixture.is_untouched(foreign, &wanted.name).await);
}
