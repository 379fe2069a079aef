//! What every place of archives does: the contract of `Target`, for each of them.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use tokio::io::AsyncReadExt;
use windlass_backups::target::{Error, Name, Target};

use crate::support::{Broken, Pieces, noise};

/// Longer than a part of an upload.
const LONG: usize = 9 * 1024 * 1024;
const PATIENCE: Duration = Duration::from_secs(20);

/// Runs everything, on a place in which there is nothing.
pub(crate) async fn run(target: &dyn Target) {
    what_is_put_is_there(target).await;
    other_content_takes_its_place(target).await;
    content_that_breaks_off_leaves_nothing(target).await;
    a_call_that_is_dropped_leaves_nothing(target).await;
    lists_go_by_name_and_in_pages(target).await;
    what_is_absent_is_told_or_fine(target).await;
    calls_at_once_do_not_meet(target).await;
    assert!(
        target.list("", None, 10).await.unwrap().is_empty(),
        "each test has taken away what it made"
    );
    eventually_nothing_is_left(target).await;
}

pub(crate) fn name(text: &str) -> Name {
    text.parse().expect("a name")
}

pub(crate) async fn put(target: &dyn Target, at: &str, content: &[u8]) {
    let mut reader = content;
    let length = target.put(&name(at), &mut reader).await.unwrap();
    assert_eq!(length, content.len() as u64);
}

pub(crate) async fn get(target: &dyn Target, at: &str, offset: u64) -> Vec<u8> {
    let mut content = Vec::new();
    let mut reader = target.get(&name(at), offset).await.unwrap();
    reader.read_to_end(&mut content).await.unwrap();
    content
}

pub(crate) async fn names(target: &dyn Target, prefix: &str) -> Vec<String> {
    let found = target.list(prefix, None, 1000).await.unwrap();
    found
        .into_iter()
        .map(|object| object.name.to_string())
        .collect()
}

async fn what_is_put_is_there(target: &dyn Target) {
    for length in [0, 1, 100_000, 8 * 1024 * 1024, LONG, 2 * LONG] {
        let content = noise(length);
        put(target, "round/trip", &content).await;
        assert!(
            get(target, "round/trip", 0).await == content,
            "{length} bytes"
        );
        let length = length as u64;
        for offset in [1, length / 2, length.saturating_sub(1), length, length + 10] {
            let wanted = content
                .get(usize::try_from(offset).unwrap()..)
                .unwrap_or_default();
            assert!(
                get(target, "round/trip", offset).await == wanted,
                "{length} bytes from {offset}"
            );
        }
        let found = target.list("round/", None, 10).await.unwrap();
        assert_eq!((found.len(), found[0].bytes), (1, length));
    }
    // In pieces as they come over a wire.
    let content = noise(LONG);
    let mut pieces = Pieces::new(&content, vec![1, 70_000, 13]);
    target.put(&name("round/trip"), &mut pieces).await.unwrap();
    assert!(get(target, "round/trip", 0).await == content);
    target.delete(&name("round/trip")).await.unwrap();
}

async fn other_content_takes_its_place(target: &dyn Target) {
    put(target, "again", b"one").await;
    let mut before = target.get(&name("again"), 0).await.unwrap();
    put(target, "again", b"another one").await;
    assert_eq!(get(target, "again", 0).await, b"another one");
    // Who has begun to read goes on with what it has begun.
    let mut content = Vec::new();
    before.read_to_end(&mut content).await.unwrap();
    assert_eq!(content, b"one");
    target.delete(&name("again")).await.unwrap();
}

async fn content_that_breaks_off_leaves_nothing(target: &dyn Target) {
    put(target, "kept", b"as it was").await;
    let content = noise(LONG);
    for length in [0, 1000, LONG] {
        for at in ["kept", "new/one"] {
            let error = target
                .put(&name(at), &mut Broken(&content[..length]))
                .await
                .unwrap_err();
            assert!(
                matches!(&error, Error::Content(cause) if cause.to_string() == "the dump broke off"),
                "{error:?}"
            );
            assert!(!error.is_transient());
        }
        assert_eq!(names(target, "").await, ["kept"], "{length} bytes");
        assert_eq!(get(target, "kept", 0).await, b"as it was");
    }
    target.delete(&name("kept")).await.unwrap();
    eventually_nothing_is_left(target).await;
}

async fn a_call_that_is_dropped_leaves_nothing(target: &dyn Target) {
    // A pipe whose other end never closes: the call can only be dropped.
    let (mut writer, mut reader) = tokio::io::duplex(64 * 1024);
    let name = name("dropped/one");
    let content = noise(LONG);
    {
        let putting = target.put(&name, &mut reader);
        let writing = tokio::io::AsyncWriteExt::write_all(&mut writer, &content);
        tokio::select! {
            biased;
            ended = putting => panic!("it cannot end: {ended:?}"),
            written = writing => written.unwrap(),
        }
    }
    assert!(names(target, "").await.is_empty());
    eventually_nothing_is_left(target).await;
}

/// What is given up is given up beside the call, and a part that was on its way to a bucket may come after that.
async fn eventually_nothing_is_left(target: &dyn Target) {
    let started = Instant::now();
    while target.sweep().await.unwrap() > 0 {
        assert!(
            started.elapsed() < PATIENCE,
            "a sweep finds nothing after a while"
        );
    }
}

async fn lists_go_by_name_and_in_pages(target: &dyn Target) {
    // `-` and `.` come before `/`, which an order by directories does not know.
    let mut all = [
        "a-b", "a.c", "a/b", "a/b.c", "a/c/d", "a0", "b/1", "b/10", "b/2",
    ]
    .map(str::to_owned);
    for at in &all {
        put(target, at, at.as_bytes()).await;
    }
    all.sort();
    assert_eq!(names(target, "").await, all);
    for prefix in [
        "a", "a/", "a/b", "a/c/", "b/1", "b", "c", "a//", "../", "a/../b",
    ] {
        let wanted: Vec<_> = all
            .iter()
            .filter(|at| at.starts_with(prefix))
            .cloned()
            .collect();
        assert_eq!(names(target, prefix).await, wanted, "{prefix}");
    }
    for size in 1..=all.len() {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = target.list("", after.as_ref(), size).await.unwrap();
            assert!(page.len() <= size);
            let Some(last) = page.last() else { break };
            after = Some(last.name.clone());
            found.extend(page.into_iter().map(|object| object.name.to_string()));
        }
        assert_eq!(found, all, "in pages of {size}");
    }
    let mut runner = TestRunner::default();
    let strategy = prop::sample::subsequence(all.to_vec(), 0..all.len());
    let deleted = strategy.new_tree(&mut runner).unwrap().current();
    for at in &deleted {
        target.delete(&name(at)).await.unwrap();
    }
    let left: Vec<_> = all
        .iter()
        .filter(|at| !deleted.contains(at))
        .cloned()
        .collect();
    assert_eq!(names(target, "").await, left);
    for at in left {
        target.delete(&name(&at)).await.unwrap();
    }
}

async fn what_is_absent_is_told_or_fine(target: &dyn Target) {
    for at in ["absent", "absent/below", "there/below"] {
        put(target, "there", b"x").await;
        for offset in [0, 5] {
            let error = target
                .get(&name(at), offset)
                .await
                .err()
                .expect("nothing is there");
            assert!(
                matches!(&error, Error::Missing { name, .. } if name == at),
                "{error:?}"
            );
        }
        target.delete(&name(at)).await.unwrap();
    }
    target.delete(&name("there")).await.unwrap();
    target.delete(&name("there")).await.unwrap();
}

async fn calls_at_once_do_not_meet(target: &dyn Target) {
    let contents: Vec<_> = (0..8)
        .map(|number: usize| noise(100_000 + number))
        .collect();
    let puts = contents.iter().enumerate().map(async |(number, content)| {
        put(target, &format!("own/{number}"), content).await;
        // One directory comes and goes under all of them.
        put(target, &format!("shared/{number}/x"), content).await;
        target
            .delete(&name(&format!("shared/{number}/x")))
            .await
            .unwrap();
        let mut reader = &content[..];
        target.put(&name("same"), &mut reader).await.unwrap();
    });
    futures::future::join_all(puts).await;
    let same = get(target, "same", 0).await;
    assert!(contents.contains(&same), "one of them, whole");
    for (number, content) in contents.iter().enumerate() {
        assert!(get(target, &format!("own/{number}"), 0).await == *content);
        target
            .delete(&name(&format!("own/{number}")))
            .await
            .unwrap();
    }
    target.delete(&name("same")).await.unwrap();
}
