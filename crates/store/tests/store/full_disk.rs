//! A full disk, for real: a small tmpfs. Needs root, as the other tests with Docker do.

use std::fs;
use std::process::Command;

use crate::common::State;
use serde_json::json;
use windlass_operations::StoreError;
use windlass_records::{Change, Store};
use windlass_store::{SqliteStore, StoreSettings};

const RESERVE: u64 = 1024 * 1024;

/// A mounted file system, unmounted in the end.
struct Disk(State);

impl Disk {
    fn new(size: &str) -> Self {
        let state = State::new();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"])
            .arg(state.path())
            .status()
            .expect("mount runs");
        assert!(mounted.success(), "this test mounts a tmpfs and needs root");
        Self(state)
    }

    fn settings(&self) -> StoreSettings {
        StoreSettings {
            reserve_bytes: RESERVE,
            ..StoreSettings::new(self.0.path())
        }
    }

    fn fill(&self) {
        let filled = Command::new("dd")
            .args(["if=/dev/zero", "bs=4k", "status=none"])
            .arg(format!("of={}", self.0.file("ballast").display()))
            .output()
            .expect("dd runs");
        assert!(!filled.status.success(), "dd ends because the disk is full");
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

fn put(number: usize) -> Vec<Change> {
    vec![Change::PutSetting {
        name: format!("setting-{number}"),
        value: json!("x".repeat(2000)),
    }]
}

/// Writes until the disk is full; how many writes were committed, and the error.
async fn write_until_full(store: &SqliteStore, from: usize) -> (usize, StoreError) {
    for number in from..100_000 {
        if let Err(error) = store.commit(put(number)).await {
            return (number, error);
        }
    }
    panic!("the disk does not get full");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_stops_writes_and_loses_nothing() {
    let disk = Disk::new("12m");
    let reserve = disk.0.file("reserve");
    let store = SqliteStore::open(disk.settings()).await.unwrap();
    store.commit(put(0)).await.unwrap();
    assert_eq!(fs::metadata(&reserve).unwrap().len(), RESERVE);
    disk.fill();

    let (committed, error) = write_until_full(&store, 1).await;
    assert!(
        matches!(
            error,
            StoreError::Unavailable {
                transient: true,
                ..
            }
        ),
        "{error:?}"
    );
    let text = error.to_string();
    assert!(
        text.contains("is full") && text.contains("reserve"),
        "{text}"
    );
    assert!(!reserve.exists(), "the reserve is given up");

    // The same write goes through now, and some more, until that room is used up too.
    store
        .commit(put(committed))
        .await
        .expect("the reserve is room for it");
    let (more, error) = write_until_full(&store, committed + 1).await;
    assert!(
        more > committed + 20,
        "the reserve holds more than {} writes",
        more - committed
    );
    assert!(
        matches!(
            error,
            StoreError::Unavailable {
                transient: true,
                ..
            }
        ),
        "{error:?}"
    );
    assert!(error.to_string().contains("free space"), "{error}");
    for number in 0..more {
        assert!(
            store
                .setting(&format!("setting-{number}"))
                .await
                .unwrap()
                .is_some(),
            "write {number} is there"
        );
    }
    assert_eq!(
        store.setting(&format!("setting-{more}")).await.unwrap(),
        None,
        "what failed left nothing"
    );

    // A start with a full disk keeps what is there.
    store.close().await;
    let store = SqliteStore::open(disk.settings())
        .await
        .expect("a full disk is no reason not to start");
    assert!(
        store
            .setting(&format!("setting-{}", more - 1))
            .await
            .unwrap()
            .is_some()
    );
    assert!(!reserve.exists());

    fs::remove_file(disk.0.file("ballast")).unwrap();
    store.commit(put(more)).await.expect("there is room again");
    assert_eq!(
        fs::metadata(&reserve).unwrap().len(),
        RESERVE,
        "and the reserve is taken again"
    );
    store.close().await;
}

#[tokio::test]
async fn the_reserve_lets_a_server_start() {
    let disk = Disk::new("12m");
    let store = SqliteStore::open(disk.settings()).await.unwrap();
    store.commit(put(0)).await.unwrap();
    store.close().await;
    disk.fill();
    let store = SqliteStore::open(disk.settings())
        .await
        .expect("the reserve is room to start");
    assert!(!disk.0.file("reserve").exists(), "it was needed");
    store.commit(put(1)).await.expect("and to go on");
    store.close().await;
}

#[tokio::test]
async fn a_first_start_without_room_can_be_repeated() {
    let disk = Disk::new("256k");
    disk.fill();
    let error = SqliteStore::open(disk.settings())
        .await
        .expect_err("there is no room");
    assert!(!crate::common::chain(&error).is_empty());
    fs::remove_file(disk.0.file("ballast")).unwrap();
    let disk_again = Command::new("mount")
        .args(["-o", "remount,size=12m"])
        .arg(disk.0.path())
        .status()
        .unwrap();
    assert!(disk_again.success());
    let store = SqliteStore::open(disk.settings())
        .await
        .expect("there is room now");
    store.commit(put(0)).await.unwrap();
    store.close().await;
}
