//! A process that is killed while it writes.

use std::io::BufRead;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use tokio::io::{AsyncRead, AsyncReadExt};
use windlass_backups::directory::Directory;
use windlass_backups::target::Target;

use crate::suite::{get, name, names, put};

/// Where the process that is killed writes; without it there is nothing to do.
const PLACE: &str = "WINDLASS_TEST_KILLED_PLACE";

/// Some bytes, then nothing more, for ever.
fn stalling() -> impl AsyncRead + Send + Unpin {
    let (writer, reader) = tokio::io::duplex(1);
    // Its end never comes.
    std::mem::forget(writer);
    tokio::io::repeat(7).take(3_000_000).chain(reader)
}

/// The process that is killed: this test, when another one starts it.
#[tokio::test]
async fn the_one_that_is_killed() {
    let Some(place) = std::env::vars_os().find(|(name, _)| name == PLACE) else {
        return;
    };
    let target = Directory::open(PathBuf::from(place.1), 0).await.unwrap();
    let mut content = stalling();
    let name = name("one/archive");
    let putting = target.put(&name, &mut content);
    tokio::pin!(putting);
    let partial = target_is_busy(&target);
    tokio::select! {
        ended = &mut putting => panic!("it cannot end: {ended:?}"),
        () = partial => {}
    }
    println!("busy");
    drop(putting.await);
}

/// Until there is a file that is being written, which a sweep leaves alone.
async fn target_is_busy(target: &Directory) {
    loop {
        assert_eq!(target.sweep().await.unwrap(), 0);
        let place = target.description();
        let place = place.split('\'').nth(1).expect("a path");
        let mut partials = std::fs::read_dir(PathBuf::from(place).join(".partial")).unwrap();
        if partials.any(|entry| entry.unwrap().metadata().unwrap().len() > 1_000_000) {
            return;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_is_left_is_removed_by_a_sweep() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path().join("backups");
    let target = Directory::open(place.clone(), 0).await.unwrap();
    put(&target, "before", b"kept").await;
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "killed::the_one_that_is_killed", "--nocapture"])
        .env(PLACE, &place)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = std::io::BufReader::new(child.stdout.take().unwrap());
    let said = output
        .lines()
        .map(Result::unwrap)
        .find(|line| line.ends_with("busy"));
    assert!(said.is_some(), "it has begun");
    assert_eq!(
        target.sweep().await.unwrap(),
        0,
        "what another process is busy with stays"
    );
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(names(&target, "").await, ["before"]);
    assert_eq!(
        std::fs::read_dir(place.join(".partial")).unwrap().count(),
        1
    );
    assert_eq!(target.sweep().await.unwrap(), 1);
    assert_eq!(
        std::fs::read_dir(place.join(".partial")).unwrap().count(),
        0
    );
    assert_eq!(get(&target, "before", 0).await, b"kept");
}
