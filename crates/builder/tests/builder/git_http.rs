//! Push, clone and fetch with the real git client over real HTTP.

use std::io::Write;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::support::{Site, branch, eventually, git, try_git};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use windlass_builder::{BuilderSettings, GitBuilder};
use windlass_delivery::build::{Builder, Error};

/// Bytes that do not compress.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    (0..length)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()[3]
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_pushed_can_be_cloned_whole_and_shallow_with_every_protocol() {
    let site = Site::new().await;
    let tree = site.work_tree("tree", &[("README", b"one")]).await;
    git(&tree, &["push", &site.url(), "main"]).await;
    site.commit(&tree, &[("docs/a", b"two")]).await;
    let head = site.commit(&tree, &[("docs/b", b"three")]).await;
    git(
        &tree,
        &["push", &site.url(), "main", "HEAD:refs/heads/develop"],
    )
    .await;
    for (name, options) in [
        ("v2", &["-c", "protocol.version=2"][..]),
        ("v1", &["-c", "protocol.version=1"]),
        ("v0", &["-c", "protocol.version=0"]),
    ] {
        for shallow in [false, true] {
            let target = site.path(&format!("clone-{name}-{shallow}"));
            let target = target.to_str().unwrap();
            let url = site.url();
            let mut arguments = options.to_vec();
            arguments.extend(["clone", "--quiet"]);
            if shallow {
                arguments.extend(["--depth=1"]);
            }
            arguments.extend([url.as_str(), target]);
            git(&tree, &arguments).await;
            let clone = std::path::Path::new(target);
            assert_eq!(std::fs::read(clone.join("docs/b")).unwrap(), b"three");
            assert_eq!(git(clone, &["rev-parse", "HEAD"]).await, head);
            let count = git(clone, &["rev-list", "--count", "HEAD"]).await;
            assert_eq!(count, if shallow { "1" } else { "3" });
            // And on from there.
            git(
                clone,
                if shallow {
                    &["fetch", "--quiet", "--unshallow"]
                } else {
                    &["fetch", "--quiet"]
                },
            )
            .await;
            assert_eq!(git(clone, &["rev-list", "--count", "HEAD"]).await, "3");
        }
    }
    assert_eq!(
        site.builder
            .resolve_branch(site.application, &site.slug, &branch("develop"))
            .await
            .unwrap(),
        head
    );
    let log = std::fs::read_to_string(site.repository().join("logs/refs/heads/main")).unwrap();
    assert!(log.contains("dev@example.org <push@windlass>"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_push_and_a_fetch_with_a_compressed_request_pass() {
    let site = Site::new().await;
    let content = noise(5 * 1024 * 1024);
    let tree = site.work_tree("tree", &[("noise", &content)]).await;
    git(
        &tree,
        &["-c", "http.postBuffer=65536", "push", &site.url(), "main"],
    )
    .await;
    let clone = site.path("clone");
    git(
        &tree,
        &["clone", "--quiet", &site.url(), clone.to_str().unwrap()],
    )
    .await;
    assert_eq!(std::fs::read(clone.join("noise")).unwrap(), content);
    // With many commits of its own the client says so much in a fetch that it compresses it.
    for _ in 0..60 {
        site.commit(&clone, &[]).await;
    }
    let head = site.commit(&tree, &[("more", b"x")]).await;
    git(&tree, &["push", &site.url(), "main"]).await;
    assert_eq!(site.compressed.load(Ordering::Relaxed), 0);
    git(&clone, &["fetch", "--quiet", "origin"]).await;
    assert!(site.compressed.load(Ordering::Relaxed) > 0);
    assert_eq!(git(&clone, &["rev-parse", "origin/main"]).await, head);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compressed_request_is_read_and_a_damaged_one_is_refused() {
    let site = Site::new().await;
    let head = site.pushed(&[("a", b"1")]).await;
    let line = |text: &str| format!("{:04x}{text}", text.len() + 4);
    let want = format!("{}0000{}", line(&format!("want {head}\n")), line("done\n"));
    let mut zip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    zip.write_all(want.as_bytes()).unwrap();
    let zip = zip.finish().unwrap();
    let ask = |encoding: &str, body: &[u8]| {
        let mut request = format!(
            "POST /git/shop.git/git-upload-pack HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/x-git-upload-pack-request\r\nContent-Encoding: {encoding}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        )
        .into_bytes();
        request.extend_from_slice(body);
        request
    };
    let answer = site.raw(&ask("gzip", &zip)).await;
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.contains("NAK\n") && answer.contains("PACK"),
        "{answer}"
    );
    let answer = site.raw(&ask("gzip", b"this is not gzip at all")).await;
    assert!(!answer.contains("PACK"), "{answer}");
    let answer = site.raw(&ask("br", &zip)).await;
    assert!(
        answer.starts_with("HTTP/1.1 415") && answer.contains("only gzip"),
        "{answer}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn empty_repositories_and_missing_branches_are_said() {
    let site = Site::new().await;
    let resolve = |name: &'static str| async {
        site.builder
            .resolve_branch(site.application, &site.slug, &branch(name))
            .await
    };
    assert!(matches!(resolve("main").await, Err(Error::EmptyRepository(name)) if name == "shop"));
    let clone = site.path("clone");
    let text = git(
        site.directory.path(),
        &["clone", &site.url(), clone.to_str().unwrap()],
    )
    .await;
    assert!(text.contains("empty repository"), "{text}");
    assert_eq!(
        git(&clone, &["symbolic-ref", "HEAD"]).await,
        "refs/heads/main"
    );
    let head = site.pushed(&[("a", b"1")]).await;
    assert_eq!(resolve("main").await.unwrap(), head);
    let error = resolve("live").await.unwrap_err().to_string();
    assert_eq!(
        error,
        "the repository of 'shop' has no branch 'live'; it has 'main'"
    );
    // A tag of that name is no branch.
    git(&site.repository(), &["tag", "live", &head]).await;
    assert!(resolve("live").await.is_err());
    let other = uuid::Uuid::now_v7().into();
    let error = site
        .builder
        .resolve_branch(other, &site.slug, &branch("main"))
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("does not exist on the server"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rewriting_and_removing_branches_is_the_users_business() {
    let site = Site::new().await;
    site.pushed(&[("a", b"1")]).await;
    let head = site.pushed(&[("a", b"2")]).await;
    assert_eq!(
        site.builder
            .resolve_branch(site.application, &site.slug, &branch("main"))
            .await
            .unwrap(),
        head
    );
    let tree = site.work_tree("tree", &[("b", b"1")]).await;
    git(&tree, &["push", &site.url(), ":main"]).await;
    assert!(
        site.builder
            .resolve_branch(site.application, &site.slug, &branch("main"))
            .await
            .is_err()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_but_the_three_routes_is_refused_with_words() {
    let site = Site::new().await;
    site.pushed(&[("a", b"1")]).await;
    for (path, status, words) in [
        ("/git/shop.git/info/refs", "403", "dumb protocol"),
        ("/git/shop.git/HEAD", "403", "dumb protocol"),
        (
            "/git/shop.git/info/refs?service=git-upload-archive",
            "403",
            "only git-upload-pack",
        ),
        (
            "/git/shop.git/info/refs?service=",
            "403",
            "only git-upload-pack",
        ),
        ("/git/shop.git/config", "404", "nothing at this path"),
        (
            "/git/shop.git/../../../../etc/passwd",
            "404",
            "nothing at this path",
        ),
        (
            "/git/shop.git/%2e%2e/x.git/info/refs?service=git-upload-pack",
            "404",
            "nothing at this path",
        ),
        ("/git/shop.git/git-upload-pack", "405", "POST only"),
    ] {
        let answer = site.get(path).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")) && answer.contains(words),
            "{path}: {answer}"
        );
        assert!(answer.contains("content-type: text/plain"), "{answer}");
    }
    let answer = site
        .get("/git/shop.git/info/refs?service=git-receive-pack")
        .await;
    for words in [
        "200 OK",
        "application/x-git-receive-pack-advertisement",
        "no-cache",
        "001f# service=git-receive-pack\n0000",
    ] {
        assert!(answer.contains(words), "{words}: {answer}");
    }
    let answer = site.raw(b"POST /git/shop.git/git-receive-pack HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\n0000").await;
    assert!(answer.starts_with("HTTP/1.1 415"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn pushes_are_bounded_and_checked_and_keep_off_a_full_disk() {
    let site = Site::with(|settings, _| settings.limits.max_pack_bytes = 300_000).await;
    let tree = site
        .work_tree("tree", &[("noise", &noise(3_000_000))])
        .await;
    let (success, text) = try_git(&tree, &["push", &site.url(), "main"]).await;
    assert!(
        !success && text.contains("exceeds maximum allowed size"),
        "{text}"
    );
    assert!(matches!(
        site.builder
            .resolve_branch(site.application, &site.slug, &branch("main"))
            .await,
        Err(Error::EmptyRepository(_))
    ));

    let site = Site::with(|settings, _| settings.minimum_free_bytes = u64::MAX).await;
    let tree = site.work_tree("tree", &[("a", b"1")]).await;
    let (success, text) = try_git(&tree, &["push", &site.url(), "main"]).await;
    assert!(
        !success && text.contains("not enough room") && text.contains("nothing was pushed"),
        "{text}"
    );

    let site = Site::new().await;
    let tree = site.work_tree("tree", &[("a", b"1")]).await;
    let bad = "tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\nauthor a\ncommitter a\n\nbad\n";
    std::fs::write(tree.join("bad"), bad).unwrap();
    git(&tree, &["write-tree"]).await;
    git(&tree, &["hash-object", "-t", "tree", "-w", "/dev/null"]).await;
    let bad = git(
        &tree,
        &["hash-object", "-t", "commit", "-w", "--literally", "bad"],
    )
    .await;
    let (success, text) = try_git(
        &tree,
        &["push", &site.url(), &format!("{bad}:refs/heads/main")],
    )
    .await;
    assert!(!success && text.contains("missingEmail"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_of_a_client_that_goes_in_the_middle() {
    let site = Site::new().await;
    let head = site.pushed(&[("noise", &noise(4_000_000))]).await;
    // A push that stops after the first bytes of its pack.
    let mut push = tokio::net::TcpStream::connect(site.address).await.unwrap();
    push.write_all(b"POST /git/shop.git/git-receive-pack HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-git-receive-pack-request\r\nContent-Length: 100000\r\n\r\n").await.unwrap();
    let command = format!("{head} {} refs/heads/other\0 report-status", "1".repeat(40)).replacen(
        &head,
        &"0".repeat(40),
        1,
    );
    push.write_all(format!("{:04x}{command}0000", command.len() + 4).as_bytes())
        .await
        .unwrap();
    push.write_all(b"PACK\0\0\0\x02\0\0\xff\xff").await.unwrap();
    eventually("the push is being read", || {
        site.programs()
            .iter()
            .any(|program| program.contains("index-pack"))
    })
    .await;
    drop(push);
    eventually("the push's programs are gone", || {
        site.programs().is_empty()
    })
    .await;
    // A clone that is not read to its end.
    let mut clone = tokio::net::TcpStream::connect(site.address).await.unwrap();
    let want = format!("0032want {head}\n00000009done\n");
    let request = format!(
        "POST /git/shop.git/git-upload-pack HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-git-upload-pack-request\r\nContent-Length: {}\r\n\r\n{want}",
        want.len()
    );
    clone.write_all(request.as_bytes()).await.unwrap();
    let mut beginning = [0; 1000];
    clone.read_exact(&mut beginning).await.unwrap();
    assert!(!site.programs().is_empty());
    drop(clone);
    eventually("the clone's programs are gone", || {
        site.programs().is_empty()
    })
    .await;
    assert_eq!(unfinished(&site), 0);
    // What a killed server leaves is cleared by the next one.
    std::fs::create_dir_all(
        site.repository()
            .join("objects/tmp_objdir-incoming-abc/pack"),
    )
    .unwrap();
    assert_eq!(unfinished(&site), 1);
    GitBuilder::new(BuilderSettings::new(site.path("repositories"))).unwrap();
    assert_eq!(unfinished(&site), 0);
    assert_eq!(
        site.builder
            .resolve_branch(site.application, &site.slug, &branch("main"))
            .await
            .unwrap(),
        head
    );
}

fn unfinished(site: &Site) -> usize {
    let objects = std::fs::read_dir(site.repository().join("objects")).unwrap();
    objects
        .filter(|entry| {
            entry
                .as_ref()
                .unwrap()
                .file_name()
                .to_string_lossy()
                .contains("tmp")
        })
        .count()
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_and_the_servers_stop_end_an_exchange() {
    let head = "POST /git/shop.git/git-receive-pack HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-git-receive-pack-request\r\nContent-Length: 100000\r\n\r\n";
    let site = Site::with(|settings, _| settings.limits.idle = Duration::from_millis(200)).await;
    let mut silent = tokio::net::TcpStream::connect(site.address).await.unwrap();
    silent.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    tokio::time::timeout(Duration::from_secs(20), silent.read_to_end(&mut answer))
        .await
        .unwrap()
        .unwrap();
    eventually("the silent client's program is gone", || {
        site.programs().is_empty()
    })
    .await;

    let site = Site::new().await;
    let mut open = tokio::net::TcpStream::connect(site.address).await.unwrap();
    open.write_all(head.as_bytes()).await.unwrap();
    eventually("the push has begun", || !site.programs().is_empty()).await;
    tokio::time::timeout(Duration::from_secs(20), site.builder.close())
        .await
        .unwrap();
    eventually("its program is gone", || site.programs().is_empty()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn repositories_come_and_go_whole_and_more_than_once() {
    let site = Site::new().await;
    let head = site.pushed(&[("a", b"1")]).await;
    site.builder
        .ensure_repository(site.application, &site.slug)
        .await
        .unwrap();
    assert_eq!(
        site.builder
            .resolve_branch(site.application, &site.slug, &branch("main"))
            .await
            .unwrap(),
        head
    );
    let other = uuid::Uuid::now_v7().into();
    let both = futures::future::join_all(
        (0..4).map(|_| site.builder.ensure_repository(other, &site.slug)),
    )
    .await;
    assert!(both.iter().all(Result::is_ok), "{both:?}");
    for _ in 0..2 {
        site.builder
            .remove_repository(site.application)
            .await
            .unwrap();
    }
    assert!(!site.repository().exists());
    let answer = site
        .get("/git/shop.git/info/refs?service=git-upload-pack")
        .await;
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    let left: Vec<_> = std::fs::read_dir(site.path("repositories/tmp"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left, ["remote.gitconfig"]);
}
