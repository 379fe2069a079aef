//! `kill -9` of a process that writes: what it was told is committed is there afterwards.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::common::{State, put};
use serde_json::json;
use windlass_records::Store;
use windlass_store::{SqliteStore, StoreSettings};

/// Tells a second start of this test's binary where to write.
const DIRECTORY: &str = "WINDLASS_STORE_TEST_WRITES_TO";

/// Writes one pair of settings after the other and says so, until it is killed.
async fn write_for_ever(directory: std::ffi::OsString) -> ! {
    let store = SqliteStore::open(StoreSettings {
        reserve_bytes: 0,
        ..StoreSettings::new(directory)
    })
    .await
    .unwrap();
    let mut number = match store.setting("first").await.unwrap() {
        Some(last) => last.as_u64().unwrap(),
        None => 0,
    };
    loop {
        number += 1;
        let value = |name: &str| windlass_records::Change::PutSetting {
            name: name.into(),
            value: json!(number),
        };
        store
            .commit(vec![value("first"), value("second")])
            .await
            .unwrap();
        println!("committed {number}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_was_committed_is_lost() {
    if let Some(directory) = std::env::var_os(DIRECTORY) {
        write_for_ever(directory).await;
    }
    let state = State::new();
    let mut told = 0;
    for round in 1..=10_u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "crash::nothing_that_was_committed_is_lost",
                "--nocapture",
            ])
            .env(DIRECTORY, state.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap())
            .lines()
            .map(Result::unwrap);
        let mut number = |line: String| {
            line.split_once("committed ")
                .map(|(_, number)| number.parse::<u64>().unwrap())
        };
        told = lines
            .by_ref()
            .filter_map(&mut number)
            .nth(usize::try_from(round * 3).unwrap())
            .unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        // What it said before the signal met it counts too.
        told = lines.filter_map(number).last().unwrap_or(told);

        let store = state
            .open()
            .await
            .expect("the killed process left a store that opens");
        let first = store.setting("first").await.unwrap().unwrap();
        assert!(
            first.as_u64().unwrap() >= told,
            "told {told}, found {first}"
        );
        assert_eq!(
            Some(first),
            store.setting("second").await.unwrap(),
            "both or none"
        );
        put(&store, "round", &round.to_string()).await;
        store.close().await;
    }
    assert!(told >= 30);
}
