//! A full disk, for real: a small tmpfs. Needs root, as the other tests with Docker do.

use std::process::Command;

use tokio::io::{AsyncRead, AsyncReadExt};
use windlass_backups::directory::Directory;
use windlass_backups::target::{Error, Target};

use crate::suite::{get, name, names, put};
use crate::support::noise;

const MEBIBYTE: u64 = 1024 * 1024;

/// A mounted tmpfs of 32 MiB; unmounted when it is dropped.
struct Disk(tempfile::TempDir);

impl Disk {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=32m", "windlass-test"])
            .arg(directory.path())
            .status()
            .expect("mount runs");
        assert!(mounted.success(), "this test mounts a tmpfs and needs root");
        Self(directory)
    }

    async fn target(&self, reserve: u64) -> Directory {
        Directory::open(self.0.path().join("backups"), reserve)
            .await
            .unwrap()
    }

    fn free(&self) -> u64 {
        let status = rustix::fs::statvfs(self.0.path()).unwrap();
        status.f_bavail * status.f_frsize
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount")
            .arg("--lazy")
            .arg(self.0.path())
            .status();
    }
}

fn endless() -> impl AsyncRead + Send + Unpin {
    tokio::io::repeat(7).take(u64::MAX)
}

#[tokio::test]
async fn a_disk_that_gets_full_keeps_nothing_of_it() {
    let disk = Disk::new();
    let target = disk.target(0).await;
    put(&target, "before", b"kept").await;
    let free = disk.free();
    let error = target
        .put(&name("too/long"), &mut endless())
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Full { .. }), "{error:?}");
    assert!(!error.is_transient());
    assert_eq!(names(&target, "").await, ["before"]);
    assert_eq!(get(&target, "before", 0).await, b"kept");
    // The file is gone as soon as what is still being written of it is.
    let started = std::time::Instant::now();
    while disk.free() + MEBIBYTE < free {
        assert!(
            started.elapsed().as_secs() < 20,
            "{} of {free} are free",
            disk.free()
        );
        tokio::task::yield_now().await;
    }
    assert_eq!(target.sweep().await.unwrap(), 0, "nothing is left for it");
    put(&target, "after", &noise(20 * 1024 * 1024)).await;
}

#[tokio::test]
async fn what_is_to_stay_free_stays_free() {
    let disk = Disk::new();
    let reserve = 12 * MEBIBYTE;
    let target = disk.target(reserve).await;
    let room = target.room().await.unwrap().expect("it is known");
    assert!((18 * MEBIBYTE..=20 * MEBIBYTE).contains(&room), "{room}");
    let error = target
        .put(&name("too/long"), &mut endless())
        .await
        .unwrap_err();
    assert!(
        matches!(&error, Error::Full { reason, .. } if reason.contains("12 MiB")),
        "{error:?}"
    );
    assert!(names(&target, "").await.is_empty());

    // With less than the reserve free nothing is begun: the content is not even read.
    std::fs::write(disk.0.path().join("ballast"), noise(21 * 1024 * 1024)).unwrap();
    assert_eq!(target.room().await.unwrap(), Some(0));
    let mut content = &b"x"[..];
    let error = target.put(&name("one"), &mut content).await.unwrap_err();
    assert!(matches!(error, Error::Full { .. }), "{error:?}");
    assert_eq!(content, b"x");
}
