//! git's own client against the API.

use std::path::Path;
use std::process::Output;

use serde_json::json;
use tokio::process::Command;

use crate::support::World;

/// Runs git with nothing of the machine's own settings.
async fn git(directory: &Path, arguments: &[&str]) -> Output {
    Command::new("git")
        .args([
            "-c",
            "user.name=T",
            "-c",
            "user.email=t@t",
            "-c",
            "init.defaultBranch=main",
        ])
        .args(arguments)
        .current_dir(directory)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("HOME", directory)
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .kill_on_drop(true)
        .output()
        .await
        .unwrap()
}

fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

#[tokio::test]
async fn a_push_is_what_is_deployed_and_cloned() {
    let world = World::new().await;
    let demo = world.demo("shop").await;
    let url = |token: &str| format!("http://any:{token}@{}/git/shop.git", world.address);
    let work = world.directory.path().join("work");
    std::fs::create_dir(&work).unwrap();
    git(&work, &["init", "-q"]).await;
    // More than git sends in one piece, so that the body is a stream in chunks.
    let large: Vec<u8> = (0..3_000_000_u32)
        .map(|number| (number.wrapping_mul(2_654_435_761) >> 13).to_le_bytes()[0])
        .collect();
    std::fs::write(work.join("large"), &large).unwrap();
    std::fs::write(work.join("Dockerfile"), "FROM scratch\n").unwrap();
    git(&work, &["add", "."]).await;
    let committed = git(&work, &["commit", "-q", "-m", "first"]).await;
    assert!(committed.status.success(), "{}", text(&committed));

    for token in ["wl_wrong", ""] {
        let refused = git(&work, &["push", &url(token), "main"]).await;
        assert!(!refused.status.success());
    }
    let none = git(
        &work,
        &[
            "push",
            &format!("http://{}/git/shop.git", world.address),
            "main",
        ],
    )
    .await;
    assert!(!none.status.success());
    let pushed = git(&work, &["push", &url(&world.token), "main"]).await;
    assert!(pushed.status.success(), "{}", text(&pushed));

    let head = git(&work, &["rev-parse", "HEAD"]).await;
    let plan = world
        .client
        .post(
            "/apps/v3/deployments/plan/",
            &json!({ "environment": demo.test }),
        )
        .await;
    let short = String::from_utf8(head.stdout).unwrap()[..12].to_owned();
    assert!(
        plan.expect(200).body["source"]
            .as_str()
            .unwrap()
            .contains(&short),
        "{:#}",
        plan.body
    );

    let cloned = git(
        world.directory.path(),
        &["clone", "-q", &url(&world.token), "cloned"],
    )
    .await;
    assert!(cloned.status.success(), "{}", text(&cloned));
    assert_eq!(
        std::fs::read(world.directory.path().join("cloned/large")).unwrap(),
        large
    );
}

#[tokio::test]
async fn repositories_of_others_and_none_are_refused_in_gits_words() {
    let world = World::new().await;
    world.demo("shop").await;
    let anonymous = world
        .client
        .authorized(None)
        .get("/git/shop.git/info/refs?service=git-upload-pack")
        .await;
    anonymous.expect(401);
    assert_eq!(
        anonymous.headers["www-authenticate"],
        "Basic realm=\"windlass\""
    );
    let stranger = world.stranger().await;
    for (client, path) in [(&stranger, "shop.git"), (&world.client, "none.git")] {
        let answer = client
            .get(&format!("/git/{path}/info/refs?service=git-upload-pack"))
            .await;
        answer.expect(404);
        assert!(answer.text.starts_with("application '"), "{}", answer.text);
        assert_eq!(answer.headers["content-type"], "text/plain; charset=utf-8");
    }
    world
        .client
        .get("/git/shop/info/refs?service=git-upload-pack")
        .await
        .expect(404);
    let url = format!("http://any:{}@{}/git/none.git", world.token, world.address);
    let refused = git(world.directory.path(), &["clone", &url]).await;
    assert!(
        text(&refused).contains("application 'none' does not exist"),
        "{}",
        text(&refused)
    );
}
