//! What a store does at its start: keep everything, or refuse with the reason.

use std::fs;
use std::os::unix::fs::{FileExt, MetadataExt};

use crate::common::{State, put};
use serde_json::json;
use sqlx::Connection;
use sqlx::sqlite::SqliteConnection;
use windlass_records::Store;
use windlass_store::OpenError;

#[tokio::test]
async fn a_reopened_store_has_everything() {
    let state = State::made().await;
    let store = state.open().await.unwrap();
    assert_eq!(store.setting("name").await.unwrap(), Some(json!("kept")));
    // Dropped, not closed.
    drop(store);
    let store = state.open().await.unwrap();
    assert_eq!(store.setting("name").await.unwrap(), Some(json!("kept")));
}

#[tokio::test]
async fn only_the_owner_sees_the_state_directory() {
    let outer = State::new();
    let directory = outer.file("state");
    let settings = windlass_store::StoreSettings::new(&directory);
    let store = windlass_store::SqliteStore::open(settings).await.unwrap();
    assert_eq!(fs::metadata(&directory).unwrap().mode() & 0o7777, 0o700);
    assert_eq!(
        fs::metadata(directory.join("secret.key")).unwrap().mode() & 0o7777,
        0o600
    );
    let reserve = fs::metadata(directory.join("reserve")).unwrap();
    assert_eq!(reserve.len(), 16 * 1024 * 1024);
    assert!(
        reserve.blocks() * 512 >= reserve.len(),
        "its blocks are taken"
    );
    store.close().await;
}

#[tokio::test]
async fn a_second_server_is_refused() {
    let state = State::new();
    let store = state.open().await.unwrap();
    let error = state.open().await.unwrap_err();
    assert!(
        matches!(&error, OpenError::InUse { pid: Some(pid), .. } if *pid == std::process::id()),
        "{error:?}"
    );
    let text = error.to_string();
    assert!(
        text.contains(&state.path().display().to_string()) && text.contains("process"),
        "{text}"
    );
    put(&store, "name", "still works").await;
    drop(store);
    state.open().await.expect("the lock is given back");
}

#[tokio::test]
async fn a_database_that_is_gone_is_not_replaced() {
    let state = State::made().await;
    fs::remove_file(state.database()).unwrap();
    let text = state.refusal().await;
    assert!(text.contains("windlass.db' is gone"), "{text}");
    assert!(!state.database().exists(), "nothing is put in its place");

    // Also when the mark is lost with it: the key shows that there was a store.
    fs::remove_file(state.file("store")).unwrap();
    let text = state.refusal().await;
    assert!(text.contains("secret.key' shows it"), "{text}");
}

#[tokio::test]
async fn an_empty_database_is_not_filled() {
    let state = State::made().await;
    fs::write(state.database(), b"").unwrap();
    let text = state.refusal().await;
    assert!(text.contains("windlass.db' is empty"), "{text}");
    assert_eq!(fs::metadata(state.database()).unwrap().len(), 0);
    fs::remove_file(state.file("store")).unwrap();
    let text = state.refusal().await;
    assert!(text.contains("windlass.db' is empty"), "{text}");
}

#[tokio::test]
async fn a_restored_database_needs_no_mark() {
    let state = State::made().await;
    fs::remove_file(state.file("store")).unwrap();
    let store = state.open().await.unwrap();
    assert_eq!(store.setting("name").await.unwrap(), Some(json!("kept")));
    assert!(state.file("store").exists());
}

#[tokio::test]
async fn an_interrupted_first_start_begins_again() {
    let state = State::made().await;
    // As after a crash between the first file and the mark.
    fs::write(state.file("store"), "begun\n").unwrap();
    fs::write(state.database(), b"half").unwrap();
    let store = state.open().await.unwrap();
    assert_eq!(store.setting("name").await.unwrap(), None);
    assert_eq!(fs::read_to_string(state.file("store")).unwrap(), "made\n");
}

/// Many rows, so that there is a middle.
async fn large() -> State {
    let state = State::new();
    let store = state.open().await.unwrap();
    for number in 0..200 {
        put(&store, &format!("setting-{number}"), &"x".repeat(2000)).await;
    }
    store.close().await;
    assert!(fs::metadata(state.database()).unwrap().len() > 300_000);
    state
}

#[tokio::test]
async fn flipped_bytes_are_found() {
    const PAGE: u64 = 4096;
    let state = large().await;
    let file = fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(state.database())
        .unwrap();
    let pages = file.metadata().unwrap().len() / PAGE;
    for page in (1..pages).step_by(9) {
        let mut whole = [0_u8; 4096];
        file.read_exact_at(&mut whole, page * PAGE).unwrap();
        file.write_all_at(&whole.map(|byte| !byte), page * PAGE)
            .unwrap();
        let error = state.open().await.expect_err("a damaged page is found");
        assert!(
            matches!(error, OpenError::Damaged { .. }),
            "page {page}: {error:?}"
        );
        file.write_all_at(&whole, page * PAGE).unwrap();
    }
    state.open().await.expect("whole again");
}

#[tokio::test]
async fn a_cut_off_database_is_found() {
    let state = large().await;
    let file = fs::OpenOptions::new()
        .write(true)
        .open(state.database())
        .unwrap();
    file.set_len(file.metadata().unwrap().len() / 2).unwrap();
    let error = state.open().await.unwrap_err();
    assert!(matches!(error, OpenError::Damaged { .. }), "{error:?}");
    let again = state.open().await.unwrap_err();
    assert!(
        matches!(again, OpenError::Damaged { .. }),
        "looking at it did not mend it: {again:?}"
    );
}

#[tokio::test]
async fn a_foreign_file_is_refused() {
    let state = State::made().await;
    fs::write(state.database(), vec![7_u8; 8192]).unwrap();
    let text = state.refusal().await;
    assert!(
        text.contains("damaged") && text.contains("SQLite"),
        "{text}"
    );

    let state = State::made().await;
    let url = format!("sqlite://{}", state.database().display());
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    sqlx::raw_sql("PRAGMA application_id = 1")
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    let text = state.refusal().await;
    assert!(text.contains("not a database of Windlass"), "{text}");
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let state = State::made().await;
    let url = format!("sqlite://{}", state.database().display());
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    sqlx::raw_sql("PRAGMA user_version = 4000")
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    let error = state.open().await.unwrap_err();
    assert!(
        matches!(error, OpenError::Newer { found: 4000, .. }),
        "{error:?}"
    );
    assert!(error.to_string().contains("newer"), "{error}");
}

#[tokio::test]
async fn a_closed_store_refuses() {
    let state = State::new();
    let store = state.open().await.unwrap();
    store.close().await;
    let error = store.setting("name").await.unwrap_err();
    assert!(
        matches!(error, windlass_operations::StoreError::Unavailable { .. }),
        "{error:?}"
    );
}
