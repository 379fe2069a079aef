use std::time::Duration;

use futures::StreamExt;
use windlass_model::id::DeploymentId;

use super::*;

fn id() -> DeploymentId {
    uuid::Uuid::now_v7().into()
}

fn texts(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}

async fn all(logs: &FileLogs, deployment: DeploymentId, from: u64) -> String {
    let chunks = logs.follow(deployment, from).await.unwrap();
    let chunks: Vec<String> = tokio::time::timeout(
        Duration::from_secs(20),
        chunks.map(Result::unwrap).collect(),
    )
    .await
    .expect("the follower ends");
    chunks.concat()
}

#[tokio::test]
async fn a_follower_sees_what_was_and_what_comes_until_the_close() {
    let directory = tempfile::tempdir().unwrap();
    let logs = FileLogs::new(directory.path()).unwrap();
    let deployment = id();
    assert_eq!(logs.read(deployment).await.unwrap(), "");
    logs.append(deployment, &texts(&["one", "zwö"]))
        .await
        .unwrap();
    let mut chunks = logs.follow(deployment, 2).await.unwrap();
    assert_eq!(chunks.next().await.unwrap().unwrap(), "e\nzwö\n");
    logs.append(deployment, &texts(&["two\nthree"]))
        .await
        .unwrap();
    assert_eq!(chunks.next().await.unwrap().unwrap(), "two three\n");
    logs.append(deployment, &texts(&["end"])).await.unwrap();
    logs.close(deployment).await.unwrap();
    assert_eq!(chunks.next().await.unwrap().unwrap(), "end\n");
    assert!(chunks.next().await.is_none());
    assert_eq!(
        logs.read(deployment).await.unwrap(),
        "one\nzwö\ntwo three\nend\n"
    );
    assert!(
        logs.append(deployment, &texts(&["late"]))
            .await
            .unwrap_err()
            .to_string()
            .contains("closed")
    );
}

#[tokio::test]
async fn a_closed_log_ends_its_followers_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let (deployment, silent) = (id(), id());
    let logs = FileLogs::new(directory.path()).unwrap();
    logs.append(deployment, &texts(&["one"])).await.unwrap();
    for one in [deployment, silent, deployment] {
        logs.close(one).await.unwrap();
    }
    let logs = FileLogs::new(directory.path()).unwrap();
    assert_eq!(all(&logs, deployment, 0).await, "one\n");
    assert_eq!(all(&logs, deployment, 400).await, "");
    assert_eq!(all(&logs, silent, 0).await, "");
}

#[tokio::test]
async fn a_follower_may_come_before_the_first_line_and_removal_ends_it() {
    let directory = tempfile::tempdir().unwrap();
    let logs = FileLogs::new(directory.path()).unwrap();
    let deployment = id();
    let mut chunks = logs.follow(deployment, 0).await.unwrap();
    let write = async { logs.append(deployment, &texts(&["one"])).await.unwrap() };
    let (first, ()) = tokio::join!(chunks.next(), write);
    assert_eq!(first.unwrap().unwrap(), "one\n");
    logs.remove(deployment).await.unwrap();
    logs.remove(deployment).await.unwrap();
    assert!(chunks.next().await.is_none());
    assert_eq!(logs.read(deployment).await.unwrap(), "");
}

#[tokio::test]
async fn a_log_and_its_lines_are_bounded() {
    let directory = tempfile::tempdir().unwrap();
    let mut logs = FileLogs::new(directory.path()).unwrap();
    logs.max_bytes = 100_000;
    let deployment = id();
    logs.append(deployment, &["é".repeat(20_000)])
        .await
        .unwrap();
    assert_eq!(
        logs.read(deployment).await.unwrap().len(),
        cut::MAX_LINE_BYTES + 1
    );
    for _ in 0..30 {
        logs.append(deployment, &vec!["x".repeat(999); 10])
            .await
            .unwrap();
    }
    let text = logs.read(deployment).await.unwrap();
    assert!(
        text.len() <= 100_000 && text.len() > 98_000,
        "{}",
        text.len()
    );
    assert!(text.lines().last().unwrap().contains("the log is full"));
    assert_eq!(text.matches("the log is full").count(), 1);
    assert!(
        text.lines()
            .skip(1)
            .all(|line| line.len() == 999 || line.contains("full"))
    );
    logs.close(deployment).await.unwrap();
    assert_eq!(all(&logs, deployment, 0).await, text);
}

#[tokio::test]
async fn half_a_line_of_a_killed_server_is_ended_first() {
    let directory = tempfile::tempdir().unwrap();
    let logs = FileLogs::new(directory.path()).unwrap();
    let deployment = id();
    std::fs::write(
        directory.path().join(format!("{deployment}.log")),
        b"hal\xc3",
    )
    .unwrap();
    logs.append(deployment, &texts(&["whole"])).await.unwrap();
    assert_eq!(logs.read(deployment).await.unwrap(), "hal\u{fffd}\nwhole\n");
}

#[tokio::test]
async fn writers_at_once_do_not_mix_their_lines() {
    let directory = tempfile::tempdir().unwrap();
    let logs = Arc::new(FileLogs::new(directory.path()).unwrap());
    let deployment = id();
    let writers = (0..8).map(|number| {
        let logs = Arc::clone(&logs);
        async move {
            for _ in 0..50 {
                logs.append(
                    deployment,
                    &[number.to_string().repeat(50), number.to_string()],
                )
                .await
                .unwrap();
            }
        }
    });
    futures::future::join_all(writers).await;
    let text = logs.read(deployment).await.unwrap();
    assert_eq!(text.lines().count(), 800);
    let lines: Vec<&str> = text.lines().collect();
    assert!(
        lines
            .chunks(2)
            .all(|pair| pair[0].len() == 50 && pair[0].starts_with(pair[1]))
    );
}

#[tokio::test]
async fn a_full_disk_is_an_error_with_its_reason() {
    let directory = tempfile::tempdir().unwrap();
    let logs = FileLogs::new(directory.path()).unwrap();
    let deployment = id();
    std::os::unix::fs::symlink(
        "/dev/full",
        directory.path().join(format!("{deployment}.log")),
    )
    .unwrap();
    let error = logs.append(deployment, &texts(&["one"])).await.unwrap_err();
    assert!(error.reason.contains("No space left"), "{error}");
    assert!(error.to_string().contains("cannot be written"), "{error}");
}
